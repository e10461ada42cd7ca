"""Jobs that make what one person has spent and holds another's, in three steps that any number may repeat at once.

What is held is spent at once, by the other; here it stands below zero until the turn that holds it ends. So a turn that
runs through a link goes on as it was, and the rest of its hold is handed back after it.

The source is marked with an amount and a token; the target takes the amount unless it knows the token; the source gives
up amount and mark in one. So a crash leaves the amount in both, and whoever comes next ends it: budgets stay hard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatops.engine.ids import new_id
from chatops.engine.stores.mongo_rows import Document

_USED = {"$add": ["$spent", {"$sum": "$holds.amount"}]}
"""What is spent and held and not handed over yet."""
_TOKENS = 100
"""Moves that a meter remembers. One a link, or a turn that was running then; the meter goes with its day or month."""


async def is_due(db: Any, user_id: str, meters: Sequence[tuple[str, str]]) -> bool:
    sources = [source for source, _ in meters]
    if await db.meters.find_one({"_id": {"$in": sources}, **_is_due()}, {"_id": 1}) is not None:
        return True
    return await db.allowances.find_one({"_id": user_id}, {"_id": 1}) is not None


def _is_due() -> Document:
    """Something was marked and not moved to its end, or something is to move."""
    return {"$or": [{"moving": {"$exists": True}}, {"$expr": {"$ne": [_USED, 0]}}]}


async def hand_over(db: Any, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
    for source, target in meters:
        while (marked := await mark(db, source)) is not None:
            await add(db, target, marked)
            await give_up(db, marked)
    await db.allowances.delete_one({"_id": user_id})


async def mark(db: Any, source: str) -> Document | None:
    """The source with what is to move: as somebody marked it before, else all that is due. None: nothing."""
    moving = {"$ifNull": ["$moving", {"token": new_id(), "amount": {"$toLong": _USED}}]}
    row: Document | None = await db.meters.find_one_and_update(
        {"_id": source, **_is_due()}, [{"$set": {"moving": moving}}], return_document=True
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
