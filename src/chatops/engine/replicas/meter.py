"""Rates and slots in Redis, one round trip for a turn; budgets and the ledger stay in the database, which is durable.

While Redis is away both are counted in the database, as without it: from nothing at first, so a person may have twice
what is allowed then, and never more. A slot is a lease, renewed by its turn: Redis, come back or emptied, knows the
running turns again within three seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from chatops.engine.errors import ConflictError, StoreError
from chatops.engine.limits.ledger import By, Entry, Head, Row
from chatops.engine.limits.ports import Hold, Meter, MeterStore, OpenTurn, Rate, Refusal, Spent
from chatops.engine.limits.rates import Pace
from chatops.engine.limits.reports import Line
from chatops.engine.replicas import keys
from chatops.engine.replicas.link import SILENT, Argument, Link
from chatops.engine.replicas.scripts import ADMIT, GIVE_BACK

if TYPE_CHECKING:
    from chatops.engine.beginning import Beginning

PATIENCE = 1.0
"""Seconds after which the database is asked instead."""
T = TypeVar("T")


class ReplicatedMeter:
    """A `MeterStore`: rates and units of `turns` over a link, all else over another one."""

    def __init__(self, link: Link, inner: MeterStore) -> None:
        self._link = link
        self._inner = inner
        self._stored: set[str] = set()
        """Open turns whose slots are in the database, since Redis was away when they were let in."""

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        wait, _, _ = await self._admit((key, rate), [], None, now) or (None, 0, 0)
        return await self._inner.hit(key, rate, now=now) if wait is None else wait / 1_000_000

    async def give_back(self, key: str, rate: Rate) -> None:
        interval = Pace.of(rate).interval
        told = await self._or_none(lambda: self._link.evaluate(GIVE_BACK, [keys.rate(key)], [interval]))
        if told is None:
            await self._inner.give_back(key, rate)

    async def admit(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        *,
        rate: tuple[str, Rate] | None,
        now: int,
        beginning: Beginning | None = None,  # noqa: ARG002 - the caller's, as it is in another place
    ) -> dict[str, int] | Refusal:
        slots = [hold for hold in holds if hold.unit == "turns"]
        if rate is None and not slots:
            return await self._inner.admit(turn, holds, rate=None, now=now)
        found = await self._admit(rate, slots, turn, now)
        if found is None:
            self._stored.add(turn.id)
            return await self._inner.admit(turn, holds, rate=rate, now=now)
        wait, full, held = found
        if wait and rate is not None:
            return Refusal(key=rate[0], wait=wait / 1_000_000)
        if full:
            return Refusal(key=slots[full - 1].key, meter=Meter(0, held))
        try:
            return await self._rest(turn, holds, slots, now)
        except ConflictError:
            if rate is not None:
                await self.give_back(*rate)
            raise

    async def _rest(
        self, turn: OpenTurn, holds: Sequence[Hold], slots: Sequence[Hold], now: int
    ) -> dict[str, int] | Refusal:
        """Takes the budgets, once the slots are had; those are given back when one does not fit."""
        granted = {hold.key: 1 for hold in slots}
        rest = [hold for hold in holds if hold.unit != "turns"]
        if not rest:
            return granted
        try:
            found = await self._inner.admit(_without_slots(turn), rest, rate=None, now=now)
        except ConflictError:  # the slots are the earlier try's too; they end with their lease
            raise
        except BaseException:
            await self._leave(turn)
            raise
        if isinstance(found, Refusal):
            await self._leave(turn)
            return found
        return {**granted, **found}

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        slots = [(turn, key) for turn in turns for key, unit in turn.holds if unit == "turns"]
        commands = [("ZADD", keys.slots(key), turn.until, turn.id) for turn, key in slots]
        added = await self._or_none(lambda: self._link.together(commands)) if commands else []
        unknown = {turn.id for (turn, _), new in zip(slots, added or [1] * len(slots), strict=True) if new}
        stored = [turn if turn.id in self._stored else _without_slots(turn) for turn in turns]
        asked = {turn.id: turn for turn in stored if turn.holds}
        return await self._inner.renew(list(asked.values())) | (unknown - asked.keys())

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        if turn is None or turn.id in self._stored:
            kept = await self._inner.settle(turn, entry)
        else:
            rest = _without_slots(turn)
            kept = await self._inner.settle(rest if rest.holds else None, entry)
        if turn is not None:
            await self._leave(turn)
        return kept

    async def release(self, turn: OpenTurn) -> None:
        rest = turn if turn.id in self._stored else _without_slots(turn)
        await self._leave(turn)
        if rest.holds:
            await self._inner.release(rest)

    async def _leave(self, turn: OpenTurn) -> None:
        """Gives the slots back; what Redis is not told ends with its lease."""
        self._stored.discard(turn.id)
        commands = [("ZREM", keys.slots(key), turn.id) for key, unit in turn.holds if unit == "turns"]
        if commands:
            await self._or_none(lambda: self._link.together(commands))

    async def _admit(
        self, rate: tuple[str, Rate] | None, slots: Sequence[Hold], turn: OpenTurn | None, now: int
    ) -> tuple[int, int, int] | None:
        """What the script answers; None: Redis cannot be asked."""
        key, said = rate or ("", None)
        pace = Pace.of(said) if said else Pace(0, 0)
        names = [keys.rate(key), *(keys.slots(hold.key) for hold in slots)]
        open_turn: tuple[Argument, ...] = (turn.until, turn.id) if turn else (0, "")
        limits = [hold.limit for hold in slots]
        arguments: list[Argument] = [now, pace.interval, pace.burst, *open_turn, *limits]
        found = await self._or_none(lambda: self._link.evaluate(ADMIT, names, arguments))
        return None if found is None else (int(found[0]), int(found[1]), int(found[2]))

    async def _or_none(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        if not self._link.usable:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await ask()
        except StoreError:  # the link has told it
            return None
        except TimeoutError:
            self._link.lost(SILENT)
            return None

    # -- what stays in the database

    async def dead(self, before: int, *, limit: int) -> list[OpenTurn]:
        return await self._inner.dead(before, limit=limit)

    async def held(self, turn: OpenTurn) -> dict[str, int]:
        return await self._inner.held(turn)

    async def meters(self, keys: Sequence[str]) -> dict[str, Meter]:
        return await self._inner.meters(keys)

    async def allowance(self, user_id: str) -> Mapping[str, Any] | None:
        return await self._inner.allowance(user_id)

    async def set_allowance(self, user_id: str, terms: Mapping[str, Any] | None) -> None:
        await self._inner.set_allowance(user_id, terms)

    async def hand_over(self, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
        await self._inner.hand_over(user_id, meters)

    async def usage(self, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
        return await self._inner.usage(user_ids, since=since, by=by)

    async def rows(self, *, after: int, limit: int) -> list[Row]:
        return await self._inner.rows(after=after, limit=limit)

    async def put_rows(self, rows: Sequence[Row]) -> None:
        await self._inner.put_rows(rows)

    async def allowances(self, *, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
        return await self._inner.allowances(after=after, limit=limit)

    async def spent(self, *, after: str, limit: int) -> list[Spent]:
        return await self._inner.spent(after=after, limit=limit)

    async def put_spent(self, meters: Sequence[Spent]) -> None:
        await self._inner.put_spent(meters)

    async def head(self) -> Head:
        return await self._inner.head()


def _without_slots(turn: OpenTurn) -> OpenTurn:
    return replace(turn, holds=[(key, unit) for key, unit in turn.holds if unit != "turns"])


if TYPE_CHECKING:
    _: type[MeterStore] = ReplicatedMeter
