"""Leases of answers that began at different times are renewed in one call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from chatops.engine.errors import StoreError
from chatops.engine.limits import leases
from chatops.engine.limits.leases import Leases
from chatops.engine.limits.ports import OpenTurn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from chatops.engine.errors import ChatopsError


class Renewals:
    """The part of a `MeterStore` that renews; notes in which turn of the loop it was asked."""

    def __init__(self) -> None:
        self.turn = 0
        self.failures = 0
        self.seen: dict[str, list[int]] = {}

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        if self.failures:
            self.failures -= 1
            raise StoreError("away")
        for turn in turns:
            self.seen.setdefault(turn.id, []).append(self.turn)
        return set()

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.turn += 1


async def test_leases_are_renewed_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    renewals = Renewals()
    kept = Leases(cast("Any", renewals), lambda: 0)

    counting = asyncio.create_task(renewals.count())
    for turn in turns("abc"):
        kept.keep(turn, not_expected)
        await asyncio.sleep(0.015)
    while min(map(len, renewals.seen.values()), default=0) < 2:
        await asyncio.sleep(0.01)
    counting.cancel()
    for turn in turns("abc"):
        kept.leave(turn)

    common = set.intersection(*(set(seen) for seen in renewals.seen.values()))
    assert len(renewals.seen) == 3
    assert len(common) >= 2


async def test_who_has_left_is_not_renewed_and_who_comes_later_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.02)
    renewals = Renewals()
    kept = Leases(cast("Any", renewals), lambda: 0)
    first, second, third = turns("abc")
    kept.keep(first, not_expected)
    kept.keep(second, not_expected)
    kept.leave(second)
    while "a" not in renewals.seen:
        await asyncio.sleep(0.005)
    kept.leave(first)
    count = len(renewals.seen["a"])
    await asyncio.sleep(0)  # the task may end here, with nobody left
    kept.keep(third, not_expected)
    while len(renewals.seen.get("c", ())) < 2:
        await asyncio.sleep(0.005)
    kept.leave(third)

    assert "b" not in renewals.seen
    assert len(renewals.seen["a"]) == count


async def test_while_the_store_is_away_a_lease_is_renewed_later(caplog: pytest.LogCaptureFixture) -> None:
    renewals = Renewals()
    renewals.failures = 1
    kept = Leases(cast("Any", renewals), lambda: 0)
    (turn,) = turns("a")
    kept.keep(turn, not_expected)
    await kept.renew()
    assert renewals.seen == {}
    await kept.renew()
    kept.leave(turn)

    assert list(renewals.seen) == ["a"]
    assert "limits: away; leases are renewed later" in caplog.text


def turns(names: str) -> list[OpenTurn]:
    return [OpenTurn(id=name, until=0, holds=[("k", "turns")], record={}) for name in names]


def not_expected(error: ChatopsError) -> None:
    raise AssertionError(error)
