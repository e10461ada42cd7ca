"""The leases of all turns that run in a process, renewed together, in one call of the meters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.engine.errors import BudgetExceededError, ChatopsError, StoreError
from chatops.engine.ports import Clock

if TYPE_CHECKING:
    from chatops.engine.limits.ports import MeterStore, OpenTurn

LEASE_MS = 10_000
RENEW_SECONDS = 3.0
"""As the journal's: three renewals fit into a lease."""
Fail = Callable[[ChatopsError], None]

log = logging.getLogger(__name__)


class Leases:
    """Those that are kept, and the one task that renews them while there are any."""

    def __init__(self, meters: MeterStore, clock: Clock) -> None:
        self._meters = meters
        self._clock = clock
        self._kept: dict[str, tuple[OpenTurn, Fail]] = {}
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def keep(self, turn: OpenTurn, fail: Fail) -> None:
        """Renews a turn's lease until it leaves; `fail` is told when others have settled the turn meanwhile."""
        self._kept[turn.id] = turn, fail
        self._empty.clear()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="leases")

    def leave(self, turn: OpenTurn) -> None:
        self._kept.pop(turn.id, None)
        if not self._kept:
            self._empty.set()

    async def _run(self) -> None:
        now = asyncio.get_running_loop().time
        while self._kept:
            # At multiples of the time: with a beat of the journals, which then share the commit.
            due = (now() // RENEW_SECONDS + 1) * RENEW_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._empty.wait()
            if now() >= due:
                await self.renew()

    async def renew(self) -> None:
        """Renews all leases once."""
        until = self._clock() + LEASE_MS
        try:
            gone = await self._meters.renew([replace(turn, until=until) for turn, _ in self._kept.values()])
        except StoreError as error:
            log.warning("limits: %s; leases are renewed later", error.message)
            return
        for turn, fail in [self._kept[turn_id] for turn_id in gone & self._kept.keys()]:
            if any(unit != "turns" for _, unit in turn.holds):
                fail(
                    BudgetExceededError(
                        "this machine was away for too long: the budget that was held for this answer was given back",
                        retry_after=0,
                    )
                )
