"""Jobs on what is kept: conversations and their messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from chatops.engine.codec import storable
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.stores import mongo_blobs as blobs
from chatops.engine.stores.listing import newest_first
from chatops.engine.stores.mongo_rows import (
    BARE,
    KEPT,
    Document,
    alive,
    conversation_content,
    conversation_from,
    first_content,
    no_conversation,
    read,
    shown,
)
from chatops.engine.stores.mongo_turns import forget_unused, insert

_AFTER_EVERY_ID = "\U0010ffff"
_EXPIRED = 0
_PIECE = 500
"""Messages deleted at once."""
_MOSTLY_ABSENT = ("archived", "tags", "expires_at")
_HIDDEN = ("updated_at", "expires_at", "run_id", "run_until")
"""What makes a conversation listed, swept or claimed."""

Changes = dict[str, str | int | list[str] | None]


async def add_conversation(db: Any, conversation: Conversation) -> None:
    """Fills the place that its messages made, where they came first."""
    await _put(db, conversation, {"created_at": None, "deleting": None})


async def put_conversation(db: Any, conversation: Conversation) -> None:
    await _put(db, conversation, {"deleting": None})


async def _put(db: Any, conversation: Conversation, state: Document) -> None:
    from pymongo.errors import DuplicateKeyError

    leaf_id = None if conversation.leaf_id is None else storable(conversation.leaf_id)
    fields = conversation_content(conversation) | first_content(conversation) | {"leaf_id": leaf_id}
    update = {
        "$set": fields,
        "$max": {"last_seq": 0},
        "$unset": {name: "" for name in _MOSTLY_ABSENT if name not in fields},
    }
    place = {"_id": conversation.id, "owner_id": conversation.owner_id, **state}
    try:
        await db.conversations.update_one(place, update, upsert=True)
    except DuplicateKeyError:
        raise ConflictError(f"the conversation {conversation.id} exists already") from None


async def counts(db: Any) -> tuple[int, int]:
    """By the collections' own figures: no reading, and close enough."""
    return await db.conversations.estimated_document_count(), await db.messages.estimated_document_count()


async def conversation(db: Any, owner_id: str, conversation_id: str, *, now: int) -> Conversation:
    row = await db.conversations.find_one({"_id": conversation_id, "owner_id": owner_id, **alive(now)})
    if row is None:
        raise no_conversation(conversation_id)
    return conversation_from(row)


def listing(owner_id: str, before: Conversation | None, *, archived: bool, tag: str | None, now: int) -> Document:
    """The filter of a page of conversations: a range of one index."""
    wanted: Document = {"owner_id": owner_id, "archived": True if archived else None, **alive(now)}
    if tag is not None:
        wanted["tags"] = tag
    if before is not None:
        wanted["updated_at"] = {**KEPT["updated_at"], "$lte": before.updated_at}
        wanted["$or"] = [{"updated_at": {"$lt": before.updated_at}}, {"_id": {"$lt": before.id}}]
    return wanted


async def conversations(
    db: Any,
    owner_id: str,
    *,
    limit: int,
    before: Conversation | None,
    archived: bool | None,
    tag: str | None,
    now: int,
) -> list[Conversation]:
    async def some(*, archived: bool) -> list[Document]:
        wanted = listing(owner_id, before, archived=archived, tag=tag, now=now)
        return await page(db.conversations.find(wanted).sort([("updated_at", -1), ("_id", -1)]), limit)

    kinds = (False, True) if archived is None else (archived,)
    found = await asyncio.gather(*(some(archived=kind) for kind in kinds))
    return newest_first([conversation_from(row) for rows in found for row in rows], limit)


async def every_conversation(db: Any, *, after: str | None, limit: int, now: int) -> list[Conversation]:
    found = db.conversations.find({"_id": {"$gt": after or ""}, **alive(now)}).sort("_id", 1)
    return [conversation_from(row) for row in await page(found, limit)]


async def conversation_ids(db: Any, owner_id: str, prefix: str, *, limit: int, now: int) -> list[str]:
    ids = {"$gte": prefix, "$lt": prefix + _AFTER_EVERY_ID}
    found = db.conversations.find({"owner_id": owner_id, "_id": ids, **alive(now)}, {"_id": 1}).sort("_id", -1)
    return [row["_id"] for row in await page(found, limit)]


def _changed(changes: Changes) -> Document:
    """The update; what is false, empty or 0 of the fields that are mostly absent is taken out."""
    given = {
        field: storable(value) if isinstance(value, str) else value
        for field, value in changes.items()
        if value is not None
    }
    out = {field: "" for field in _MOSTLY_ABSENT if field in given and not given[field]}
    set_ = {field: value for field, value in given.items() if field not in out}
    return {operator: fields for operator, fields in (("$set", set_), ("$unset", out)) if fields}


async def update_conversation(
    db: Any, owner_id: str, conversation_id: str, changes: Changes, *, now: int
) -> Conversation:
    from pymongo import ReturnDocument

    update = _changed(changes)
    if not update:
        return await conversation(db, owner_id, conversation_id, now=now)
    row = await db.conversations.find_one_and_update(
        {"_id": conversation_id, "owner_id": owner_id, **alive(now)}, update, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise no_conversation(conversation_id)
    return conversation_from(row)


async def delete_conversation(db: Any, owner_id: str, conversation_id: str, *, now: int) -> None:
    if not await _delete(db, owner_id, conversation_id, alive(now)):
        raise no_conversation(conversation_id)


async def sweep(db: Any, *, limit: int, now: int) -> int:
    """Deletes expired conversations, those of the earliest hour first; returns how many."""
    expired = {"expires_at": {"$lte": now}}
    found = db.conversations.find(expired, {"owner_id": 1}).sort("expires_at", 1)
    return sum([await _delete(db, row["owner_id"], row["_id"], expired) for row in await page(found, limit)])


async def _delete(db: Any, owner_id: str, conversation_id: str, state: Document) -> bool:
    """Hides it at once, then removes it in pieces; when the process dies in between, the next start goes on.

    Returns:
        Whether it was there, and in that state.
    """
    hidden = await db.conversations.update_one(
        {"_id": conversation_id, "owner_id": owner_id, **state},
        {"$set": {"deleting": True}, "$unset": dict.fromkeys(_HIDDEN, "")},
    )
    if hidden.matched_count:
        await _remove(db, owner_id, conversation_id)
    return bool(hidden.matched_count)


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


async def add_messages(db: Any, owner_id: str, messages: Sequence[Message], *, now: int) -> None:
    """The place of their conversation is made first: it keeps other owners out and counts on from their numbers."""
    from pymongo.errors import BulkWriteError, DuplicateKeyError

    highest: dict[str, int] = {}
    for message in messages:
        highest[message.conversation_id] = max(message.seq, highest.get(message.conversation_id, 0))
    for conversation_id, seq in highest.items():
        place = {"_id": conversation_id, "owner_id": owner_id, "deleting": None, "expires_at": {"$not": {"$lte": now}}}
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
    if row is None or await _is_expired(db, row["conversation_id"], now):
        raise NotFoundError(f"there is no message {message_id}")
    return read(row, now)


async def tail(
    db: Any, owner_id: str, conversation_id: str, leaf_id: str, *, limit: int, bare: bool, now: int
) -> list[Message]:
    there = {"conversation_id": conversation_id, "owner_id": owner_id}
    leaf, expired = await asyncio.gather(
        db.messages.find_one({"_id": leaf_id, **there}, {"seq": 1}), _is_expired(db, conversation_id, now)
    )
    if leaf is None or expired:
        raise NotFoundError(f"there is no message {leaf_id} in the conversation {conversation_id}")
    found = db.messages.find({**there, "seq": {"$lte": leaf["seq"]}}, shown(**BARE if bare else {})).sort("seq", -1)
    return [read(row, now) for row in await page(found, limit)]


async def messages(
    db: Any, owner_id: str, conversation_id: str, *, after_seq: int, limit: int, now: int
) -> list[Message]:
    there = {"conversation_id": conversation_id, "owner_id": owner_id, "seq": {"$gt": after_seq}}
    found, expired = await asyncio.gather(
        page(db.messages.find(there, shown()).sort("seq", 1), limit), _is_expired(db, conversation_id, now)
    )
    return [] if expired else [read(row, now) for row in found]


async def _is_expired(db: Any, conversation_id: str, now: int) -> bool:
    """Whether it waits to be swept. A conversation that is not there (yet) is not expired."""
    row = await db.conversations.find_one({"_id": conversation_id, "expires_at": {"$lte": now}}, {"_id": 1})
    return row is not None


async def page(cursor: Any, limit: int) -> list[Document]:
    """The first `limit` rows; MongoDB takes 0 for `all`."""
    rows: list[Document] = await cursor.limit(limit).to_list(limit) if limit > 0 else []
    return rows
