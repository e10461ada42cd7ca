"""Attachments on MongoDB, where looking for who refers to one and deleting it are two steps."""

from collections.abc import Mapping
from typing import Any

from builders import kept, message
from chatops.engine.messages import FilePart
from chatops.engine.stores import mongo_blobs as blobs
from chatops.engine.stores.mongo import MongoStore

FILE = FilePart(name="a.png", media_type="image/png", sha256="digest", size=5)


class _Late:
    """Messages to which one that refers to `FILE` is added right after somebody has looked for it."""

    def __init__(self, store: MongoStore, conversation_id: str) -> None:
        self._store = store
        self._new = [message(conversation_id, seq=2, parts=(FILE,))]

    async def find_one(self, *query: Any) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = await self._store._db.messages.find_one(*query)
        new, self._new = self._new, []
        if new:
            await self._store.add_messages("ann", new)
        return found


class _Database:
    """A database with such messages."""

    def __init__(self, store: MongoStore, conversation_id: str) -> None:
        self.blobs = store._db.blobs
        self.messages = _Late(store, conversation_id)


async def test_bytes_that_a_message_refers_to_between_looking_and_deleting_stay(mongo_uri: str) -> None:
    store = await MongoStore.open(mongo_uri, driver="pymongo")
    made, _ = await kept(store, "words")
    await store.put_blob("ann", "digest", b"bytes")

    await blobs.release(_Database(store, made.id), "ann", ["digest"])

    assert await store.blob("ann", "digest") == b"bytes"
    await store.aclose()
