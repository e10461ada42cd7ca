"""The shared store: a MongoDB database for any number of chatops processes on any number of machines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

from chatops.engine.codec import storable
from chatops.engine.errors import StoreError
from chatops.engine.ids import now_ms
from chatops.engine.messages import Conversation, Message, SearchHit
from chatops.engine.ports import Clock, Delta
from chatops.engine.stores import mongo_blobs as blobs
from chatops.engine.stores import mongo_history as history
from chatops.engine.stores import mongo_search as search
from chatops.engine.stores import mongo_turns as turns
from chatops.engine.stores.mongo_address import MongoAddress
from chatops.engine.stores.mongo_driver import Driver, close, connect
from chatops.engine.stores.mongo_errors import explained
from chatops.engine.stores.mongo_schema import prepare

T = TypeVar("T")
_SWEPT_AT_OPENING = 5
"""Expired conversations; the rest waits for `sweep`."""


class MongoStore:
    """`Store` on MongoDB (4.4 or newer, standalone or replica set). Belongs to the event loop that opened it.

    What its methods do and raise is said once, in `engine.ports.Store`.
    """

    def __init__(self, address: MongoAddress, driver: Driver, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._client = connect(address, driver)
        self._db = self._client[address.database]
        self._writes: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(cls, uri: str, *, driver: Driver = "motor", clock: Clock = now_ms) -> Self:
        """Connects, makes the collections where needed, and settles what dead processes left behind.

        Args:
            uri: mongodb:// or mongodb+srv://; its path names the database, `chatops` when there is none.
            driver: Which client to use.
            clock: Decides about leases; that of several machines should agree to a second or so.

        Raises:
            SettingsError: The address is malformed, or the driver is missing.
            StoreError: No server answers in time, it refuses us, or the database is not ours.
        """
        store = cls(MongoAddress.parse(uri), driver, clock)
        try:
            await store.read(store._prepare)
        except BaseException:
            await store.aclose()
            raise
        return store

    async def _prepare(self, db: Any) -> None:
        await prepare(db, self._address)
        await history.finish_deletions(db)
        await turns.settle_expired(db, self._clock())
        await history.sweep(db, limit=_SWEPT_AT_OPENING, now=self._clock())

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
            lambda db: history.conversations(
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
            "tags": None if tags is None else [storable(tag) for tag in tags],
            "expires_at": expires_at,
        }
        return await self.write(
            lambda db: history.update_conversation(db, owner_id, conversation_id, changes, now=self._clock())
        )

    async def delete_conversation(self, owner_id: str, conversation_id: str) -> None:
        await self.write(lambda db: history.delete_conversation(db, owner_id, conversation_id, now=self._clock()))

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
        return await self.write(
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
        return await self.write(lambda db: history.sweep(db, limit=limit, now=self._clock()))

    async def aclose(self) -> None:
        self._closed = True
        if self._writes:
            await asyncio.wait(self._writes)
        await close(self._client)

    async def read(self, job: Callable[[Any], Awaitable[T]]) -> T:
        """The result of a job that gets the database; it may end early when its caller is cancelled."""
        self._check_open()
        return await self._run(job)

    async def write(self, job: Callable[[Any], Awaitable[T]]) -> T:
        """Done to its end also when its caller was cancelled: some jobs are several writes. `aclose` waits for it."""
        self._check_open()
        task = asyncio.ensure_future(self._run(job))
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def _run(self, job: Callable[[Any], Awaitable[T]]) -> T:
        with explained(self._address):
            return await job(self._db)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"cannot use the database {self._address}: it was closed")

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: its caller may have left
