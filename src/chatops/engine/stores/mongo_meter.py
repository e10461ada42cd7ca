"""Limits, budgets and the usage ledger on MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatops.engine.limits.ledger import By, Entry, Head, Row
from chatops.engine.limits.ports import Hold, Meter, OpenTurn, Rate, Refusal, Spent
from chatops.engine.limits.rates import Pace
from chatops.engine.limits.reports import Line
from chatops.engine.stores import mongo_ledger as ledger
from chatops.engine.stores import mongo_meter_copy as copying
from chatops.engine.stores import mongo_meter_handover as handover
from chatops.engine.stores import mongo_meters as meters
from chatops.engine.stores import mongo_rates as rates
from chatops.engine.stores.mongo import MongoStore

if TYPE_CHECKING:
    from chatops.engine.beginning import Beginning
    from chatops.engine.limits.ports import MeterStore


class MongoMeter:
    """A `MeterStore` in a store's own database; what its methods do and raise is said once, in `engine.limits.ports`.

    Each ends what it began also when its caller was cancelled.
    """

    def __init__(self, store: MongoStore) -> None:
        self._store = store
        self._ledger = ledger.Ledger()

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        pace = Pace.of(rate)
        wait = await self._store.write(lambda db: rates.hit(db, key, pace, now * 1000))
        return wait / 1_000_000

    async def give_back(self, key: str, rate: Rate) -> None:
        await self._store.write(lambda db: rates.give_back(db, key, Pace.of(rate)))

    async def admit(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        *,
        rate: tuple[str, Rate] | None,
        now: int,
        beginning: Beginning | None = None,  # noqa: ARG002 - the caller's, as it is in another place
    ) -> dict[str, int] | Refusal:
        return await self._store.write(lambda db: meters.admit(db, turn, holds, rate=rate, now=now))

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        async def job(db: Any) -> set[str]:
            live = await asyncio.gather(*(meters.renew(db, turn) for turn in turns))
            return {turn.id for turn, lives in zip(turns, live, strict=True) if not lives}

        return await self._store.write(job)

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        async def job(db: Any) -> bool:
            kept = await self._ledger.append(db, entry)
            if turn is not None:
                await meters.charge(db, turn, kept)
            return kept is entry

        return await self._store.write(job)

    async def release(self, turn: OpenTurn) -> None:
        await self._store.write(lambda db: meters.release(db, turn))

    async def dead(self, before: int, *, limit: int) -> list[OpenTurn]:
        return await self._store.read(lambda db: meters.dead(db, before, limit=limit))

    async def held(self, turn: OpenTurn) -> dict[str, int]:
        return await self._store.read(lambda db: meters.held(db, turn))

    async def meters(self, keys: Sequence[str]) -> dict[str, Meter]:
        return await self._store.read(lambda db: meters.meters(db, keys))

    async def allowance(self, user_id: str) -> Mapping[str, Any] | None:
        return await self._store.read(lambda db: meters.allowance(db, user_id))

    async def set_allowance(self, user_id: str, terms: Mapping[str, Any] | None) -> None:
        await self._store.write(lambda db: meters.set_allowance(db, user_id, terms))

    async def hand_over(self, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
        if await self._store.read(lambda db: handover.is_due(db, user_id, meters)):
            await self._store.write(lambda db: handover.hand_over(db, user_id, meters))

    async def usage(self, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
        return await self._store.read(lambda db: ledger.usage(db, user_ids, since=since, by=by))

    async def rows(self, *, after: int, limit: int) -> list[Row]:
        return await self._store.read(lambda db: ledger.rows(db, after=after, limit=limit))

    async def put_rows(self, rows: Sequence[Row]) -> None:
        await self._store.write(lambda db: copying.put_rows(db, rows))

    async def allowances(self, *, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
        return await self._store.read(lambda db: copying.allowances(db, after, limit))

    async def spent(self, *, after: str, limit: int) -> list[Spent]:
        return await self._store.read(lambda db: copying.spent(db, after, limit))

    async def put_spent(self, meters: Sequence[Spent]) -> None:
        await self._store.write(lambda db: copying.put_spent(db, meters))

    async def head(self) -> Head:
        return await self._store.read(ledger.head)


if TYPE_CHECKING:
    _: type[MeterStore] = MongoMeter
