"""Jobs on what is kept: conversations and their messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatops.engine.codec import storable
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.stores import mongo_blobs as blobs
from chatops.engine.stores.mongo_rows import (
    KEPT,
    Document,
    conversation_content,
    conversation_from,
    no_conversation,
    read,
    shown,
)
from chatops.engine.stores.mongo_turns import forget_unused, insert

_AFTER_EVERY_ID = "\U0010ffff"
_EXPIRED = 0
_PIECE = 500
"""Messages deleted at once."""


async def add_conversation(db: Any, conversation: Conversation) -> None:
    """Fills the place that its messages made, where they came first."""
    from pymongo.errors import DuplicateKeyError

    fields = conversation_content(conversation) | {
        "created_at": conversation.created_at,
        "leaf_id": None if conversation.leaf_id is None else storable(conversation.leaf_id),
    }
    place = {"_id": conversation.id, "owner_id": conversation.owner_id, "created_at": None, "deleting": None}
    try:
        await db.conversations.update_one(place, {"$set": fields, "$max": {"last_seq": 0}}, upsert=True)
    except DuplicateKeyError:
        raise ConflictError(f"the conversation {conversation.id} exists already") from None


async def conversation(db: Any, owner_id: str, conversation_id: str) -> Conversation:
    row = await db.conversations.find_one({"_id": conversation_id, "owner_id": owner_id, **KEPT})
    if row is None:
        raise no_conversation(conversation_id)
    return conversation_from(row)


def listing(owner_id: str, before: Conversation | None) -> Document:
    """The filter of a page of conversations."""
    if before is None:
        return {"owner_id": owner_id, **KEPT}
    return {
        "owner_id": owner_id,
        "updated_at": {**KEPT["updated_at"], "$lte": before.updated_at},
        "$or": [{"updated_at": {"$lt": before.updated_at}}, {"_id": {"$lt": before.id}}],
    }


async def conversations(db: Any, owner_id: str, *, limit: int, before: Conversation | None) -> list[Conversation]:
    found = db.conversations.find(listing(owner_id, before)).sort([("updated_at", -1), ("_id", -1)])
    return [conversation_from(row) for row in await page(found, limit)]


async def every_conversation(db: Any, *, after: str | None, limit: int) -> list[Conversation]:
    found = db.conversations.find({"_id": {"$gt": after or ""}, **KEPT}).sort("_id", 1)
    return [conversation_from(row) for row in await page(found, limit)]


async def conversation_ids(db: Any, owner_id: str, prefix: str, *, limit: int) -> list[str]:
    ids = {"$gte": prefix, "$lt": prefix + _AFTER_EVERY_ID}
    found = db.conversations.find({"owner_id": owner_id, "_id": ids, **KEPT}, {"_id": 1}).sort("_id", -1)
    return [row["_id"] for row in await page(found, limit)]


async def update_conversation(
    db: Any, owner_id: str, conversation_id: str, changes: dict[str, str | int | None]
) -> Conversation:
    from pymongo import ReturnDocument

    given = {
        field: storable(value) if isinstance(value, str) else value
        for field, value in changes.items()
        if value is not None
    }
    if not given:  # an empty $set is refused by older servers
        return await conversation(db, owner_id, conversation_id)
    row = await db.conversations.find_one_and_update(
        {"_id": conversation_id, "owner_id": owner_id, **KEPT}, {"$set": given}, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise no_conversation(conversation_id)
    return conversation_from(row)


async def delete_conversation(db: Any, owner_id: str, conversation_id: str) -> None:
    """Hides it at once, then removes it in pieces; when the process dies in between, the next start goes on."""
    hidden = await db.conversations.update_one(
        {"_id": conversation_id, "owner_id": owner_id, **KEPT},
        {"$set": {"deleting": True}, "$unset": {"updated_at": "", "run_id": "", "run_until": ""}},
    )
    if not hidden.matched_count:
        raise no_conversation(conversation_id)
    await _remove(db, owner_id, conversation_id)


async def finish_deletions(db: Any) -> None:
    async for row in db.conversations.find({"deleting": True}):
        await _remove(db, row["owner_id"], row["_id"])


async def _remove(db: Any, owner_id: str, conversation_id: str) -> None:
    newest = db.messages.find({"conversation_id": conversation_id}, {"files": 1}).sort("seq", -1)
    while rows := await page(newest.clone(), _PIECE):
        files = sorted({sha256 for row in rows for sha256 in row.get("files", ())})
        if files:  # noted, so that a crash leaves no bytes that nobody refers to
            await db.conversations.update_one({"_id": conversation_id}, {"$addToSet": {"files": {"$each": files}}})
        await db.messages.delete_many({"_id": {"$in": [row["_id"] for row in rows]}})
    place = await db.conversations.find_one({"_id": conversation_id, "deleting": True}) or {}
    await blobs.release(db, owner_id, place.get("files", ()))
    await db.conversations.delete_one({"_id": conversation_id, "deleting": True})


async def add_messages(db: Any, owner_id: str, messages: Sequence[Message]) -> None:
    """The place of their conversation is made first: it keeps other owners out and counts on from their numbers."""
    from pymongo.errors import BulkWriteError, DuplicateKeyError

    highest: dict[str, int] = {}
    for message in messages:
        highest[message.conversation_id] = max(message.seq, highest.get(message.conversation_id, 0))
    for conversation_id, seq in highest.items():
        place = {"_id": conversation_id, "owner_id": owner_id, "deleting": None}
        try:
            await db.conversations.update_one(place, {"$max": {"last_seq": seq}}, upsert=True)
        except DuplicateKeyError:
            raise no_conversation(conversation_id) from None
    try:
        # Nobody here runs an answer that comes from elsewhere, so one that says it is running has no lease.
        await insert(db, owner_id, messages, lease_expires_at=_EXPIRED)
    except (ConflictError, BulkWriteError):
        for conversation_id in highest:
            await forget_unused(db, conversation_id)
        raise


async def message(db: Any, owner_id: str, message_id: str, *, now: int) -> Message:
    row = await db.messages.find_one({"_id": message_id, "owner_id": owner_id}, shown())
    if row is None:
        raise NotFoundError(f"there is no message {message_id}")
    return read(row, now)


async def tail(db: Any, owner_id: str, conversation_id: str, leaf_id: str, *, limit: int, now: int) -> list[Message]:
    there = {"conversation_id": conversation_id, "owner_id": owner_id}
    leaf = await db.messages.find_one({"_id": leaf_id, **there}, {"seq": 1})
    if leaf is None:
        raise NotFoundError(f"there is no message {leaf_id} in the conversation {conversation_id}")
    found = db.messages.find({**there, "seq": {"$lte": leaf["seq"]}}, shown()).sort("seq", -1)
    return [read(row, now) for row in await page(found, limit)]


async def messages(
    db: Any, owner_id: str, conversation_id: str, *, after_seq: int, limit: int, now: int
) -> list[Message]:
    there = {"conversation_id": conversation_id, "owner_id": owner_id, "seq": {"$gt": after_seq}}
    return [read(row, now) for row in await page(db.messages.find(there, shown()).sort("seq", 1), limit)]


async def page(cursor: Any, limit: int) -> list[Document]:
    """The first `limit` rows; MongoDB takes 0 for `all`."""
    rows: list[Document] = await cursor.limit(limit).to_list(limit) if limit > 0 else []
    return rows
