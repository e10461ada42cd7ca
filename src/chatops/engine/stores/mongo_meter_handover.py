"""Jobs that make what one person has spent another's, in three steps that any number may repeat at once.

The source is marked with an amount and a token; the target takes the amount unless it knows the token; the source gives
up amount and mark in one. So a crash leaves the amount in both, and whoever comes next ends it: budgets stay hard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatops.engine.ids import new_id
from chatops.engine.stores.mongo_rows import Document

_TOKENS = 100
"""Moves that a meter remembers. One a link, or a turn that was running then; the meter goes with its day or month."""


async def is_due(db: Any, user_id: str, meters: Sequence[tuple[str, str]]) -> bool:
    sources = [source for source, _ in meters]
    if await db.meters.find_one({"_id": {"$in": sources}, "spent": {"$gt": 0}}, {"_id": 1}) is not None:
        return True
    return await db.allowances.find_one({"_id": user_id}, {"_id": 1}) is not None


async def hand_over(db: Any, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
    for source, target in meters:
        while (marked := await mark(db, source)) is not None:
            await add(db, target, marked)
            await give_up(db, marked)
    await db.allowances.delete_one({"_id": user_id})


async def mark(db: Any, source: str) -> Document | None:
    """The source with what is to move: as somebody marked it before, else all that it has spent. None: nothing."""
    moving = {"$ifNull": ["$moving", {"token": new_id(), "amount": "$spent"}]}
    row: Document | None = await db.meters.find_one_and_update(
        {"_id": source, "spent": {"$gt": 0}}, [{"$set": {"moving": moving}}], return_document=True
    )
    return row


async def add(db: Any, target: str, marked: Document) -> None:
    from pymongo.errors import DuplicateKeyError

    token, amount = marked["moving"]["token"], marked["moving"]["amount"]
    unknown = {"_id": target, "moved": {"$ne": token}}
    change = {"$inc": {"spent": amount}, "$push": {"moved": {"$each": [token], "$slice": -_TOKENS}}}
    made = {"$setOnInsert": {"holds": [], "expires_at": marked["expires_at"]}}
    try:
        await db.meters.update_one(unknown, {**change, **made}, upsert=True)
    except DuplicateKeyError:  # it knows the token; or it was made just now, and may not
        await db.meters.update_one(unknown, change)


async def give_up(db: Any, marked: Document) -> None:
    moving = marked["moving"]
    await db.meters.update_one(
        {"_id": marked["_id"], "moving.token": moving["token"]},
        {"$inc": {"spent": -moving["amount"]}, "$unset": {"moving": ""}},
    )
