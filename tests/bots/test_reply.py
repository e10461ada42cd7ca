"""One answer on its way to one place, in virtual time: quick, never over the limit, and the final always lands."""

import asyncio
import random

import pytest

from chatops.bots.answer import Answer
from chatops.bots.gates import Gates
from chatops.bots.markup import Limit
from chatops.bots.reply import Reply
from chatops.bots.surfaces import (
    BrokenError,
    ClosedError,
    LimitedError,
    MissingError,
    StoppedError,
    SurfaceError,
    TooLongError,
)
from paced import DISCORD, NATIVE, SLACK, Figures, Place, answers, ended, reply, unsaved, unstopped
from surfaces import FakeSurface, Limiter, Wall
from virtual_time import run


@pytest.mark.parametrize(
    ("place", "count", "seconds", "p95"),
    [(DISCORD, 5, 5.0, 1.2), (SLACK, 50, 60.0, 1.5), (NATIVE, 100, 60.0, 0.8)],
    ids=["discord", "slack", "slack streams"],
)
def test_one_answer_is_seen_as_it_grows(place: Place, count: int, seconds: float, p95: float) -> None:
    limiter = Limiter(count, seconds)
    (figures,) = run(answers(1, limiter=limiter, seconds=38, **place))

    assert limiter.refused == 0
    assert figures.p95 <= p95
    assert max(figures.lags) <= 1.5
    assert figures.final <= place["pace"] + 0.25 + (len(figures.surface.wall.messages) > 4)
    assert figures.surface.wall.text == figures.answer.text.rstrip()


@pytest.mark.parametrize(
    ("place", "count", "seconds"), [(DISCORD, 5, 5.0), (SLACK, 50, 60.0)], ids=["discord", "slack"]
)
def test_three_answers_in_one_bucket_share_it(place: Place, count: int, seconds: float) -> None:
    limiter = Limiter(count, seconds)
    three = run(answers(3, limiter=limiter, seconds=15, **place))

    assert limiter.refused == 0
    assert max(max(figures.lags) for figures in three) <= 3 * place["pace"] + 0.5
    assert max(figures.final for figures in three) <= 3 * place["pace"] + 0.5
    calls = [len(figures.surface.wall.calls) for figures in three]
    assert max(calls) <= min(calls) * 1.5
    assert all(figures.surface.wall.text == figures.answer.text.rstrip() for figures in three)


def test_fifty_answers_in_one_workspace_get_the_same_share_and_all_land() -> None:
    limiter = Limiter(50, 60.0)
    fifty = run(answers(50, limiter=limiter, seconds=130, per_second=4, in_one_channel=False, **SLACK))

    assert limiter.refused == 0
    while_growing = [sum(call.at < figures.over_at for call in figures.surface.wall.calls) for figures in fifty]
    assert max(while_growing) - min(while_growing) <= 1
    assert max(max(figures.lags) for figures in fifty) <= 50 * SLACK["pace"] + 0.5
    assert max(figures.final for figures in fifty) <= 50 * SLACK["pace"] * 1.1
    assert all(figures.surface.wall.text == figures.answer.text.rstrip() for figures in fifty)


@pytest.mark.parametrize("seed", range(5))
def test_a_storm_of_refusals_is_obeyed_and_every_answer_lands(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable
    refusals: list[float] = []

    class Storm(Limiter):
        def take(self, now: float) -> None:
            assert all(now >= until for until in refusals)
            if dice.random() < 0.5:
                wait = dice.uniform(0.5, 5.0)
                refusals.append(now + wait)
                raise LimitedError("429", wait)

    three = run(answers(3, limiter=Storm(10**6, 1.0), seconds=30, **SLACK))

    assert len(refusals) > 3
    assert all(figures.surface.wall.text == figures.answer.text.rstrip() for figures in three)


def test_a_platform_that_allows_less_than_it_said_gets_the_whole_text_without_a_storm() -> None:
    limiter = Limiter(20, 60.0)
    (figures,) = run(answers(1, limiter=limiter, seconds=38, **SLACK))

    assert figures.surface.wall.text == figures.answer.text.rstrip()
    assert limiter.refused <= 10


def test_a_stalled_platform_never_holds_up_who_feeds_the_answer() -> None:
    async def body() -> float:
        answer, surface = Answer("t"), FakeSurface(latency=(10.0, 10.0))
        figures = Figures(answer, surface)
        async with asyncio.TaskGroup() as group:
            group.create_task(reply(answer, surface, Gates()).run())
            group.create_task(figures.produce(5))
        assert surface.wall.text == answer.text.rstrip()
        return figures.over_at

    assert run(body()) == pytest.approx(5.0)


ODD: list[list[SurfaceError | None]] = [
    [LimitedError("429", 30.0)],
    [None, LimitedError("429", 30.0), LimitedError("429", 5.0)],
    [BrokenError("500")] * 6,
    [None, None, BrokenError("reset"), None, BrokenError("silence")],
    [None, MissingError("message_not_found")],
    [None, None, MissingError("50083"), MissingError("50083")],
    [None, TooLongError("msg_too_long")],
    [TooLongError("msg_too_long")] * 5,
    [None, None, ClosedError("channel_not_found")],
    [ClosedError("50001")],
]


@pytest.mark.parametrize("faults", ODD, ids=lambda faults: "-".join(type(f).__name__ for f in faults))
def test_whatever_fails_on_the_way_the_final_text_lands(faults: list[SurfaceError | None]) -> None:
    async def body() -> None:
        direct = FakeSurface(lane="direct")
        answer, surface = Answer("t"), FakeSurface(faults=list(faults), spare=direct, limit=Limit(700))
        async with asyncio.TaskGroup() as group:
            done = group.create_task(reply(answer, surface, Gates()).run())
            group.create_task(Figures(answer, surface).produce(10))
        assert done.result()
        stands = direct if any(isinstance(fault, ClosedError) for fault in faults) else surface
        text = "".join(dict.fromkeys([view.part.body for view in stands.wall.messages.values() if view.part.body]))
        if any(isinstance(fault, MissingError) for fault in faults):
            # In this fake the message is still there: what was posted anew is the answer.
            assert stands.wall.text.endswith(answer.text.rstrip()[-400:])
        else:
            assert stands.wall.text == answer.text.rstrip()
        assert text
        last = list(stands.wall.messages.values())[-1]
        assert (last.controls, last.open) == ("again", False)

    run(body())


def test_a_deleted_message_is_posted_anew_with_the_whole_of_its_part() -> None:
    async def body() -> None:
        answer, surface = Answer("t"), FakeSurface()
        async with asyncio.TaskGroup() as group:
            group.create_task(reply(answer, surface, Gates()).run())
            answer.add("some words ")
            await asyncio.sleep(5)
            surface.wall.messages.clear()
            answer.end(ended("some words and more"))
        assert surface.wall.text == "some words and more"

    run(body())


def test_a_place_that_takes_nothing_is_given_up_after_a_while() -> None:
    async def body() -> bool:
        answer, surface = Answer("t"), FakeSurface(faults=[BrokenError("500")] * 10_000)
        answer.end(ended("text"))
        return await reply(answer, surface, Gates()).run()

    assert run(body()) is False


def test_the_note_of_a_cut_answer_stands_below_it_or_alone() -> None:
    async def body(text: str, limit: int) -> list[str]:
        answer, surface = Answer("t"), FakeSurface(limit=Limit(limit))
        answer.begin(text)
        answer.close("⚠ cut")
        await reply(answer, surface, Gates()).run()
        return [view.text for view in surface.wall.messages.values()]

    assert run(body("half an", 1900)) == ["half an\n\n⚠ cut"]
    assert run(body("", 1900)) == ["⚠ cut"]
    assert run(body("x" * 300, 300)) == ["x" * 300, "⚠ cut"]


def test_messages_of_an_earlier_process_are_edited_and_those_too_many_taken_away() -> None:
    async def body() -> Wall:
        surface, answer = FakeSurface(), Answer("t")
        first = Answer("t")
        first.end(ended("\n\n".join(["word " * 300] * 4)))
        await reply(first, surface, Gates()).run()
        answer.end(ended("short"))
        again = Reply(
            answer, surface, Gates(), clean=str, saved=unsaved, stop=unstopped, refs=list(surface.wall.messages)
        )
        assert await again.run()
        return surface.wall

    wall = run(body())
    assert list(wall.messages) == ["m1"]
    assert wall.text == "short"


def pages(count: int) -> str:
    return "\n\n".join(f"{n} " + "word " * 100 for n in range(count))


@pytest.mark.parametrize("refused", [None, ClosedError("no files"), MissingError("gone"), TooLongError("large")])
def test_what_is_too_long_for_messages_is_a_file_or_where_none_is_taken_more_messages(
    refused: SurfaceError | None,
) -> None:
    async def body() -> tuple[Wall, list[str]]:
        answer, surface = Answer("t"), FakeSurface(limit=Limit(600), most=3, file_fault=refused)
        while_growing: list[str] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(reply(answer, surface, Gates()).run())
            answer.add(pages(9))
            await asyncio.sleep(30)
            while_growing += [view.text for view in surface.wall.messages.values()]
            answer.end(ended(pages(9)))
        return surface.wall, while_growing

    wall, while_growing = run(body())
    views = list(wall.messages.values())
    assert len(while_growing) <= 4
    assert "comes as a file" in while_growing[-1]
    if refused is None:
        assert views[-1].file == pages(9)
        assert "in the file below" in views[-2].text
        assert views[-2].controls == "again"
    else:
        assert wall.text == pages(9).rstrip()
        assert views[-1].controls == "again"


def test_who_stops_an_answer_on_the_platform_stops_its_turn() -> None:
    async def body() -> list[str]:
        answer, surface = Answer("t"), FakeSurface(faults=[None, StoppedError("stopped_by_user")])

        async def stop() -> None:
            answer.begin("some ")
            answer.close("⏹ stopped")

        async with asyncio.TaskGroup() as group:
            group.create_task(Reply(answer, surface, Gates(), clean=str, saved=unsaved, stop=stop).run())
            await asyncio.sleep(2)
            answer.add("some words")
        return [view.text for view in surface.wall.messages.values()]

    assert run(body()) == ["some\n\n⏹ stopped"]
