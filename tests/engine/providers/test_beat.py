"""Answers of one process keep step: what they say between two beats goes on together, their first words at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from itertools import pairwise

from chatops.engine.events import Finished, ProviderEvent, TextDelta
from chatops.engine.providers.beat import GROUP, Beat
from chatops.engine.providers.exchange import Answer, HttpProvider
from chatops.engine.providers.openai_wire import WIRE
from peers.adapters import asking
from peers.dialects import event

FOR_EVER = 3600.0


async def test_an_answer_alone_waits_for_nothing() -> None:
    beat = Beat(share=FOR_EVER)
    with beat.join():
        waiting = beat.next(1)
        with suppress(StopIteration):
            waiting.send(None)
            raise AssertionError("it waits")


async def test_answers_that_keep_company_go_on_in_the_same_moment() -> None:
    beat, moments = Beat(share=0.05), list[int]()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def answer() -> None:
        await beat.next(1)
        moments.append(turns)

    with beat.join(), beat.join():
        counting = asyncio.create_task(count())
        await asyncio.gather(answer(), answer(), answer())
        counting.cancel()

    assert moments == [moments[0]] * 3
    assert moments[0] > 0


async def test_the_more_answers_run_the_longer_is_a_beat_up_to_its_most() -> None:
    beat, seconds = Beat(share=0.5), list[float]()
    with ExitStack() as company:
        for _ in range(50):
            company.enter_context(beat.join())
            seconds.append(beat.seconds)

    assert seconds[:5] == [0.0, 1.0, 2.0, 2.0, 4.0]
    assert seconds[-10:] == [16.0] * 10
    assert all(longer % shorter == 0 for shorter, longer in pairwise(filter(None, seconds)))


async def test_many_answers_are_divided_over_a_beat() -> None:
    beat, moments, turns = Beat(share=0.001), dict[int, int](), 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def answer(number: int) -> None:
        await beat.next(number)
        moments[number] = turns

    with ExitStack() as company:
        numbers = [company.enter_context(beat.join()) for _ in range(2 * GROUP)]
        counting = asyncio.create_task(count())
        await asyncio.gather(*map(answer, numbers))
        counting.cancel()

    assert len(moments) == 2 * GROUP
    groups = [{moments[number] for number in numbers if number % 2 == part} for part in (0, 1)]
    assert not groups[0] & groups[1]
    assert len(groups[0] | groups[1]) <= 3  # a beat may strike while they come


async def test_an_answer_that_is_stopped_on_its_way_to_a_beat_holds_nobody_up() -> None:
    beat = Beat(share=0.002)
    with beat.join(), beat.join():
        stopped, other = asyncio.create_task(beat.next(1)), asyncio.create_task(beat.next(2))
        await asyncio.sleep(0)
        stopped.cancel()
        await other

    assert stopped.cancelled()
    assert beat.seconds == 0.0


class Scripted:
    """A `Transport` whose answers come as `pieces` says; `taken` is how many of them have been asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.taken = 0

    def open(self, path: str, body: bytes | None, *, silence: float) -> AbstractAsyncContextManager[Answer]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Answer]:
        yield Answer(200, {"content-type": "text/event-stream"}, self._chunks())

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            self.taken += 1
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
    with beat.join():
        assert await anext(events) == TextDelta("first")

        waiting = asyncio.ensure_future(anext(events))
        for _ in range(5):
            await asyncio.sleep(0)
        assert transport.taken == 2  # what comes until the beat is read at once then
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
