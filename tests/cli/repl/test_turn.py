"""A turn at the prompt: its end, its remarks, and what becomes of it when it cannot begin or is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.cli.repl.loop import Loop
from chatops.cli.repl.reader import Waiting
from chatops.cli.repl.registry import Command, Registry
from chatops.cli.repl.session import Session
from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import Finished, ReasoningDelta, TextDelta
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME
from talk import Lines, Talk

if TYPE_CHECKING:
    import pytest


@dataclass
class Impatient(Lines):
    """Presses Ctrl-C as soon as something listens for it and `when` is set, and once more."""

    when: asyncio.Event | None = None

    def listening(self, stop: Callable[[], None]) -> AbstractContextManager[Waiting]:
        @contextmanager
        def pressing() -> Generator[Waiting]:
            async def press() -> None:
                if self.when is not None:
                    await self.when.wait()
                for _ in range(2):
                    stop()
                    await asyncio.sleep(0)

            task = asyncio.ensure_future(press())
            yield lambda _: ""
            task.cancel()

        return pressing()


async def impatiently(talk: Talk, registry: Registry, *lines: str, when: asyncio.Event | None = None) -> str:
    reader = Impatient(lines, when=when)
    await Loop(talk.session, reader, registry).run()
    return talk.shown()


EMPTY = Registry()


async def test_ctrl_c_keeps_the_partial_and_says_so(talk: Talk) -> None:
    shown, never = asyncio.Event(), asyncio.Event()
    talk.rig.provider.scripts = [[TextDelta("half"), shown.set, never]]

    assert await impatiently(talk, EMPTY, "one", when=shown) == (
        "half\nstopped; the answer so far is kept: /continue goes on with it\n"
    )
    assert await talk.rig.texts() == ["one", "half"]
    assert talk.session.spent.turns["fake:m"] == 1


async def test_ctrl_c_before_the_turn_begins_sends_nothing(talk: Talk) -> None:
    never = asyncio.Event()
    talk.rig.provider.scripts = [answer("Hello"), [never], answer("late")]
    await talk.say("one")
    conversation = (await talk.rig.last()).id
    running = await talk.rig.engine.start_turn(ME, TurnRequest(text="elsewhere", conversation_id=conversation))
    waits = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, waits.set)
    shown = await impatiently(talk, EMPTY, "two", when=waits)
    await talk.rig.engine.stop(ME, running.id)

    assert "an answer is still being written in this conversation: waiting for its end" in shown
    assert "stopped before an answer came" in shown
    assert await talk.rig.texts() == ["one", "Hello", "elsewhere", ""]


async def test_a_turn_waits_for_the_one_that_runs_elsewhere(talk: Talk) -> None:
    ends = asyncio.Event()
    talk.rig.provider.scripts = [answer("Hello"), [ends, *answer("other")], answer("mine")]
    await talk.say("one")
    conversation = (await talk.rig.last()).id
    await talk.rig.engine.start_turn(ME, TurnRequest(text="elsewhere", conversation_id=conversation))
    asyncio.get_running_loop().call_later(0.05, ends.set)
    shown = await talk.say("two")

    assert shown.startswith("mine\n")
    assert await talk.rig.texts() == ["one", "Hello", "elsewhere", "other", "two", "mine"]


async def test_ctrl_c_ends_a_command_and_not_the_session(talk: Talk) -> None:
    async def slow(session: Session, argument: str) -> None:
        await asyncio.Event().wait()

    registry = Registry(("One", (Command(name="slow", run=slow, help="Waits for ever."),)))
    shown = await impatiently(talk, registry, "/slow", "/slow", when=None)

    assert shown == "stopped\nstopped\n"


async def test_a_prompt_that_cannot_be_sent_is_given_back_with_its_files(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    talk.session.pending.texts["notes"] = "notes:\nx"
    words = "too long " * 5000
    await talk.say(words, "/edit", "short")
    told = capsys.readouterr().err

    assert "chatops: error: the prompt is about" in told
    assert talk.reader.offered[1] == (words, False)
    assert talk.rig.provider.requests[-1].messages[-1].text == "notes:\nx\n\nshort"


async def test_an_edit_that_cannot_be_sent_is_still_an_edit(talk: Talk) -> None:
    await talk.say("one", "/edit", "too long " * 5000, "uno")

    assert talk.reader.offered[3] == ("too long " * 5000, True)
    assert await talk.rig.texts() == ["uno", "Hello"]


async def test_an_edit_is_given_up_by_a_command(talk: Talk) -> None:
    await talk.say("one", "/edit", "/usage", "two")

    assert await talk.rig.texts() == ["one", "Hello", "two", "Hello"]


async def test_remarks_tell_what_the_text_does_not(talk: Talk) -> None:
    talk.rig.provider.scripts = [
        [TextDelta("cut"), Finished("length")],
        [TextDelta("held"), Finished("content_filter")],
    ]
    shown = await talk.say("one", "two")

    assert "reached its maximum length; /continue goes on" in shown
    assert "held back the answer or the rest of it" in shown
    talk.rig.provider.scripts = [[ProviderUnavailableError("gone", provider="fake")]]
    talk.session.asking.fallbacks = ("other:m",)
    assert "fake:m could not answer; this is other:m" in await talk.say("three")


async def test_reasoning_is_shown_beside_the_answer_unless_it_is_not_wanted(talk: Talk) -> None:
    talk.rig.provider.scripts = [[ReasoningDelta("let me see"), *answer("Yes")]]

    assert await talk.say("one") == "Yes\nlet me see\n\n"
    talk.session.look.reasoning = False
    assert await talk.say("one") == "Yes\n"


async def test_a_failed_answer_is_told_and_the_session_goes_on(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.rig.provider.scripts = [[TextDelta("half"), RuntimeError("a defect")], answer("whole")]
    shown = await talk.say("one", "two")

    assert shown == "half\nwhole\n"
    assert "chatops: error: " in capsys.readouterr().err
    assert await talk.rig.texts() == ["one", "half", "two", "whole"]


async def test_a_window_in_use_is_known_after_each_turn(talk: Talk) -> None:
    await talk.say("one")
    assert talk.session.context == (6, 10_000)
    talk.rig.provider.scripts = [answer("no usage")]
    await talk.say("two")
    view = await talk.session.view()
    assert talk.session.context == (view.used, 10_000)
    await talk.say("/new")
    assert talk.session.context == (0, 10_000)
