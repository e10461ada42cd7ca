"""The usage ledger on MongoDB: a document a row, its number the `_id`, so that two can never follow the same row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from chatops.engine.limits.ledger import EMPTY, By, Entry, Head, Row, chain
from chatops.engine.limits.reports import Line
from chatops.engine.stores.mongo_rows import Document

_ENTRY = tuple(field.name for field in fields(Entry))
_KEYS: dict[By, Any] = {
    "model": {"$concat": ["$provider", ":", "$model"]},
    "day": {"$dateToString": {"date": {"$toDate": "$at"}, "format": "%Y-%m-%d"}},
    "user": "$user_id",
    "surface": "$surface",
}
_HEAD = "head"


class Ledger:
    """Adds rows. One at a time from this process: fifty turns that end at once would each find their number taken."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._last: Head | None = None

    async def append(self, db: Any, entry: Entry) -> Entry:
        """The turn's row: this one, or the one that it has already."""
        async with self._turn:
            while True:
                last = self._last or await _last(db)
                if await self._insert(db, chain(last, entry)):
                    return entry
                self._last = None
                row = await db.ledger.find_one({"turn_id": entry.turn_id})
                if row is not None:
                    return _row(row).entry

    async def _insert(self, db: Any, row: Row) -> bool:
        from pymongo.errors import DuplicateKeyError

        try:
            await db.ledger.insert_one(document(row))
        except DuplicateKeyError:  # another process was quicker, or the turn has its row
            return False
        self._last = Head(row.n, row.hash)
        await remember(db, self._last)
        return True


def document(row: Row) -> Document:
    return {"_id": row.n, **asdict(row.entry), "previous": row.previous, "hash": row.hash}


async def _last(db: Any) -> Head:
    """Where the chain goes on: behind the head, also when rows before it were removed."""
    kept = await head(db)
    newest = await db.ledger.find_one({"_id": {"$gt": kept.n}}, sort=[("_id", -1)])
    return kept if newest is None else Head(newest["_id"], newest["hash"])


async def remember(db: Any, last: Head) -> None:
    """Only ever forward: another process may have written a later row."""
    from pymongo.errors import DuplicateKeyError

    fields_ = {"$set": {"n": last.n, "hash": last.hash}}
    try:
        await db.ledger_head.update_one({"_id": _HEAD, "n": {"$lt": last.n}}, fields_, upsert=True)
    except DuplicateKeyError:
        return


async def head(db: Any) -> Head:
    row = await db.ledger_head.find_one({"_id": _HEAD})
    return EMPTY if row is None else Head(row["n"], row["hash"])


async def rows(db: Any, *, after: int, limit: int) -> list[Row]:
    found = await db.ledger.find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit).to_list(limit)
    return [_row(row) for row in found]


def _row(row: Document) -> Row:
    return Row(row["_id"], Entry(**{name: row[name] for name in _ENTRY}), row["previous"], row["hash"])


async def usage(db: Any, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
    whose = {} if user_ids is None else {"user_id": {"$in": list(user_ids)}}
    sums: Document = {name: {"$sum": f"${name}"} for name in ("input_tokens", "output_tokens", "cached_tokens", "cost")}
    sums |= {
        "turns": {"$sum": 1},
        "unpriced": {"$sum": {"$cond": [{"$eq": ["$cost", None]}, 1, 0]}},
        "estimated": {"$sum": {"$cond": ["$estimated", 1, 0]}},
    }
    stages: Sequence[Document] = [
        {"$match": {**whose, "at": {"$gte": since}}},
        {"$group": {"_id": _KEYS[by], **sums}},
        {"$sort": {"_id": -1} if by == "day" else {"turns": -1, "_id": 1}},
    ]
    cursor = db.ledger.aggregate(stages)
    if asyncio.iscoroutine(cursor):  # PyMongo's own client; motor's needs no waiting
        cursor = await cursor
    return [Line(key=row.pop("_id"), **row) async for row in cursor]
