"""Brings the events of this process' turns to Redis: what came in a beat, of all turns, in one round trip.

Nobody waits for it. What is not there yet lies in the process' own log, so that the time without Redis costs no memory
here; when Redis is back, it gets what it lacks, or all of a turn that it has forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Any, NamedTuple

from chatops.engine.errors import NotFoundError, StoreError
from chatops.engine.events import Event, TurnFinished, TurnStarted
from chatops.engine.ports import TurnLog
from chatops.engine.replicas import keys
from chatops.engine.replicas.entries import packed
from chatops.engine.replicas.link import Argument, Command, Link
from chatops.engine.replicas.scripts import SEND
from chatops.engine.replicas.timing import Timing

RUNNING_MS = 60_000
"""How long the events of a turn stay whose process died."""
KEPT_MS = 300_000
"""How long those of an ended turn do: as in the process that ran it."""
MAX_ENTRIES = 100_000
"""Of one turn: more than an hour at full speed, some 10 MB. Of a longer one its beginning goes."""
MOST_BYTES = 2**20
"""Of events in one call; a single batch may be larger."""
WAITS = (0.1, 0.25, 0.5, 1.0, 2.0)
"""Seconds before Redis is tried again."""
LAST_SECONDS = 2.0
"""What a process that ends gives to its last events."""


class _Batch(NamedTuple):
    """What a turn gained: `last` is the number of its last event."""

    turn_id: str
    first: int
    last: int
    entry: str
    ended: bool


def _calls(batches: Sequence[_Batch]) -> Iterator[list[_Batch]]:
    """Batches for one call each: after a time without Redis there may be much."""
    together: list[_Batch] = []
    size = 0
    for batch in batches:
        if together and size + len(batch.entry) > MOST_BYTES:
            yield together
            together, size = [], 0
        together.append(batch)
        size += len(batch.entry)
    if together:
        yield together


class Outbox:
    """Events on their way. `run` is its task; `add` never waits.

    Args:
        log: This process' own; everything that is added here was added there before.
    """

    def __init__(self, link: Link, log: TurnLog, timing: Timing) -> None:
        self._link = link
        self._log = log
        self._timing = timing
        self._sent: dict[str, int] = {}
        """How many events of each turn that is not brought to its end Redis has."""
        self._pending: set[str] = set()
        self._wake = asyncio.Event()

    def add(self, turn_id: str, event: Event) -> None:
        """Says that a turn gained an event. Of a turn that is not stored (its message has no number) nobody else can
        know: it stays here.
        """
        if isinstance(event, TurnStarted) and event.message.seq:
            self._sent[turn_id] = 0
        if turn_id in self._sent:
            self._pending.add(turn_id)
            self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled."""
        loop = asyncio.get_running_loop()
        failures, renewed = 0, loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.renew):
                    await self._wake.wait()
            begun = loop.time()
            try:
                if begun - renewed >= self._timing.renew:
                    await self._renew()
                    renewed = begun
                await self._send()
            except StoreError:  # the link has told it
                self._wake.set()
                await asyncio.sleep(WAITS[min(failures, len(WAITS) - 1)])
                failures += 1
            else:
                failures = 0
                await asyncio.sleep(max(0.0, begun + self._timing.beat - loop.time()))

    async def flush(self) -> None:
        """Sends what is there now, if Redis takes it soon."""
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while self._pending:
                    await self._send()

    async def _send(self) -> None:
        """Raises `StoreError`; what was not sent stays pending."""
        self._wake.clear()
        pending, self._pending = self._pending, set()
        try:
            batches = [batch for turn_id in pending if (batch := await self._batch(turn_id)) is not None]
            for together in _calls(batches):
                for batch, answer in zip(together, await self._sent_together(together), strict=True):
                    self._answered(batch, answer)
        except BaseException:
            self._pending |= pending & self._sent.keys()
            raise

    async def _sent_together(self, batches: Sequence[_Batch]) -> list[Any]:
        arguments: list[Argument] = [RUNNING_MS, KEPT_MS]
        for batch in batches:
            arguments += (batch.first, batch.last, batch.entry, "e" if batch.ended else "")
        found: list[Any] = await self._link.evaluate(SEND, [keys.turn(batch.turn_id) for batch in batches], arguments)
        return found

    async def _batch(self, turn_id: str) -> _Batch | None:
        sent = self._sent[turn_id]
        try:
            async with aclosing(self._log.read(turn_id, after=sent)) as batches:
                events = await anext(batches)
        except (NotFoundError, StopAsyncIteration):  # it ended so long ago that nobody will ask
            del self._sent[turn_id]
            return None
        last = sent + len(events)
        return _Batch(turn_id, sent + 1, last, packed(events), isinstance(events[-1], TurnFinished))

    def _answered(self, batch: _Batch, answer: Any) -> None:
        if answer == 0:  # forgotten, all or in part: all of it again
            self._again(batch.turn_id)
        elif isinstance(answer, bytes):
            raise StoreError(answer.decode("utf-8", "replace"))
        elif batch.ended:
            del self._sent[batch.turn_id]
        else:
            self._sent[batch.turn_id] = batch.last

    async def _renew(self) -> None:
        """Lets no running turn expire or grow without bounds, and notices those that are forgotten."""
        begun = [turn_id for turn_id, sent in self._sent.items() if sent]
        long = [turn_id for turn_id in begun if self._sent[turn_id] > MAX_ENTRIES]
        commands: list[Command] = [("PEXPIRE", keys.turn(turn_id), RUNNING_MS) for turn_id in begun]
        commands += [("XTRIM", keys.turn(turn_id), "MAXLEN", "~", MAX_ENTRIES) for turn_id in long]
        there = await self._link.together(commands) if commands else []
        for turn_id, answer in zip(begun, there, strict=False):
            if not answer and turn_id in self._sent:
                self._again(turn_id)

    def _again(self, turn_id: str) -> None:
        self._sent[turn_id] = 0
        self._pending.add(turn_id)
        self._wake.set()
