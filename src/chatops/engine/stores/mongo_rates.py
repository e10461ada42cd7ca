"""Rates on MongoDB: a document a key, read and written by one update (a pipeline: 4.2 and newer)."""

from __future__ import annotations

from typing import Any

from chatops.engine.limits.rates import Pace, step
from chatops.engine.stores.mongo_rows import Document


async def hit(db: Any, key: str, pace: Pace, now: int) -> int:
    """Microseconds to wait, 0 when it was counted; `now` in microseconds."""
    from pymongo.errors import DuplicateKeyError

    try:
        before = await _step(db, key, pace, now)
    except DuplicateKeyError:  # two made it at once: it is there now
        before = await _step(db, key, pace, now)
    return step(before["tat"] if before else None, now, pace).wait


async def give_back(db: Any, key: str, pace: Pace) -> None:
    await db.rates.update_one({"_id": key}, {"$inc": {"tat": -pace.interval}})


async def _step(db: Any, key: str, pace: Pace, now: int) -> Document | None:
    """`rates.step` in the server's words. Returns the document as it was: with it the same is computed here."""
    start = {"$min": [{"$max": [{"$ifNull": ["$tat", now]}, now]}, now + pace.burst]}
    counted = {"$add": [start, pace.interval]}
    fits = {"$lte": [{"$subtract": [counted, pace.burst]}, now]}
    changes = [
        {"$set": {"tat": {"$toLong": {"$cond": [fits, counted, start]}}}},
        # For the index that drops what nobody needs any more.
        {"$set": {"expires_at": {"$toDate": {"$toLong": {"$ceil": {"$divide": ["$tat", 1000]}}}}}},
    ]
    before: Document | None = await db.rates.find_one_and_update({"_id": key}, changes, upsert=True)
    return before
