"""Jobs that copy ledger, allowances and meters from and into MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import Head, Row
from chatops.engine.limits.ports import Spent
from chatops.engine.stores import mongo_ledger as ledger


async def put_rows(db: Any, rows: Sequence[Row]) -> None:
    """In order, so that one that was cut off left no gap."""
    numbers = [row.n for row in rows]
    found = await db.ledger.find({"_id": {"$in": numbers}}, {"hash": 1}).to_list(len(numbers))
    kept = {row["_id"]: row["hash"] for row in found}
    for row in rows:
        if kept.get(row.n, row.hash) != row.hash:
            raise ConflictError(f"the usage ledger has another row {row.n}")
    new = [ledger.document(row) for row in rows if row.n not in kept]
    if new:
        await db.ledger.insert_many(new, ordered=True)
    if rows:
        await ledger.remember(db, Head(rows[-1].n, rows[-1].hash))


async def allowances(db: Any, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
    found = await db.allowances.find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit).to_list(limit)
    return [(row["_id"], dict(row["terms"])) for row in found]


async def spent(db: Any, after: str, limit: int) -> list[Spent]:
    """Not what counts turns at once: that has spent nothing, and ends with its leases."""
    found = (
        await db.meters.find({"_id": {"$gt": after}, "spent": {"$ne": 0}}).sort("_id", 1).limit(limit).to_list(limit)
    )
    return [Spent(row["_id"], row["spent"], _milliseconds(row["expires_at"])) for row in found]


async def put_spent(db: Any, meters: Sequence[Spent]) -> None:
    for key, amount, expires_at in meters:
        made = {"holds": [], "expires_at": datetime.fromtimestamp(expires_at / 1000, UTC)}
        await db.meters.update_one({"_id": key}, {"$set": {"spent": amount}, "$setOnInsert": made}, upsert=True)


def _milliseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
