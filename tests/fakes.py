"""Fakes that implement our ports: a scripted provider, a store that fails when told, a clock that is set."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from chatops.engine.errors import RateLimitError, StoreError
from chatops.engine.events import Finished, ProviderEvent, TextDelta, UsageUpdated
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.ports import Limiter, OpenTurn, Rate
from chatops.engine.messages import Message, Usage
from chatops.engine.ports import ChatRequest, Delta, Provider, Store
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_meter import SqliteMeter

T = TypeVar("T")
Step = ProviderEvent | Exception | asyncio.Event | Callable[[], None]
"""What a scripted call does next: yield an event, raise, wait for a flag, or call something."""


def answer(*words: str, tokens: int = 0) -> list[Step]:
    """A script for a complete answer."""
    steps: list[Step] = [TextDelta(word) for word in words]
    if tokens:
        steps.append(UsageUpdated(Usage(input_tokens=1, output_tokens=tokens)))
    return [*steps, Finished("stop")]


@dataclass
class ScriptedProvider:
    """Plays one script a call, in turn; the last one again and again. Keeps the requests it was given."""

    scripts: Sequence[Sequence[Step]]
    name: str = "fake"
    requests: list[ChatRequest] = field(default_factory=list)
    closed: int = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, ProviderEvent):
                    yield step
                else:
                    step()
                await asyncio.sleep(0)
        finally:
            self.closed += 1

    async def models(self) -> list[str]:
        return ["one"]

    def payload(self, request: ChatRequest) -> dict[str, object]:
        return {"model": request.model, "texts": [message.text for message in request.messages]}

    async def aclose(self) -> None:
        self.closed += 1


class FlakyStore(SqliteStore):
    """The real store, which fails the next `failures` journal and final writes."""

    failures = 0
    refusal: Exception | None = None
    """What every final write raises."""
    refused = 0
    beginning: asyncio.Event | None = None
    """What every turn waits for before it is stored."""
    _refusing = False

    @contextmanager
    def refusing(self) -> Generator[None, None, None]:
        """Within it every write fails; `refused` counts them."""
        self._refusing = True
        try:
            yield
        finally:
            self._refusing = False

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        if self._refusing:
            self.refused += 1
            raise StoreError("the disk is full")
        return await super().write(job)

    async def begin_turn(self, *args: Any, **more: Any) -> list[Message]:
        if self.beginning is not None:
            await self.beginning.wait()
        return await super().begin_turn(*args, **more)

    def _maybe_fail(self) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise StoreError("the disk is on fire")

    async def append_deltas(self, batches: Mapping[str, Delta], *, lease_expires_at: int) -> list[str]:
        self._maybe_fail()
        return await super().append_deltas(batches, lease_expires_at=lease_expires_at)

    async def finish_turn(self, message: Message) -> bool:
        self._maybe_fail()
        if self.refusal is not None:
            raise self.refusal
        return await super().finish_turn(message)


class FlakyMeter(SqliteMeter):
    """The real meter, which fails the next `failures` settlements."""

    failures = 0

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        if self.failures > 0:
            self.failures -= 1
            raise StoreError("the disk is on fire")
        return await super().settle(turn, entry)


class SlidingLimiter:
    """A `Limiter` for one process: keeps the time of each hit."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.hits: dict[str, list[int]] = {}

    async def hit(self, key: str, rate: Rate) -> None:
        now, window = self._clock(), rate.seconds * 1000
        recent = [at for at in self.hits.get(key, []) if at > now - window]
        if len(recent) >= rate.count:
            wait = (recent[-rate.count] + window - now) / 1000
            raise RateLimitError("too often; try again later", retry_after=wait)
        self.hits[key] = [*recent, now]


class SetClock:
    """A clock that stands still until it is moved; milliseconds."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


if TYPE_CHECKING:
    _provider: Provider = ScriptedProvider([])
    _store: type[Store] = SqliteStore
    _limiter: Limiter = SlidingLimiter(int)
