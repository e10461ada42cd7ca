"""The numbered events of this process's turns, in memory.

An event's number is its place in the list, so every reader sees the same numbers, and a reader costs nothing but its
own position. A finished turn stays readable for a while, so that a late client gets the whole of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence

from chatops.engine.errors import NotFoundError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished

KEPT_SECONDS = 300.0
MAX_FINISHED = 1000
MAX_FINISHED_BYTES = 64 * 2**20
"""Of finished turns at most so many, and so much, is kept; the oldest go first: memory stays bounded under any load."""
_EVENT_BYTES = 64
"""An event without its text: the object and its place in the list."""


class _Log:
    __slots__ = ("_waiting", "events", "finished", "size")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.finished = False
        self.size = 0
        self._waiting: list[asyncio.Future[None]] = []

    def add(self, event: Event) -> None:
        self.events.append(event)
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for reader in waiting:
                if not reader.done():
                    reader.set_result(None)

    async def changed(self) -> None:
        """Waits for the next event."""
        reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(reader)
        try:
            await reader
        except asyncio.CancelledError:
            if reader in self._waiting:
                self._waiting.remove(reader)
            raise

    def measure(self) -> int:
        """Bytes that the events take, about."""
        self.size = sum(map(_size, self.events))
        return self.size


def _size(event: Event) -> int:
    match event:
        case TextDelta(text) | ReasoningDelta(text):
            return _EVENT_BYTES + sys.getsizeof(text)
        case TurnFinished(message):
            return 8 * _EVENT_BYTES + sys.getsizeof(message.text) + sys.getsizeof(message.reasoning)
    return 8 * _EVENT_BYTES


class MemoryTurnLog:
    """A `TurnLog` for one process.

    Args:
        kept: Seconds that a finished turn stays readable.
        most: Finished turns kept at most.
        most_bytes: What they may take together.
    """

    def __init__(
        self, kept: float = KEPT_SECONDS, *, most: int = MAX_FINISHED, most_bytes: int = MAX_FINISHED_BYTES
    ) -> None:
        self._kept = kept
        self._most = most
        self._most_bytes = most_bytes
        self._logs: dict[str, _Log] = {}
        self._finished: dict[str, _Log] = {}
        self._bytes = 0

    def __contains__(self, turn_id: str) -> bool:
        return turn_id in self._logs

    async def append(self, turn_id: str, event: Event) -> int:
        log = self._logs.get(turn_id)
        if log is None:
            log = self._logs[turn_id] = _Log()
        log.finished = isinstance(event, TurnFinished)
        log.add(event)
        if log.finished:
            self._retire(turn_id, log)
        return len(log.events)

    async def read(self, turn_id: str, *, after: int = 0) -> AsyncGenerator[Sequence[Event], None]:
        log = self._logs.get(turn_id)
        if log is None:
            raise NotFoundError("this turn is over and no longer kept: read the conversation instead")
        while True:
            if after < len(log.events):
                batch = log.events[after:]
                after += len(batch)
                yield batch
            elif log.finished:
                return
            else:
                await log.changed()

    def _retire(self, turn_id: str, log: _Log) -> None:
        self._finished[turn_id] = log
        self._bytes += log.measure()
        asyncio.get_running_loop().call_later(self._kept, self._forget, turn_id, log)
        while len(self._finished) > self._most or self._bytes > self._most_bytes:
            oldest = next(iter(self._finished))
            self._forget(oldest, self._finished[oldest])

    def _forget(self, turn_id: str, log: _Log) -> None:
        if self._finished.get(turn_id) is log:
            del self._finished[turn_id], self._logs[turn_id]
            self._bytes -= log.size
