"""An engine without a ledger: it lets everything in and remembers nothing. For tests, and stores without meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatops.engine.beginning import Beginning
    from chatops.engine.limits.ledger import By, Entry, Head, Row
    from chatops.engine.limits.ports import Hold, Meter, MeterStore, OpenTurn, Rate, Spent
    from chatops.engine.limits.reports import Line


class Unmetered:
    """A `MeterStore` that keeps nothing."""

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        return 0.0

    async def give_back(self, key: str, rate: Rate) -> None:
        return

    async def admit(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        *,
        rate: tuple[str, Rate] | None,
        now: int,
        beginning: Beginning | None = None,
    ) -> dict[str, int]:
        return {hold.key: hold.most for hold in holds}

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        return set()

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        return True

    async def release(self, turn: OpenTurn) -> None:
        return

    async def dead(self, before: int, *, limit: int) -> list[OpenTurn]:
        return []

    async def held(self, turn: OpenTurn) -> dict[str, int]:
        return {}

    async def meters(self, keys: Sequence[str]) -> dict[str, Meter]:
        return {}

    async def allowance(self, user_id: str) -> Mapping[str, Any] | None:
        return None

    async def set_allowance(self, user_id: str, terms: Mapping[str, Any] | None) -> None:
        return

    async def hand_over(self, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
        return

    async def usage(self, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
        return []

    async def rows(self, *, after: int, limit: int) -> list[Row]:
        return []

    async def put_rows(self, rows: Sequence[Row]) -> None:
        return

    async def allowances(self, *, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
        return []

    async def spent(self, *, after: str, limit: int) -> list[Spent]:
        return []

    async def put_spent(self, meters: Sequence[Spent]) -> None:
        return

    async def head(self) -> Head:
        from chatops.engine.limits.ledger import EMPTY

        return EMPTY


if TYPE_CHECKING:
    _: type[MeterStore] = Unmetered
