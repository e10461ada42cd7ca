"""Limits, budgets and the usage ledger on MongoDB."""

from __future__ import annotations

from chatops.engine.limits.ports import Rate
from chatops.engine.limits.rates import Pace
from chatops.engine.stores import mongo_rates as rates
from chatops.engine.stores.mongo import MongoStore


class MongoMeter:
    """A `RateStore` in a store's own database; what its methods do and raise is said once, in `engine.limits.ports`."""

    def __init__(self, store: MongoStore) -> None:
        self._store = store

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        pace = Pace.of(rate)
        wait = await self._store.write(lambda db: rates.hit(db, key, pace, now * 1000))
        return wait / 1_000_000
