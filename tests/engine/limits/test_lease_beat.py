"""Leases of answers that began at different times are renewed in one moment: they share a commit of the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from chatops.engine.limits import admission
from chatops.engine.limits.admission import Admission, Means
from chatops.engine.limits.ports import OpenTurn
from chatops.engine.limits.prices import Prices
from chatops.engine.messages import local_principal

if TYPE_CHECKING:
    import pytest


class Renewals:
    """The part of a `MeterStore` that renews; notes in which turn of the loop it was asked."""

    def __init__(self) -> None:
        self.turn = 0
        self.seen: dict[str, list[int]] = {}

    async def renew(self, turn: OpenTurn) -> bool:
        self.seen.setdefault(turn.id, []).append(self.turn)
        return True

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.turn += 1


async def test_leases_are_renewed_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "RENEW_SECONDS", 0.05)
    renewals = Renewals()
    means = Means(meters=cast("Any", renewals), prices=Prices({}), clock=lambda: 0, sleep=asyncio.sleep)

    def admitted(turn_id: str) -> Admission:
        turn = OpenTurn(id=turn_id, until=0, holds=[("k", "turns")], record={})
        return Admission(means, local_principal(), turn=turn, route=[], ready={}, prepare=cast("Any", None))

    counting = asyncio.create_task(renewals.count())
    running = []
    for name in "abc":
        running.append(asyncio.create_task(admitted(name).run()))
        await asyncio.sleep(0.015)
    while min(map(len, renewals.seen.values()), default=0) < 2:
        await asyncio.sleep(0.01)
    for task in (*running, counting):
        task.cancel()

    common = set.intersection(*(set(turns) for turns in renewals.seen.values()))
    assert len(renewals.seen) == 3
    assert len(common) >= 2
