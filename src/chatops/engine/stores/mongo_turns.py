"""Jobs of a running answer: begin, journal, end; and what becomes of one whose lease ran out. No transactions.

Begin is three steps, each one atomic write; a crash after any of them leaves a conversation that is whole:
1. Claim: the conversation's document (made here, unseen, when it is new) takes `run_id` and `run_until` and gives out
   the numbers, in one compare-and-set on the `run_id` that was read. Crash: an unused number, and a claim that ends
   with `run_until`, since its message never came.
2. Rows: the question, then the answer with its lease. Crash in between: a question that nobody answered, on no branch
   that is shown; it makes room when the same turn is asked for again. Crash after: an answer whose lease runs out,
   likewise on none.
3. Show: title, model and leaf, if the claim is still ours. Then the turn is acknowledged.
From 2 on, the claim lives exactly as long as the lease of its message, so that journal and end write one document only.

A run that was given up keeps `folded`, the last batch that went into the message then: when it turns out to live, it
goes on where it was, and a batch that arrives again is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatops.engine.codec import storable
from chatops.engine.errors import ConflictError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Delta
from chatops.engine.stores.mongo_rows import (
    Document,
    content,
    conversation_content,
    findable,
    first_content,
    message_row,
    no_conversation,
    read,
    shown,
)

BUSY = "an answer is still being written in this conversation; wait for it, or stop it"


async def begin(
    db: Any, owner_id: str, conversation: Conversation, new: Sequence[Message], *, lease_expires_at: int, now: int
) -> list[Message]:
    from pymongo.errors import BulkWriteError

    await settle_expired(db, now)
    run_id = new[-1].id
    claim = {"run_id": run_id, "run_until": lease_expires_at}
    last = await _claim(db, owner_id, conversation.id, claim, count=len(new), now=now)
    numbered = [replace(message, seq=seq) for seq, message in enumerate(new, last - len(new) + 1)]
    try:
        try:
            await insert(db, owner_id, numbered, lease_expires_at=lease_expires_at)
        except ConflictError:
            if not await _clear(db, owner_id, numbered, now):
                raise
            await insert(db, owner_id, numbered, lease_expires_at=lease_expires_at)
    except (ConflictError, BulkWriteError):
        await _unclaim(db, conversation.id, run_id)
        raise
    if not await _show(db, owner_id, replace(conversation, leaf_id=run_id)):
        await db.messages.delete_many({"_id": {"$in": [message.id for message in numbered]}})
        raise no_conversation(conversation.id)
    return numbered


async def _clear(db: Any, owner_id: str, new: Sequence[Message], now: int) -> bool:
    """Takes away what is left of a turn that has the name of this one and died before it was shown: nobody was told of
    it. Whether that was in the way; what belongs to a turn that was shown, or that is just being begun, stays.
    """
    mine = {"_id": {"$in": [message.id for message in new]}, "owner_id": owner_id}
    left = await db.messages.find(mine).sort("seq", 1).to_list(len(new))
    if not left:
        return False
    answer, place = new[-1], left[0]["conversation_id"]
    holder = await db.conversations.find_one({"_id": place})
    if holder is not None and place != answer.conversation_id and await _lives(db, holder, now):
        return False
    if left[-1]["_id"] == answer.id:
        was_shown = holder is not None and holder.get("created_at") is not None
        if was_shown or left[-1].get("lease_expires_at", 0) > now:
            return False
    elif await db.messages.find_one(
        {"conversation_id": place, "seq": {"$gt": left[0]["seq"]}, "parent_id": left[0]["_id"]}
    ):
        return False
    await db.messages.delete_many(mine)
    if place != answer.conversation_id:
        await db.conversations.delete_one({"_id": place, "created_at": None, "run_id": answer.id})
    return True


async def _claim(db: Any, owner_id: str, conversation_id: str, claim: Document, *, count: int, now: int) -> int:
    """Takes the conversation for one turn and returns the last of `count` new numbers."""
    from pymongo import ReturnDocument
    from pymongo.errors import DuplicateKeyError

    held = await db.conversations.find_one({"_id": conversation_id})
    if held is None:
        try:
            await db.conversations.insert_one(
                {"_id": conversation_id, "owner_id": owner_id, "last_seq": count, **claim}
            )
        except DuplicateKeyError:
            raise ConflictError(BUSY) from None
        return count
    if held["owner_id"] != owner_id or held.get("deleting") or held.get("expires_at", now + 1) <= now:
        raise no_conversation(conversation_id)
    if await _lives(db, held, now):
        raise ConflictError(BUSY)
    taken = await db.conversations.find_one_and_update(
        {"_id": conversation_id, "owner_id": owner_id, "run_id": held.get("run_id"), "deleting": None},
        {"$set": claim, "$inc": {"last_seq": count}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:  # somebody was quicker
        raise ConflictError(BUSY)
    return int(taken["last_seq"])


async def _lives(db: Any, held: Document, now: int) -> bool:
    """Whether the claim on a conversation is a turn's that runs."""
    if held.get("run_id") is None:
        return False
    row = await db.messages.find_one({"_id": held["run_id"]}, {"lease_expires_at": 1})
    until = held["run_until"] if row is None else row.get("lease_expires_at", 0)
    return bool(until > now)


async def _unclaim(db: Any, conversation_id: str, run_id: str) -> None:
    await db.conversations.update_one(
        {"_id": conversation_id, "run_id": run_id}, {"$unset": {"run_id": "", "run_until": ""}}
    )
    await forget_unused(db, conversation_id)


async def _show(db: Any, owner_id: str, conversation: Conversation) -> bool:
    """False when the conversation was deleted meanwhile, or the claim ran out before the rows were stored."""
    mine = {"_id": conversation.id, "owner_id": owner_id, "run_id": conversation.leaf_id}
    fields = conversation_content(conversation) | {"leaf_id": conversation.leaf_id}
    shown_before = await db.conversations.update_one({**mine, "created_at": {"$gte": -(2**63)}}, {"$set": fields})
    if shown_before.matched_count:
        return True
    first = await db.conversations.update_one(mine, {"$set": fields | first_content(conversation)})
    return bool(first.matched_count)


async def insert(db: Any, owner_id: str, messages: Sequence[Message], *, lease_expires_at: int) -> None:
    """All of them, or none.

    Raises:
        ConflictError: An id or a number is taken.
        BulkWriteError: The server refused one for another reason.
    """
    from pymongo.errors import BulkWriteError

    rows = [message_row(owner_id, message, lease_expires_at=lease_expires_at) for message in messages]
    if not rows:
        return
    try:
        await db.messages.insert_many(rows)
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        stored = failed[0]["index"] if failed else len(rows)
        await db.messages.delete_many({"_id": {"$in": [row["_id"] for row in rows[:stored]]}})
        if not failed or failed[0]["code"] != _DUPLICATE:
            raise
        message = messages[stored]
        raise ConflictError(
            f"the message {message.id} is stored already, or number {message.seq} of its conversation is taken"
        ) from None


_DUPLICATE = 11000


async def forget_unused(db: Any, conversation_id: str) -> None:
    """Gives back an id that was taken for messages which were then refused."""
    if await db.messages.find_one({"conversation_id": conversation_id}, {"_id": 1}) is None:
        await db.conversations.delete_one(
            {"_id": conversation_id, "created_at": None, "run_id": None, "deleting": None}
        )


async def append(db: Any, batches: Mapping[str, Delta], *, lease_expires_at: int) -> list[str]:
    """Each is a write of its own document; what one of them raises is raised when all are done."""
    writes = (_append(db, message_id, delta, lease_expires_at) for message_id, delta in batches.items())
    kept = await asyncio.gather(*writes, return_exceptions=True)
    for one in kept:
        if isinstance(one, BaseException):
            raise one
    return [message_id for message_id, is_kept in zip(batches, kept, strict=True) if not is_kept]


async def _append(db: Any, message_id: str, delta: Delta, lease_expires_at: int) -> bool:
    renewed = {"$set": {"lease_expires_at": lease_expires_at}}
    running = {"_id": message_id, "status": "streaming"}
    while True:
        if delta.text or delta.reasoning:
            batch = {"n": delta.n, "r": storable(delta.reasoning), "t": storable(delta.text)}
            # The batch and its number are looked for and written at once, so a retry finds it there.
            stored = await db.messages.update_one(
                {**running, "folded": {"$lt": delta.n}, "deltas.n": {"$ne": delta.n}},
                {**renewed, "$push": {"deltas": batch}},
            )
            if stored.matched_count:
                return True
        if (await db.messages.update_one(running, renewed)).matched_count:
            return True
        row = await db.messages.find_one({"_id": message_id}, {"folded": 1, "status": 1})
        if row is None or "folded" not in row:  # gone, or ended: a batch that comes after the end is part of it already
            return row is not None
        # It was given up and goes on; while it runs a search does not find it.
        await db.messages.update_one(
            {"_id": message_id, "status": "interrupted", "folded": row["folded"]},
            {
                "$set": {"status": "streaming", "error": None, "deltas": [], "lease_expires_at": lease_expires_at},
                "$unset": {"terms": "", "vast": ""},
            },
        )


_RUNNING = {"lease_expires_at": "", "deltas": ""}


async def finish(db: Any, message: Message) -> bool:
    found = findable(message)
    gone = _RUNNING | {"folded": ""} | ({} if "vast" in found else {"vast": ""})
    done = await db.messages.update_one({"_id": message.id}, {"$set": content(message) | found, "$unset": gone})
    return bool(done.matched_count)


async def settle_expired(db: Any, now: int) -> None:
    """Stores each answer whose lease ran out as readers see it already: interrupted; and a search finds it."""
    async for row in db.messages.find({"lease_expires_at": {"$lte": now}}, shown()):
        message = read(row, now)
        folded = max([row["folded"], *(batch["n"] for batch in row["deltas"])])
        # Only as it was read: its run may have come back just now.
        same = {"_id": row["_id"], "lease_expires_at": row["lease_expires_at"], "deltas": {"$size": len(row["deltas"])}}
        fields = content(message) | findable(message) | {"folded": folded}
        await db.messages.update_one(same, {"$set": fields, "$unset": _RUNNING})
