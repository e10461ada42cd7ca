"""Two processes on one database: what one is asked, the other does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chatops.bots.buttons import Buttons
from chatops.bots.desk import Desk, Parts, open_desk
from chatops.bots.memory import Memory
from chatops.bots.policy import Policy
from chatops.bots.ports import Person, Place, Question
from chatops.engine.ids import now_ms
from chatops.engine.stores.sqlite_bots import SqliteBots
from chatops.sections import BotRules
from fakes import Step, answer
from peers.journal import until
from rig import open_rig
from surfaces import FakeAdapter, FakeSurface, Wall

ANN = Person(id="1", name="Ann")
PLACE = Place(key="p", channels=["p"], is_direct=True)
ASKED = Question(id="q", platform="discord", person=ANN, place=PLACE, text="hi", address={"wall": "here"})


@dataclass
class Process:
    """A desk with its own engine on the database that it shares, and what it wrote."""

    desk: Desk
    wall: Wall

    async def press(self, action: str, turn: str) -> str:
        return await Buttons(self.desk).press(action, turn, ANN, PLACE)


@asynccontextmanager
async def process(path: Path, *scripts: list[Step]) -> AsyncGenerator[Process]:
    surface = FakeSurface(pace=0.01)
    async with open_rig(path / "chatops.db", *scripts) as rig:
        parts = Parts(
            engine=rig.engine,
            adapter=FakeAdapter(surface),
            memory=Memory(SqliteBots(rig.store), "discord", now_ms),
            policy=Policy(BotRules),
            clean=str,
        )
        async with open_desk(parts, grace=0) as desk:
            yield Process(desk, surface.wall)


async def test_stop_at_one_process_ends_an_answer_that_another_writes(tmp_path: Path) -> None:
    gate = asyncio.Event()
    first, *rest = answer("some words ", "never")
    async with process(tmp_path, [first, gate, *rest]) as writes, process(tmp_path) as asked:
        await writes.desk.receive(ASKED)
        await until(lambda: "some words" in writes.wall.text)
        (view,) = writes.wall.messages.values()
        assert "ends within seconds" in await asked.press("stop", view.turn_id)
        await writes.desk.look_around()
        await until(lambda: writes.wall.messages["m1"].controls == "again")

        assert writes.wall.messages["m1"].text == "some words\n\n⏹ stopped"
        assert await asked.press("stop", view.turn_id) == "This answer is over."
        assert await writes.desk.memory.wanted_stops() == []


async def test_the_word_stop_at_another_process_ends_the_answer_too(tmp_path: Path) -> None:
    gate = asyncio.Event()
    first, *rest = answer("some words ", "never")
    async with process(tmp_path, [first, gate, *rest]) as writes, process(tmp_path) as asked:
        await writes.desk.receive(ASKED)
        await until(lambda: "some words" in writes.wall.text)
        await asked.desk.receive(replace(ASKED, id="q2", text="Stop!"))
        while not await asked.desk.memory.wanted_stops():
            await asyncio.sleep(0.01)
        await writes.desk.look_around()
        await until(lambda: writes.wall.messages["m1"].controls == "again")

        assert asked.wall.messages == {}


async def test_regenerate_at_another_process_is_answered_by_it(tmp_path: Path) -> None:
    async with process(tmp_path, answer("one")) as writes, process(tmp_path, answer("two")) as asked:
        await writes.desk.receive(ASKED)
        await until(lambda: any(view.controls == "again" for view in writes.wall.messages.values()))
        (view,) = writes.wall.messages.values()
        assert await asked.press("again", view.turn_id) == ""
        await until(lambda: "two" in asked.wall.text)
