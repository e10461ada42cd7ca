"""Buckets for tasks: `async with gates.slot(...)` waits for its turn on the loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chatops.bots.pacing import Bucket

KEPT = 1000
"""Buckets after which the rested ones are dropped: one a channel, in any number of channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A bucket's name and pace, as a platform knows it."""

    name: str
    pace: float
    burst: int = 1


class Gate:
    """One bucket. Belongs to the running loop."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._loop = asyncio.get_running_loop()
        self._turns: dict[str, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def slot(self, key: str, *, urgent: bool) -> AsyncGenerator[None, None]:
        """Waits for a turn. A key waits once at a time."""
        turn = self._turns[key] = self._loop.create_future()
        self.bucket.enter(key, urgent=urgent)
        self._look()
        try:
            await turn
        finally:
            self._turns.pop(key, None)
            self.bucket.leave(key)
        yield

    def hurry(self, key: str) -> None:
        """Who waits already becomes urgent."""
        if key in self._turns and not self._turns[key].done():
            self.bucket.enter(key, urgent=True)
            self._look()

    def refused(self, retry_after: float) -> None:
        self.bucket.refused(self._loop.time(), retry_after)

    def passed(self, *, remaining: int | None = None, reset_after: float = 0.0) -> None:
        self.bucket.passed(self._loop.time(), remaining=remaining, reset_after=reset_after)

    def _look(self) -> None:
        """Grants what is due, and sets the alarm for what is not."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._loop.time()
        while (key := self.bucket.grant(now)) is not None:
            if not self._turns[key].done():
                self._turns[key].set_result(None)
        wait = self.bucket.wait(now)
        if wait is not None:
            self._timer = self._loop.call_later(wait, self._look)


class Gates:
    """All gates of a process, made when first needed."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}

    def __getitem__(self, lane: Lane) -> Gate:
        gate = self._gates.get(lane.name)
        if gate is None:
            if len(self._gates) >= KEPT:
                self._drop_rested()
            gate = self._gates[lane.name] = Gate(Bucket(pace=lane.pace, burst=lane.burst))
        return gate

    def hurry(self, key: str) -> None:
        for gate in self._gates.values():
            gate.hurry(key)

    def _drop_rested(self) -> None:
        now = asyncio.get_running_loop().time()
        self._gates = {name: gate for name, gate in self._gates.items() if not gate.bucket.rested(now)}
