"""A SQLite connection on a thread of its own, for one event loop.

Calls that wait at the same time share one transaction ("group commit"): a commit costs a disk flush however many
calls it carries. A call is answered only after its commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from chatops.engine.errors import StoreError
from chatops.engine.stores.sqlite_connection import transaction
from chatops.engine.stores.sqlite_errors import explained

T = TypeVar("T")
_GROUP = 512
"""Most calls in one transaction: bounds how long the first of them waits."""


class _Call:
    # No dataclass: making one takes a tenth of what opening the store may take.
    __slots__ = ("error", "future", "job", "result")

    def __init__(self, job: Callable[[sqlite3.Connection], Any], future: asyncio.Future[Any]) -> None:
        self.job = job
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None


def _answer(calls: Sequence[_Call]) -> None:
    for call in calls:
        if call.future.done():  # its caller was cancelled
            continue
        if call.error is None:
            call.future.set_result(call.result)
        else:
            call.future.set_exception(call.error)


def _fail(calls: Sequence[_Call], error: Exception | None) -> None:
    for call in calls:
        call.error = error


def _locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


class SqliteThread:
    """Runs jobs on a connection. A job may run twice (when a neighbour spoils its transaction): only SQL in it.

    Args:
        connect: Opens the connection; called on the thread, and again for the next call when it failed. What it
            raises, the calls raise.
        path: For messages.
        writes: Takes the write lock, groups calls, and does a call even when its caller was cancelled. Otherwise
            each call reads one snapshot, and a call that nobody waits for is dropped.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, path: str, writes: bool) -> None:
        self._connect = connect
        self._path = path
        self._writes = writes
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[list[_Call] | None] = SimpleQueue()
        self._gathered: list[_Call] = []
        self._failure: Exception | None = None
        self._closing = False
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        # A daemon, so that a program that forgot to close can exit; what was answered is on disk.
        self._thread = threading.Thread(target=self._serve, name="sqlite", daemon=True)
        self._thread.start()

    async def connected(self) -> None:
        """Waits for the connection; raises why there is none."""
        await asyncio.shield(self._connected)
        if self._failure is not None:
            raise self._failure

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The job's result, once it is committed. When the job raises, what it wrote is taken back, and only that."""
        if self._closing:
            raise StoreError(f"cannot use the database {self._path}: it was closed")
        call = _Call(job, self._loop.create_future())
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(call)
        result: T = await call.future
        return result

    def _hand_over(self) -> None:
        """Calls of one turn of the loop go to the thread in one piece: waking it costs more than most of them."""
        calls, self._gathered = self._gathered, []
        if calls:
            self._calls.put(calls)

    async def aclose(self) -> None:
        """Does the calls that wait, then closes the connection. May be called twice."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._calls.put(None)
        await asyncio.shield(self._closed)
        self._thread.join()

    def _serve(self) -> None:
        connection = self._try_to_connect()
        self._on_loop(self._connected.set_result, None)
        while calls := self._take():
            connection = connection or self._try_to_connect()
            size = _GROUP if self._writes else 1
            for group in (calls[start : start + size] for start in range(0, len(calls), size)):
                if connection is None:
                    _fail(group, self._failure)
                else:
                    self._commit(connection, group)
                self._on_loop(_answer, group)
        if connection is not None:
            connection.close()
        self._on_loop(self._closed.set_result, None)

    def _try_to_connect(self) -> sqlite3.Connection | None:
        try:
            return self._connect()
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
            self._failure = explained(error, self._path)
            return None

    def _take(self) -> list[_Call]:
        """Waits for calls, then takes those that came with them; nothing when the last one is done."""
        calls: list[_Call] = []
        while (came := self._calls.get()) is not None:
            calls += came
            if self._calls.empty() or len(calls) >= _GROUP:
                return calls
        self._calls.put(None)
        return calls

    def _commit(self, connection: sqlite3.Connection, calls: Sequence[_Call]) -> None:
        try:
            with transaction(connection, writes=self._writes):
                for call in calls:
                    self._attempt(connection, call)
        except Exception as error:  # noqa: BLE001 - likewise
            if len(calls) == 1 or _locked(error):
                _fail(calls, explained(error, self._path))
            else:  # one of them spoiled it for all (it filled the disk): each alone
                for call in calls:
                    self._commit(connection, [call])

    def _attempt(self, connection: sqlite3.Connection, call: _Call) -> None:
        if not self._writes and call.future.cancelled():
            return
        call.result = call.error = None
        connection.execute("SAVEPOINT call")
        try:
            call.result = call.job(connection)
        except Exception as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO call")
            call.error = explained(error, self._path)
        connection.execute("RELEASE call")

    def _on_loop(self, callback: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback, *args)
