"""Limits, budgets and the usage ledger in the embedded database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatops.engine.stores import sqlite_allowances as allowances
from chatops.engine.stores import sqlite_turns as turns
from chatops.engine.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from chatops.engine.beginning import Beginning
    from chatops.engine.limits.ledger import By, Entry, Head, Row
    from chatops.engine.limits.ports import Hold, Meter, MeterStore, OpenTurn, Rate, Refusal, Spent
    from chatops.engine.limits.reports import Line
    from chatops.engine.messages import Message


class SqliteMeter:
    """A `MeterStore` in a store's own file; what its methods do and raise is said once, in `engine.limits.ports`.

    Each is one transaction, which shares its commit with whatever else is written at that moment. The jobs are loaded
    where they are needed: without limits a command does no more than add a row.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        from chatops.engine.limits.rates import Pace
        from chatops.engine.stores import sqlite_rates as rates

        pace = Pace.of(rate)
        wait = await self._store.write(lambda db: rates.hit(db, key, pace, now * 1000))
        return wait / 1_000_000

    async def give_back(self, key: str, rate: Rate) -> None:
        from chatops.engine.limits.rates import Pace
        from chatops.engine.stores import sqlite_rates as rates

        await self._store.write(lambda db: rates.give_back(db, key, Pace.of(rate)))

    async def admit(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        *,
        rate: tuple[str, Rate] | None,
        now: int,
        beginning: Beginning | None = None,
    ) -> dict[str, int] | Refusal:
        from chatops.engine.stores import sqlite_meters as meters

        def job(db: sqlite3.Connection) -> tuple[dict[str, int] | Refusal, list[Message] | None]:
            found = meters.admit(db, turn, holds, rate=rate, now=now)
            if beginning is None or not isinstance(found, dict):
                return found, None
            lease = beginning.lease_expires_at
            owner_id, conversation = beginning.conversation.owner_id, beginning.conversation
            return found, turns.begin(db, owner_id, conversation, beginning.rows, lease_expires_at=lease, now=now)

        found, rows = await self._store.write(job)
        if beginning is not None:
            beginning.stored = rows
        return found

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        from chatops.engine.stores import sqlite_meters as meters

        return await self._store.write(lambda db: meters.renew(db, turns))

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        from chatops.engine.stores import sqlite_ledger as ledger

        if turn is None:
            return await self._store.write(lambda db: ledger.append(db, entry) is entry)
        from chatops.engine.stores import sqlite_meters as meters

        def job(db: sqlite3.Connection) -> bool:
            kept = ledger.append(db, entry)
            meters.charge(db, turn, kept)
            return kept is entry

        return await self._store.write(job)

    async def release(self, turn: OpenTurn) -> None:
        from chatops.engine.stores import sqlite_meters as meters

        await self._store.write(lambda db: meters.release(db, turn))

    async def dead(self, before: int, *, limit: int) -> list[OpenTurn]:
        from chatops.engine.stores import sqlite_meters as meters

        return await self._store.write(lambda db: meters.dead(db, before, limit=limit))

    async def held(self, turn: OpenTurn) -> dict[str, int]:
        from chatops.engine.stores import sqlite_meters as meters

        return await self._store.write(lambda db: meters.held(db, turn))

    async def meters(self, keys: Sequence[str]) -> dict[str, Meter]:
        from chatops.engine.stores import sqlite_meters as meters

        return await self._store.read(lambda db: meters.meters(db, keys))

    async def allowance(self, user_id: str) -> Mapping[str, Any] | None:
        # On the writer: a one-shot would open a second connection for this one look.
        return await self._store.write(lambda db: allowances.get(db, user_id))

    async def set_allowance(self, user_id: str, terms: Mapping[str, Any] | None) -> None:
        await self._store.write(lambda db: allowances.put(db, user_id, terms))

    async def hand_over(self, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
        from chatops.engine.stores import sqlite_meter_handover as handover

        # Each message of a linked person asks: mostly there is nothing, and nobody waits for the writer.
        if await self._store.read(lambda db: handover.is_due(db, user_id, meters)):
            await self._store.write(lambda db: handover.hand_over(db, user_id, meters))

    async def usage(self, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
        from chatops.engine.stores import sqlite_ledger as ledger

        return await self._store.read(lambda db: ledger.usage(db, user_ids, since=since, by=by))

    async def rows(self, *, after: int, limit: int) -> list[Row]:
        from chatops.engine.stores import sqlite_ledger as ledger

        return await self._store.read(lambda db: ledger.rows(db, after=after, limit=limit))

    async def put_rows(self, rows: Sequence[Row]) -> None:
        from chatops.engine.stores import sqlite_meter_copy as copying

        await self._store.write(lambda db: copying.put_rows(db, rows))

    async def allowances(self, *, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
        from chatops.engine.stores import sqlite_meter_copy as copying

        return await self._store.read(lambda db: copying.allowances(db, after, limit))

    async def spent(self, *, after: str, limit: int) -> list[Spent]:
        from chatops.engine.stores import sqlite_meter_copy as copying

        return await self._store.read(lambda db: copying.spent(db, after, limit))

    async def put_spent(self, meters: Sequence[Spent]) -> None:
        from chatops.engine.stores import sqlite_meter_copy as copying

        await self._store.write(lambda db: copying.put_spent(db, meters))

    async def head(self) -> Head:
        from chatops.engine.stores import sqlite_ledger as ledger

        return await self._store.read(ledger.head)


if TYPE_CHECKING:
    _: type[MeterStore] = SqliteMeter
