"""Titles by a model: after the first turn, beside everything else, and never instead of a person's own."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import Entitled, TextDelta, TurnFinished
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Policy, Terms
from chatops.engine.limits.prices import Prices
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.titles import CHEAP, TitlePolicy, Titler, clean
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import FlakyMeter, FlakyStore, ScriptedProvider, SetClock, Step, answer
from rig import ME, Rig


class Titled:
    """An engine whose model answers, and one beside it that names."""

    def __init__(self, store: FlakyStore, script: list[Step], policy: Policy | None = None) -> None:
        clock = SetClock()
        meter = FlakyMeter(store)
        self.namer = ScriptedProvider([script], name="namer")
        answering = ScriptedProvider([answer("An ", "answer")])
        providers = {"fake": answering, "namer": self.namer}
        catalog = Catalog(providers=providers, default="fake:m", specs=[ModelSpec(id="fake:m", context=1000)])
        self.engine = Engine(
            store=store,
            providers=providers,
            catalog=catalog,
            turn_log=MemoryTurnLog(),
            clock=clock,
            limits=Limits(meters=meter, store=store, clock=clock, policy=policy, prices=Prices(free={"fake", "namer"})),
            titles=TitlePolicy(model="namer:small"),
        )
        self.rig = Rig(self.engine, answering, answering, store, clock, [], meter)

    async def title(self) -> str:
        """The last conversation's title when all naming is over."""
        assert self.engine._titler is not None
        await asyncio.gather(*self.engine._titler._tasks)
        return (await self.rig.last()).title


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[FlakyStore, None]:
    made = await FlakyStore.open(tmp_path / "db")
    yield made
    await made.aclose()


async def test_a_new_conversation_gets_a_title_from_the_model(store: FlakyStore) -> None:
    titled = Titled(store, answer('"Capital of ', 'France."\nor so'))
    await titled.rig.ask("what is the capital of France?")

    assert await titled.title() == "Capital of France"
    shown = titled.namer.requests[0].messages[-1].text
    assert "what is the capital of France?" in shown
    assert "An answer" in shown


async def test_a_title_is_counted_like_an_answer(store: FlakyStore) -> None:
    titled = Titled(store, answer("A title", tokens=3))
    await titled.rig.ask("one")
    await titled.title()

    lines = await titled.engine.limits.usage(ME, by="model")
    assert {(line.key, line.output_tokens) for line in lines if line.key == "namer:small"} == {("namer:small", 3)}


async def test_only_the_first_turn_asks_for_one(store: FlakyStore) -> None:
    titled = Titled(store, answer("A title"))
    await titled.rig.ask("one")
    await titled.title()
    await titled.rig.ask("two", conversation_id=(await titled.rig.last()).id)
    await titled.title()

    assert len(titled.namer.requests) == 1


async def test_a_turn_that_is_not_kept_gets_none(store: FlakyStore) -> None:
    titled = Titled(store, answer("A title"))
    turn = await titled.engine.start_turn(ME, TurnRequest(text="x", record=False))
    await titled.rig.over(turn.id)

    assert titled.namer.requests == []


async def test_a_long_answers_title_comes_while_it_is_written_and_every_reader_is_told(store: FlakyStore) -> None:
    titled, go = Titled(store, answer("A title")), asyncio.Event()
    titled.rig.provider.scripts = [[TextDelta("word " * 100), go, *answer("end")]]
    turn = await titled.engine.start_turn(ME, TurnRequest(text="one"))
    assert titled.engine._titler is not None
    await asyncio.gather(*titled.engine._titler._tasks)
    go.set()
    await titled.rig.over(turn.id)

    events = [event for _, event in await titled.rig.records(turn.id)]
    assert [type(event).__name__ for event in events[:3]] == ["TurnStarted", "TextDelta", "Entitled"]
    assert events[2] == Entitled(turn.conversation.id, "A title")
    assert isinstance(events[-1], TurnFinished)
    assert await titled.title() == "A title"
    (shown,) = titled.namer.requests
    assert "word word" in shown.messages[-1].text


async def test_a_title_that_is_refused_beside_the_answer_is_asked_for_after_it(store: FlakyStore) -> None:
    one_place = Policy(user=Terms(concurrent_turns=1))
    titled, go = Titled(store, answer("A title"), one_place), asyncio.Event()
    titled.rig.provider.scripts = [[TextDelta("word " * 100), go, *answer("end")]]
    turn = await titled.engine.start_turn(ME, TurnRequest(text="one"))
    go.set()
    await titled.rig.over(turn.id)

    assert await titled.title() == "A title"


async def test_an_answer_that_breaks_off_early_gets_none(store: FlakyStore) -> None:
    titled = Titled(store, answer("A title"))
    titled.rig.provider.scripts = [[TextDelta("wo"), ProviderUnavailableError("gone", provider="fake")]]
    await titled.rig.ask("the first words")

    assert await titled.title() == "the first words"
    assert titled.namer.requests == []


async def test_a_title_that_a_person_gave_stays(store: FlakyStore) -> None:
    named = asyncio.Event()
    titled = Titled(store, [named, *answer("A title")])
    await titled.rig.ask("one")
    await titled.engine.history.rename(ME, (await titled.rig.last()).id, "Mine")
    named.set()

    assert await titled.title() == "Mine"


@pytest.mark.parametrize(
    "script", [[ProviderUnavailableError("gone", provider="namer")], answer(" \n"), [RuntimeError("a defect")]]
)
async def test_what_fails_leaves_the_first_words(store: FlakyStore, script: list[Step]) -> None:
    titled = Titled(store, script)
    await titled.rig.ask("the first words")

    assert await titled.title() == "the first words"


async def test_a_shutdown_does_not_wait_for_a_title(store: FlakyStore) -> None:
    titled = Titled(store, [asyncio.Event()])
    await titled.rig.ask("the first words")
    await titled.engine.drain()

    assert (await titled.rig.last()).title == "the first words"
    assert titled.engine._titler is not None
    assert not titled.engine._titler._tasks


async def test_a_model_that_talks_on_is_not_listened_to(store: FlakyStore) -> None:
    titled = Titled(store, answer(*["words "] * 1000))
    await titled.rig.ask("one")

    assert len(await titled.title()) <= 60
    assert titled.namer.closed == 1


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("openai:gpt-5", CHEAP["openai"]),
        ("openai:some-server's", "openai:some-server's"),
        ("other:m", "other:m"),
        ("local:smollm2-135m-instruct", None),
        ("echo:plain", None),
    ],
)
async def test_the_model_asked_is_a_cheap_one_where_one_is_known(
    store: FlakyStore, model: str, asked: str | None
) -> None:
    from builders import conversation

    catalog = Catalog(providers=["openai", "other", "local", "echo"], default="openai:gpt-5")
    engine = Engine(store=store, providers={}, catalog=catalog, turn_log=MemoryTurnLog())
    spec = Titler(engine.turn, store, catalog, TitlePolicy(), MemoryTurnLog())._spec(conversation(model=model))

    assert (spec.id if spec else None) == asked


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("## **Paris**", "Paris"),
        ("Title: The sky", "The sky"),
        ("\n\n“Ein Titel.”\nmehr", "Ein Titel"),
        ("a\x1b]0;evil\x07b\u202ec", "a ]0;evil b c"),
        ("x" * 100, "x" * 59 + "…"),
        ("...", ""),
        ("", ""),
    ],
)
def test_decoration_is_taken_off(said: str, title: str) -> None:
    assert clean(said) == title
