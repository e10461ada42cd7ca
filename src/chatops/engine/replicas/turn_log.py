"""The turn log of replicas: this process' own turns from memory, all others' through Redis.

What is written here is read here from memory, with Redis or without it. Its copy in Redis lets every other process read
the same numbered events; what one of them reads is read once for all of its readers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Protocol

from chatops.engine.errors import ConflictError, NotFoundError, StoreError
from chatops.engine.events import Event
from chatops.engine.ports import Store, TurnLog
from chatops.engine.replica_ports import Replicas
from chatops.engine.replicas import keys
from chatops.engine.replicas.feed import Feed
from chatops.engine.replicas.inbox import Inbox
from chatops.engine.replicas.lanes import RedisLanes
from chatops.engine.replicas.link import Link
from chatops.engine.replicas.outbox import Outbox
from chatops.engine.replicas.timing import Timing

AGAIN_SECONDS = 2.0
"""A stop is said again after this: Redis may have forgotten it."""
MAX_STOPS = 1_000

log = logging.getLogger(__name__)


class LocalTurnLog(TurnLog, Protocol):
    """One that can tell which turns it has."""

    def __contains__(self, turn_id: str) -> bool: ...


class ReplicatedTurnLog:
    """A `TurnLog` and the engine's `Replicas`, over one Redis.

    Args:
        local: Keeps what this process writes.
        listens: Whether this process tells of its turns and hears of stops; a one-shot does not live long enough.
    """

    def __init__(
        self, link: Link, local: LocalTurnLog, store: Store, *, listens: bool = True, timing: Timing | None = None
    ) -> None:
        self._timing = timing = timing or Timing()
        self.link = link
        self.lanes = RedisLanes(link)
        self._local = local
        self._outbox = Outbox(link, local, timing) if listens else None
        self._inbox = Inbox(link, store, self._stop_here, timing)
        self._hearers: list[Callable[[str], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    # -- the turn log

    async def append(self, turn_id: str, event: Event) -> int:
        number = await self._local.append(turn_id, event)
        if self._outbox is not None:
            if not self._tasks:
                self.start()
            self._outbox.add(turn_id, event)
        return number

    async def read(self, turn_id: str, *, after: int = 0) -> AsyncGenerator[Sequence[Event], None]:
        here = turn_id in self._local
        batches = self._local.read(turn_id, after=after) if here else (await self._remote(turn_id)).read(after)
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def _remote(self, turn_id: str) -> Feed:
        try:
            return await self._open(turn_id)
        except StoreError as error:
            raise NotFoundError(f"this turn cannot be read along from here just now ({error.message})") from None

    async def _open(self, turn_id: str, *, wait: float = 0.0) -> Feed:
        self.start()
        return await self._inbox.open(turn_id, wait=wait)

    # -- the other replicas

    def connect(self) -> None:
        """Does now what the first turn would have to wait for. Raises `SettingsError`: the address is no good."""
        self.link.connect()
        self.start()

    def start(self) -> None:
        """Hears and sends from now on."""
        if not self._tasks:
            work = [self._inbox.run(), self._inbox.watch(), *([self._outbox.run()] if self._outbox else [])]
            self._tasks = [asyncio.create_task(one, name="replicas") for one in work]
            for task in self._tasks:
                task.add_done_callback(_tell_defect)

    def on_stop(self, call: Callable[[str], None]) -> None:
        """Calls with the id of each turn that somebody wants to end, wherever it runs."""
        self._hearers.append(call)

    def _stop_here(self, turn_id: str) -> None:
        for call in self._hearers:
            call(turn_id)

    async def appears(self, turn_id: str, *, running: bool) -> None:
        """Waits for a turn that another process has begun; not for long, and never raises."""
        with suppress(NotFoundError, StoreError):
            await self._open(turn_id, wait=self._timing.appears if running else self._timing.late)

    async def over(self, turn_id: str) -> bool:
        """Waits for the end of a turn that runs in another process. False: it cannot be read from here, or was over."""
        try:
            feed = await self._open(turn_id)
        except (NotFoundError, StoreError):
            return False
        if feed.over:
            return False
        await _end(feed)
        return True

    async def stop(self, turn_id: str) -> None:
        """Ends a turn that runs in another process, and returns when its answer is stored.

        Raises:
            ConflictError: Its process has not told that it did so, and may still do it.
            StoreError: Redis cannot be used: nobody was told.
        """
        try:
            # Long enough for a Redis that was emptied to get the turn again.
            feed = await self._open(turn_id, wait=self._timing.renew + self._timing.appears)
        except NotFoundError:
            raise ConflictError("the process that writes this answer cannot be told to stop it") from None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.stop):
                while not feed.over:
                    await self.link.run("XADD", keys.STOPS, "MAXLEN", "~", MAX_STOPS, "*", "turn", turn_id)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(AGAIN_SECONDS):
                            await _end(feed)
        if not feed.over:
            raise ConflictError("the process that writes this answer was told to stop it, and has not done so yet")

    def status(self) -> str:
        """`ok`, or why Redis cannot be used just now."""
        return self.link.trouble or "ok"

    async def aclose(self) -> None:
        """Sends the last events, then lets go of Redis. May be called twice."""
        tasks, self._tasks = self._tasks, []
        await _cancelled(tasks)
        if self._outbox is not None and tasks:
            await self._outbox.flush()
        await self.link.aclose()


def _tell_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.error("what connects this process with other replicas broke", exc_info=task.exception())


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels until it is done: a cancellation can get lost in the client (seen with redis 8.1, while it connected)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)


async def _end(feed: Feed) -> None:
    with suppress(StoreError, NotFoundError):
        async with aclosing(feed.read(0)) as batches:
            async for _ in batches:
                pass


if TYPE_CHECKING:
    _log: type[TurnLog] = ReplicatedTurnLog
    _replicas: type[Replicas] = ReplicatedTurnLog
