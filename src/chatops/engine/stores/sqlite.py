"""The embedded store: one SQLite file, shared by every chatops process of this machine.

All writes go through one thread and are committed in groups; reads have a thread and a connection of their own,
so that a long search never holds up the journal of a running answer.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

from chatops.engine.ids import now_ms
from chatops.engine.messages import Conversation, Message, SearchHit
from chatops.engine.ports import Clock, Delta
from chatops.engine.stores import sqlite_blobs as blobs
from chatops.engine.stores import sqlite_history as history
from chatops.engine.stores import sqlite_listing as listing
from chatops.engine.stores import sqlite_search as search
from chatops.engine.stores import sqlite_turns as turns
from chatops.engine.stores.sqlite_connection import MEMORY, connect, create_file, transaction
from chatops.engine.stores.sqlite_rows import dump
from chatops.engine.stores.sqlite_schema import migrate
from chatops.engine.stores.sqlite_thread import SqliteThread

T = TypeVar("T")
BUSY_TIMEOUT_MS = 5_000
"""How long to wait for another process that writes."""
_SWEPT_AT_OPENING = 3
"""Pieces of expired conversations, some 20 ms each; the rest waits for the next opening, or for `sweep`."""


class SqliteStore:
    """`Store` on SQLite (3.37 or newer, with FTS5). Belongs to the event loop that opened it.

    What its methods do and raise is said once, in `engine.ports.Store`.
    """

    def __init__(self, path: str, clock: Clock, busy_timeout_ms: int) -> None:
        self._path = path
        self._clock = clock
        self._busy_timeout_ms = busy_timeout_ms
        self._writer = SqliteThread(self._open_writer, path=path, writes=True)
        # A database in memory is its connection's own.
        self._reader = self._writer if path == MEMORY else None

    @classmethod
    async def open(
        cls, path: str | os.PathLike[str], *, clock: Clock = now_ms, busy_timeout_ms: int = BUSY_TIMEOUT_MS
    ) -> Self:
        """Opens the file, making or migrating it where needed, and settles what dead runs left behind.

        Args:
            path: The file, or `:memory:`. A new file is readable by its owner alone, as is a new folder.
            clock: Decides about leases.
            busy_timeout_ms: How long a write waits for another process.

        Raises:
            StoreError: It cannot be opened, is no database of ours, or a newer chatops made it.
        """
        store = cls(os.fspath(path), clock, busy_timeout_ms)
        try:
            await store._writer.connected()
        except BaseException:
            await store.aclose()
            raise
        return store

    async def add_conversation(self, conversation: Conversation) -> None:
        await self.write(lambda db: history.add_conversation(db, conversation))

    async def put_conversation(self, conversation: Conversation) -> None:
        await self.write(lambda db: history.put_conversation(db, conversation))

    async def conversation(self, owner_id: str, conversation_id: str) -> Conversation:
        return await self.read(lambda db: history.conversation(db, owner_id, conversation_id, now=self._clock()))

    async def conversations(
        self,
        owner_id: str,
        *,
        limit: int,
        before: Conversation | None = None,
        archived: bool | None = False,
        tag: str | None = None,
    ) -> list[Conversation]:
        return await self.read(
            lambda db: listing.conversations(
                db, owner_id, limit=limit, before=before, archived=archived, tag=tag, now=self._clock()
            )
        )

    async def every_conversation(self, *, after: str | None = None, limit: int) -> list[Conversation]:
        return await self.read(lambda db: history.every_conversation(db, after=after, limit=limit, now=self._clock()))

    async def counts(self) -> tuple[int, int]:
        return await self.read(history.counts)

    async def conversation_ids(self, owner_id: str, prefix: str, *, limit: int) -> list[str]:
        return await self.read(
            lambda db: history.conversation_ids(db, owner_id, prefix, limit=limit, now=self._clock())
        )

    async def update_conversation(
        self,
        owner_id: str,
        conversation_id: str,
        *,
        title: str | None = None,
        model: str | None = None,
        system: str | None = None,
        leaf_id: str | None = None,
        updated_at: int | None = None,
        archived: bool | None = None,
        tags: tuple[str, ...] | None = None,
        expires_at: int | None = None,
    ) -> Conversation:
        changes: history.Changes = {
            "title": title,
            "model": model,
            "system": system,
            "leaf_id": leaf_id,
            "updated_at": updated_at,
            "archived": archived,
            "tags": None if tags is None else dump(tags),
            "expires_at": expires_at,
        }
        return await self.write(
            lambda db: history.update_conversation(db, owner_id, conversation_id, changes, now=self._clock())
        )

    async def delete_conversation(self, owner_id: str, conversation_id: str) -> None:
        while await self.write(lambda db: history.delete_newest(db, owner_id, conversation_id, now=self._clock())):
            continue

    async def add_messages(self, owner_id: str, messages: Sequence[Message]) -> None:
        await self.write(lambda db: history.add_messages(db, owner_id, messages, now=self._clock()))

    async def message(self, owner_id: str, message_id: str) -> Message:
        return await self.read(lambda db: history.message(db, owner_id, message_id, now=self._clock()))

    async def tail(
        self, owner_id: str, conversation_id: str, leaf_id: str, *, limit: int, bare: bool = False
    ) -> list[Message]:
        return await self.read(
            lambda db: history.tail(db, owner_id, conversation_id, leaf_id, limit=limit, bare=bare, now=self._clock())
        )

    async def messages(self, owner_id: str, conversation_id: str, *, after_seq: int = 0, limit: int) -> list[Message]:
        return await self.read(
            lambda db: history.messages(
                db, owner_id, conversation_id, after_seq=after_seq, limit=limit, now=self._clock()
            )
        )

    async def search(self, owner_id: str, query: str, *, limit: int) -> list[SearchHit]:
        return await self.read(lambda db: search.find(db, owner_id, query, limit=limit, now=self._clock()))

    async def begin_turn(
        self, owner_id: str, conversation: Conversation, new: Sequence[Message], *, lease_expires_at: int
    ) -> list[Message]:
        return await self._writer.run(
            lambda db: turns.begin(
                db, owner_id, conversation, new, lease_expires_at=lease_expires_at, now=self._clock()
            )
        )

    async def append_deltas(self, batches: Mapping[str, Delta], *, lease_expires_at: int) -> list[str]:
        return await self.write(lambda db: turns.append(db, batches, lease_expires_at=lease_expires_at))

    async def finish_turn(self, message: Message) -> bool:
        return await self.write(lambda db: turns.finish(db, message))

    async def put_blob(self, owner_id: str, sha256: str, data: bytes) -> None:
        await self.write(lambda db: blobs.put(db, owner_id, sha256, data))

    async def blob(self, owner_id: str, sha256: str) -> bytes:
        return await self.read(lambda db: blobs.get(db, owner_id, sha256, now=self._clock()))

    async def sweep(self, *, limit: int) -> int:
        swept = 0
        while swept < limit and (more := await self.write(lambda db: history.sweep(db, now=self._clock()))) is not None:
            swept += not more
        return swept

    async def aclose(self) -> None:
        reader, self._reader = self._reader, self._writer  # so that a closed store opens nothing again
        if reader is not None:
            await reader.aclose()
        await self._writer.aclose()

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The job's result, once what it wrote is on disk. One that raises has written nothing."""
        return await self._writer.run(job)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The result of a job that only reads: one snapshot."""
        if self._reader is None:
            self._reader = SqliteThread(self._open_reader, path=self._path, writes=False)
        return await self._reader.run(job)

    def _open_writer(self) -> sqlite3.Connection:
        if self._path != MEMORY:
            create_file(self._path)
        connection = self._connect()
        try:
            migrate(connection, self._path)
            self._settle(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Asks first: without dead runs and expired conversations, opening takes no write lock."""
        now = self._clock()
        if turns.expired(connection, now):
            with transaction(connection, writes=True):
                turns.settle_expired(connection, now)
        for _ in range(_SWEPT_AT_OPENING):
            if not history.has_expired(connection, now=now):
                break
            with transaction(connection, writes=True):
                history.sweep(connection, now=now)

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, busy_timeout_ms=self._busy_timeout_ms)
