"""Limits, budgets and the usage ledger in the embedded database."""

from __future__ import annotations

from chatops.engine.limits.ports import Rate
from chatops.engine.limits.rates import Pace
from chatops.engine.stores import sqlite_rates as rates
from chatops.engine.stores.sqlite import SqliteStore


class SqliteMeter:
    """A `RateStore` in a store's own file; what its methods do and raise is said once, in `engine.limits.ports`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        pace = Pace.of(rate)
        wait = await self._store.write(lambda db: rates.hit(db, key, pace, now * 1000))
        return wait / 1_000_000
