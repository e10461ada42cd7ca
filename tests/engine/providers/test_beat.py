"""Answers of one process keep step: what they say between two beats goes on together, their first words at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import pairwise
from typing import Self

from chatops.engine.events import Finished, ProviderEvent, TextDelta
from chatops.engine.providers.beat import CROWD, GROUP, Beat
from chatops.engine.providers.exchange import Answer, HttpProvider
from chatops.engine.providers.openai_wire import WIRE
from peers.adapters import asking
from peers.dialects import event

FOR_EVER = 3600.0


class Tap:
    """A `Flow` that tells what it was told."""

    def __init__(self, resumed: Callable[[], None] = lambda: None) -> None:
        self.told: list[str] = []
        self._resumed = resumed

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")
        self._resumed()


@contextmanager
def joined(beat: Beat) -> Generator[int, None, None]:
    """An answer that runs until this is left."""
    yield beat.join()
    beat.leave()


class Turns:
    """Counts the turns of the event loop."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._count())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.count += 1


async def test_an_answer_alone_is_never_held() -> None:
    beat, tap = Beat(share=FOR_EVER), Tap()
    with joined(beat) as number:
        beat.hold(number, tap)

    assert tap.told == []


async def test_answers_that_keep_company_go_on_in_the_same_moment() -> None:
    beat, moments, all_ran = Beat(share=0.05), list[int](), asyncio.Event()
    async with Turns() as turns:

        def resumed() -> None:
            moments.append(turns.count)
            if len(moments) == len(taps):
                all_ran.set()

        taps = [Tap(resumed) for _ in range(3)]
        with joined(beat), joined(beat):
            for tap in taps:
                beat.hold(1, tap)
            await all_ran.wait()

    assert [tap.told for tap in taps] == [["pause", "resume"]] * 3
    assert moments == [moments[0]] * 3
    assert moments[0] > 0


async def test_the_more_answers_run_the_longer_is_a_beat_up_to_its_most() -> None:
    beat, seconds = Beat(share=0.5), list[float]()
    with ExitStack() as company:
        for _ in range(50):
            company.enter_context(joined(beat))
            seconds.append(beat.seconds)

    assert seconds[:5] == [0.0, 1.0, 2.0, 2.0, 4.0]
    assert seconds[-10:] == [16.0] * 10
    assert all(longer % shorter == 0 for shorter, longer in pairwise(filter(None, seconds)))


async def test_beats_of_a_crowd_are_twice_as_long() -> None:
    beat = Beat(share=1)
    with ExitStack() as company:
        for _ in range(CROWD):
            company.enter_context(joined(beat))
        before = beat.seconds
        company.enter_context(joined(beat))

        assert (before, beat.seconds) == (32, 64)


async def test_many_answers_are_divided_over_a_beat() -> None:
    beat, moments, all_ran = Beat(share=0.001), dict[int, int](), asyncio.Event()
    async with Turns() as turns:

        def resumed(number: int) -> None:
            moments[number] = turns.count
            if len(moments) == len(numbers):
                all_ran.set()

        with ExitStack() as company:
            numbers = [company.enter_context(joined(beat)) for _ in range(2 * GROUP)]
            for number in numbers:
                beat.hold(number, Tap(partial(resumed, number)))
            await all_ran.wait()

    groups = [{moments[number] for number in numbers if number % 2 == part} for part in (0, 1)]
    assert not groups[0] & groups[1]
    assert len(groups[0] | groups[1]) <= 3  # a beat may strike while they come


class Scripted:
    """A `Transport` whose answers come as `pieces` says, none while they are held."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.tap = Tap()

    def open(self, path: str, body: bytes | None, *, silence: float) -> AbstractAsyncContextManager[Answer]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Answer]:
        yield Answer(200, {"content-type": "text/event-stream"}, self._chunks(), self.tap)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            while self.tap.told[-1:] == ["pause"]:
                await asyncio.sleep(0)
            yield piece

    def loads(self, text: str) -> object:
        return json.loads(text)

    async def aclose(self) -> None: ...


def said(text: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


ENDED = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n"
ROLE = event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})


async def test_first_words_wait_for_nobody_and_the_next_for_the_beat() -> None:
    beat = Beat(share=FOR_EVER)
    transport = Scripted(ROLE, said("first"), said("second"))
    provider = HttpProvider("acme", WIRE, api_key="k", base_url="http://x", transport=lambda _: transport, beat=beat)
    events = provider.stream(asking("m"))
    with joined(beat):
        assert await anext(events) == TextDelta("first")

        waiting = asyncio.ensure_future(anext(events))
        for _ in range(5):
            await asyncio.sleep(0)
        assert transport.tap.told == ["pause"]
        assert not waiting.done()

        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert beat.seconds == 0.0  # it has left the company


async def test_keeping_step_changes_nothing_of_an_answer() -> None:
    beat, words = Beat(share=0.001), [f"w{n} " for n in range(20)]
    pieces = [ROLE, *map(said, words), ENDED]

    async def answer() -> list[ProviderEvent]:
        transport = Scripted(*pieces)
        made = HttpProvider("acme", WIRE, api_key="k", base_url="http://x", transport=lambda _: transport, beat=beat)
        return [event async for event in made.stream(asking("m"))]

    for events in await asyncio.gather(answer(), answer(), answer()):
        assert "".join(one.text for one in events if isinstance(one, TextDelta)) == "".join(words)
        assert isinstance(events[-1], Finished)
