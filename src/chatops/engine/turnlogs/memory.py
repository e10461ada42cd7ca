"""The numbered events of this process's turns, in memory.

An event's number is its place in the list, so every reader sees the same numbers, and a reader costs nothing but its
own position. A finished turn stays readable for a while, so that a late client gets the whole of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from chatops.engine.errors import NotFoundError
from chatops.engine.events import Event, Record, TurnFinished

KEPT_SECONDS = 300.0
MAX_FINISHED = 1000
"""Finished turns kept at most, the oldest go first: memory stays bounded under any load."""


class _Log:
    __slots__ = ("changed", "events", "finished")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.changed = asyncio.Event()
        self.finished = False

    def add(self, event: Event) -> None:
        self.events.append(event)
        # A fresh flag a change: each reader waits on the one it saw and none can miss or steal a wake-up.
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class MemoryTurnLog:
    """A `TurnLog` for one process.

    Args:
        kept: Seconds that a finished turn stays readable.
    """

    def __init__(self, kept: float = KEPT_SECONDS) -> None:
        self._kept = kept
        self._logs: dict[str, _Log] = {}
        self._finished: dict[str, None] = {}

    async def append(self, turn_id: str, event: Event) -> int:
        log = self._logs.get(turn_id)
        if log is None:
            log = self._logs[turn_id] = _Log()
        if isinstance(event, TurnFinished):
            log.finished = True
            self._retire(turn_id)
        log.add(event)
        return len(log.events)

    async def read(self, turn_id: str, *, after: int = 0) -> AsyncGenerator[Record, None]:
        log = self._logs.get(turn_id)
        if log is None:
            raise NotFoundError("this turn is over and no longer kept: read the conversation instead")
        seq = after
        while True:
            while seq < len(log.events):
                seq += 1
                yield Record(seq, log.events[seq - 1])
            if log.finished:
                return
            await log.changed.wait()

    def _retire(self, turn_id: str) -> None:
        self._finished[turn_id] = None
        asyncio.get_running_loop().call_later(self._kept, self._forget, turn_id)
        if len(self._finished) > MAX_FINISHED:
            self._forget(next(iter(self._finished)))

    def _forget(self, turn_id: str) -> None:
        self._finished.pop(turn_id, None)
        self._logs.pop(turn_id, None)
