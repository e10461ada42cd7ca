"""Meters on MongoDB: a document each, taken by one update (a pipeline: 4.2 and newer), with a roll-back in between.

A turn is let in step by step: its rate; its own document, by which a crash after this is found; then its holds in their
order, all given back when one does not fit. It is settled in the opposite order: its row in the ledger first, which
says what every meter is charged; so whoever repeats a settlement that was cut off charges the same, and each hold once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.meters import BEING_STARTED, grant
from chatops.engine.limits.ports import Hold, Meter, OpenTurn, Rate, Refusal
from chatops.engine.limits.rates import Pace
from chatops.engine.stores import mongo_rates as rates
from chatops.engine.stores.mongo_rows import Document


async def admit(
    db: Any, turn: OpenTurn, holds: Sequence[Hold], *, rate: tuple[str, Rate] | None, now: int
) -> dict[str, int] | Refusal:
    if rate is not None:
        key, said = rate
        wait = await rates.hit(db, key, Pace.of(said), now * 1000)
        if wait:
            return Refusal(key=key, wait=wait / 1_000_000)
    if not holds:
        return {}
    try:
        await _open(db, turn, now)
    except ConflictError:
        if rate is not None:
            await rates.give_back(db, rate[0], Pace.of(rate[1]))
        raise
    granted: dict[str, int] = {}
    for hold in holds:
        meter = await _take(db, hold, turn, now)
        amount = grant(meter, hold)
        if amount is None:
            await release(db, turn)
            return Refusal(key=hold.key, meter=meter)
        granted[hold.key] = amount
    return granted


async def _open(db: Any, turn: OpenTurn, now: int) -> None:
    """Makes the turn's document, in place of one that a process left which died before the turn began."""
    from pymongo.errors import DuplicateKeyError

    left = await db.open_turns.find_one({"_id": turn.id})
    if left is not None and left["until"] <= now:
        await release(db, _open_turn(left))
    record = {"until": turn.until, "holds": [list(hold) for hold in turn.holds], "record": dict(turn.record)}
    try:
        await db.open_turns.insert_one({"_id": turn.id, **record})
    except DuplicateKeyError:
        raise ConflictError(BEING_STARTED) from None


async def _take(db: Any, hold: Hold, turn: OpenTurn, now: int) -> Meter:
    """Takes the hold when it fits; returns the meter as it was, by which the same is known here."""
    from pymongo.errors import DuplicateKeyError

    try:
        before = await _update(db, hold, turn, now)
    except DuplicateKeyError:  # two made it at once: it is there now
        before = await _update(db, hold, turn, now)
    return _meter(before, now)


async def _update(db: Any, hold: Hold, turn: OpenTurn, now: int) -> Document | None:
    """`meters.grant` in the server's words."""
    from datetime import UTC, datetime

    alive = {"$gt": [{"$ifNull": ["$$hold.until", now + 1]}, now]}
    holds: Any = {"$filter": {"input": {"$ifNull": ["$holds", []]}, "as": "hold", "cond": alive}}
    left = {"$subtract": [hold.limit, {"$add": ["$spent", {"$sum": "$holds.amount"}]}]}
    taken: Document = {"id": {"$literal": turn.id}, "amount": {"$toLong": {"$min": [left, hold.most]}}}
    if hold.unit == "turns":
        taken["until"] = turn.until
    expires_at = datetime.fromtimestamp(hold.expires_at / 1000, UTC)
    changes = [
        {"$set": {"spent": {"$ifNull": ["$spent", 0]}, "holds": holds, "expires_at": expires_at}},
        {
            "$set": {
                "holds": {"$cond": [{"$gte": [left, hold.least]}, {"$concatArrays": ["$holds", [taken]]}, "$holds"]}
            }
        },
    ]
    before: Document | None = await db.meters.find_one_and_update({"_id": hold.key}, changes, upsert=True)
    return before


def _meter(row: Document | None, now: int) -> Meter:
    if row is None:
        return Meter()
    return Meter(row["spent"], sum(hold["amount"] for hold in row["holds"] if hold.get("until", now + 1) > now))


async def renew(db: Any, turn: OpenTurn) -> bool:
    done = await db.open_turns.update_one({"_id": turn.id}, {"$set": {"until": turn.until}})
    for key, unit in turn.holds if done.matched_count else ():
        if unit == "turns":
            await db.meters.update_one({"_id": key, "holds.id": turn.id}, {"$set": {"holds.$.until": turn.until}})
    return bool(done.matched_count)


async def charge(db: Any, turn: OpenTurn, entry: Entry) -> None:
    """Moves the turn's holds to spent, as its row in the ledger says."""
    for key, unit in turn.holds:
        await db.meters.update_one(
            {"_id": key, "holds.id": turn.id},
            {"$inc": {"spent": entry.charge(unit)}, "$pull": {"holds": {"id": turn.id}}},
        )
    await db.open_turns.delete_one({"_id": turn.id})


async def release(db: Any, turn: OpenTurn) -> None:
    for key, _ in reversed(turn.holds):
        await db.meters.update_one({"_id": key}, {"$pull": {"holds": {"id": turn.id}}})
    await db.open_turns.delete_one({"_id": turn.id})


async def dead(db: Any, before: int, *, limit: int) -> list[OpenTurn]:
    found = await db.open_turns.find({"until": {"$lt": before}}).sort("until", 1).limit(limit).to_list(limit)
    return [_open_turn(row) for row in found]


def _open_turn(row: Document) -> OpenTurn:
    holds = [(key, unit) for key, unit in row["holds"]]
    return OpenTurn(id=row["_id"], until=row["until"], holds=holds, record=row["record"])


async def held(db: Any, turn: OpenTurn) -> dict[str, int]:
    keys = [key for key, _ in turn.holds]
    found = await db.meters.find({"_id": {"$in": keys}}, {"holds": 1}).to_list(len(keys))
    return {row["_id"]: hold["amount"] for row in found for hold in row["holds"] if hold["id"] == turn.id}


async def meters(db: Any, keys: Sequence[str]) -> dict[str, Meter]:
    found = await db.meters.find({"_id": {"$in": list(keys)}}).to_list(len(keys))
    return {row["_id"]: meter for row in found if (meter := _meter(row, 0)) != Meter()}


async def allowance(db: Any, user_id: str) -> Document | None:
    row = await db.allowances.find_one({"_id": user_id})
    return None if row is None else dict(row["terms"])


async def set_allowance(db: Any, user_id: str, terms: Any) -> None:
    if terms is None:
        await db.allowances.delete_one({"_id": user_id})
        return
    await db.allowances.replace_one({"_id": user_id}, {"terms": dict(terms)}, upsert=True)
