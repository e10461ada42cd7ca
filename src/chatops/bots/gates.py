"""Buckets for tasks: `async with gates.slot(...)` waits for its turn on the loop's clock.

Where there are replicas, they share a bucket's slots: a gate asks for one when somebody waits, and gives it to whoever
is first when its time has come. While the others cannot be asked, each process keeps to the pace by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chatops.bots.pacing import Bucket
from chatops.engine.errors import StoreError
from chatops.engine.replica_ports import Lanes

log = logging.getLogger(__name__)

KEPT = 1000
"""Buckets after which the rested ones are dropped: one a channel, in any number of channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A bucket's name and pace, as a platform knows it."""

    name: str
    pace: float
    burst: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The bucket's part that all replicas share.

    Attributes:
        prefix: The platform, since two may use one name for a lane.
        spawn: Begins a task.
    """

    lanes: Lanes
    prefix: str
    spawn: Callable[[Coroutine[Any, Any, object]], object]

    async def slot(self, lane: Lane) -> float:
        """Seconds until the slot that was taken; 0 when the others cannot be asked."""
        try:
            return await self.lanes.slot(f"{self.prefix}/{lane.name}", pace=lane.pace, burst=lane.burst)
        except StoreError:  # the link has told it
            return 0.0

    def close(self, lane: Lane, seconds: float) -> None:
        """Tells the others that nobody may call for so long."""
        self.spawn(self._close(lane, seconds))

    async def _close(self, lane: Lane, seconds: float) -> None:
        try:
            await self.lanes.close(f"{self.prefix}/{lane.name}", seconds)
        except StoreError as error:
            log.info("other replicas may call %s too soon: %s", lane.name, error.message)


class Gate:
    """One bucket. Belongs to the running loop."""

    def __init__(self, lane: Lane, together: Together | None = None) -> None:
        self.bucket = Bucket(pace=lane.pace, burst=lane.burst)
        self._lane = lane
        self._together = together
        self._reserving = False
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
        if self._together is not None:
            self._together.close(self._lane, retry_after)

    def passed(self, *, remaining: int | None = None, reset_after: float = 0.0) -> None:
        self.bucket.passed(self._loop.time(), remaining=remaining, reset_after=reset_after)

    def _look(self) -> None:
        """Grants what is due, and sets the alarm for what is not."""
        if self._reserving:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait = self.bucket.wait(self._loop.time())
        if wait is None:
            return
        if wait > 0:
            self._timer = self._loop.call_later(wait, self._look)
        elif self._together is None:
            self._grant()
        else:
            self._reserving = True
            self._together.spawn(self._reserve(self._together))

    async def _reserve(self, together: Together) -> None:
        """Takes a slot of all replicas; who gets it is decided when its time comes."""
        wait = 0.0
        try:
            wait = await together.slot(self._lane)
        finally:
            self._loop.call_later(wait, self._grant)

    def _grant(self) -> None:
        self._reserving = False
        key = self.bucket.grant(self._loop.time())
        if key is not None and not self._turns[key].done():
            self._turns[key].set_result(None)
        self._look()


class Gates:
    """All gates of a process, made when first needed."""

    def __init__(self, together: Together | None = None) -> None:
        self._together = together
        self._gates: dict[str, Gate] = {}

    def __getitem__(self, lane: Lane) -> Gate:
        gate = self._gates.get(lane.name)
        if gate is None:
            if len(self._gates) >= KEPT:
                self._drop_rested()
            gate = self._gates[lane.name] = Gate(lane, self._together)
        return gate

    def hurry(self, key: str) -> None:
        for gate in self._gates.values():
            gate.hurry(key)

    def _drop_rested(self) -> None:
        now = asyncio.get_running_loop().time()
        self._gates = {name: gate for name, gate in self._gates.items() if not gate.bucket.rested(now)}
