"""A place to write that is in memory: it keeps what a person would see, answers slowly, limits, and fails when told."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatops.bots.gates import Lane
from chatops.bots.markup import Limit
from chatops.bots.ports import Question, Received, View
from chatops.bots.surfaces import LimitedError, MissingError, SurfaceError

if TYPE_CHECKING:
    from chatops.bots.ports import Adapter, Platform, Surface


@dataclass
class Limiter:
    """So many calls in so many seconds of the loop's clock, then 429."""

    count: int
    seconds: float
    refused: int = 0
    _calls: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> None:
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        if len(self._calls) >= self.count:
            self.refused += 1
            raise LimitedError("429", self._calls[0] + self.seconds - now)
        self._calls.append(now)


@dataclass
class Call:
    at: float
    kind: str
    ref: str
    text: str


@dataclass
class Wall:
    """What a person sees: messages by reference, in order, and every call with its time."""

    messages: dict[str, View] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    posted: int = 0

    @property
    def text(self) -> str:
        """The answer as it is read: what was added around its parts left out."""
        return "".join(view.part.body for view in self.messages.values())


class FakeSurface:
    """A `Surface` on a wall.

    Args:
        faults: Raised by the next calls, in turn; None lets one pass.
        latency: The least and most seconds a call takes.
        file_fault: Raised for every file.
    """

    waits_for_text = False
    aside = ""

    def __init__(
        self,
        wall: Wall | None = None,
        *,
        limit: Limit = Limit(1900),  # noqa: B008 - frozen
        pace: float = 1.0,
        lane: str = "edit",
        limiter: Limiter | None = None,
        latency: tuple[float, float] = (0.0, 0.0),
        faults: list[SurfaceError | None] | None = None,
        spare: FakeSurface | None = None,
        seed: int = 1,
        most: int = 1000,
        file_fault: SurfaceError | None = None,
    ) -> None:
        self._file_fault = file_fault
        self.most = most
        self.wall = wall or Wall()
        self.limit = limit
        self.faults = faults or []
        self.seen: list[Callable[[Call], None]] = []
        self._lanes = {"edit": Lane(name=lane, pace=pace), "post": Lane(name=f"{lane} post", pace=pace)}
        self._limiters = {"edit": limiter, "post": Limiter(limiter.count, limiter.seconds) if limiter else None}
        self._latency = latency
        self._spare = spare
        self._random = random.Random(seed)  # noqa: S311 - repeatable

    def post_alone(self, lane: str) -> None:
        """New messages have a bucket of their own: it is another channel than everybody's."""
        self._lanes["post"] = Lane(name=lane, pace=self._lanes["post"].pace)

    def lane(self, ref: str | None, view: View) -> Lane:
        return self._lanes["post" if ref is None else "edit"]

    async def post(self, view: View) -> str:
        await self._arrive("post")
        if view.file and self._file_fault:
            raise self._file_fault
        self.wall.posted += 1
        ref = f"m{self.wall.posted}"
        self._show("post", ref, view)
        return ref

    async def edit(self, ref: str, view: View) -> None:
        await self._arrive("edit")
        if ref not in self.wall.messages:
            raise MissingError("no such message")
        self._show("edit", ref, view)

    async def delete(self, ref: str) -> None:
        await self._arrive("edit")
        self.wall.messages.pop(ref, None)

    def fallback(self) -> Surface | None:
        return self._spare

    def address(self) -> dict[str, Any]:
        return {"wall": "here"}

    async def _arrive(self, kind: str) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._random.uniform(*self._latency))
        if (limiter := self._limiters[kind]) is not None:
            limiter.take(loop.time())
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault

    def _show(self, kind: str, ref: str, view: View) -> None:
        self.wall.messages[ref] = view
        call = Call(asyncio.get_running_loop().time(), kind, ref, view.text)
        self.wall.calls.append(call)
        for tell in self.seen:
            tell(call)


class FakeAdapter:
    """An `Adapter` whose every address is one wall's."""

    def __init__(self, surface: FakeSurface, name: Platform = "discord") -> None:
        self.name = name
        self.made = surface

    def surface(self, address: object) -> FakeSurface:
        return self.made

    async def fetch(self, question: Question) -> Received:
        return Received()


if TYPE_CHECKING:
    _surface: Surface = FakeSurface()
    _adapter: Adapter = FakeAdapter(FakeSurface())
