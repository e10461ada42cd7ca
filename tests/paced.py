"""Answers that grow at 50 tokens a second and are shown on fake walls, in virtual time; with their figures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypedDict

from builders import message
from chatops.bots.answer import Answer
from chatops.bots.gates import Gates
from chatops.bots.markup import Limit
from chatops.bots.ports import Surface
from chatops.bots.reply import Reply
from chatops.engine.messages import Message
from surfaces import FakeSurface, Limiter, Wall

TOKEN = "abc "
PER_SECOND = 50
LATENCY = (0.04, 0.18)


class Place(TypedDict):
    """A platform's pace and length of messages."""

    pace: float
    limit: float


async def unsaved(surface: Surface, refs: Sequence[str]) -> None: ...


async def unstopped() -> None: ...


def reply(answer: Answer, surface: FakeSurface, gates: Gates) -> Reply:
    return Reply(answer, surface, gates, clean=str, saved=unsaved, stop=unstopped)


def ended(text: str) -> Message:
    return message("c", text, role="assistant", finish_reason="stop")


class Figures:
    """How long each character waited for being seen, and when the final form stood."""

    def __init__(self, answer: Answer, surface: FakeSurface) -> None:
        self.answer = answer
        self.surface = surface
        self.produced: list[float] = []
        self.lags: list[float] = []
        self.over_at = 0.0
        self._texts: dict[str, str] = {}

    async def produce(self, seconds: float, per_second: float = PER_SECOND) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(int(seconds * per_second)):
            await asyncio.sleep(1 / per_second)
            self.answer.add(TOKEN)
            self.produced += [loop.time()] * len(TOKEN)
            seen = len(self.surface.wall.text)
            self.lags.append(loop.time() - self.produced[seen] if seen < len(self.produced) else 0.0)
        self.over_at = loop.time()
        self.answer.end(ended(self.answer.text))

    @property
    def p95(self) -> float:
        return sorted(self.lags)[int(len(self.lags) * 0.95)]

    @property
    def final(self) -> float:
        return self.surface.wall.calls[-1].at - self.over_at


async def answers(
    count: int,
    *,
    pace: float,
    limiter: Limiter,
    seconds: float,
    limit: float,
    per_second: float = PER_SECOND,
    in_one_channel: bool = True,
) -> list[Figures]:
    """So many answers at once in one bucket, each on a wall of its own. `in_one_channel`: they also share the bucket
    of new messages.
    """
    gates, figures = Gates(), []
    async with asyncio.TaskGroup() as group:
        for n in range(count):
            answer = Answer(f"t{n}")
            surface = FakeSurface(Wall(), pace=pace, limiter=limiter, latency=LATENCY, limit=Limit(int(limit)), seed=n)
            if not in_one_channel:
                surface.post_alone(f"post {n}")
            figures.append(Figures(answer, surface))
            group.create_task(reply(answer, surface, gates).run())
            group.create_task(figures[-1].produce(seconds, per_second))
    return figures


DISCORD: Place = {"pace": 1.05, "limit": 1900}
SLACK: Place = {"pace": 1.25, "limit": 11_000}
NATIVE: Place = {"pace": 0.65, "limit": 9_000}
"""Slack's own streaming."""
