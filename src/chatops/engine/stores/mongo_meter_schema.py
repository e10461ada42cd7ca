"""The collections of limits, budgets and the usage ledger, and their indexes."""

from __future__ import annotations

from typing import Any

COLLECTIONS = ("rates", "meters", "open_turns", "allowances", "ledger", "ledger_head")


async def make_indexes(db: Any) -> None:
    """Making an index that is there does nothing."""
    from pymongo import ASCENDING, IndexModel

    for name in ("rates", "meters"):
        await db[name].create_indexes([IndexModel([("expires_at", ASCENDING)], name="by_end", expireAfterSeconds=0)])
    await db.open_turns.create_indexes([IndexModel([("until", ASCENDING)], name="by_lease")])
    await db.ledger.create_indexes(
        [
            IndexModel([("turn_id", ASCENDING)], name="by_turn", unique=True),
            IndexModel([("at", ASCENDING)], name="by_time"),
            IndexModel([("user_id", ASCENDING), ("at", ASCENDING)], name="by_user"),
        ]
    )
