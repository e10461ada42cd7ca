"""The database dies under running turns: readers notice nothing, and when it is back, everything is there."""

import asyncio
from contextlib import aclosing

import pytest

from chatops.engine.events import Finished, TextDelta
from chatops.engine.ids import now_ms
from chatops.engine.messages import Message, Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.requests import Turn, TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_driver import Driver
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import ScriptedProvider, Step
from peers.mongod import Mongod

ANN = Principal(user_id="ann")
TURNS = 50
EARLY, MEANWHILE, LATE = "journalled before, ", "told while the database is gone, ", "and after."


async def read_until(engine: Engine, turn: Turn, text: str) -> None:
    """Follows a turn until its answer holds `text`."""
    seen = ""
    async with aclosing(engine.attach(ANN, turn.id)) as records:
        async for record in records:
            if isinstance(record.event, TextDelta):
                seen += record.event.text
            if text in seen:
                return


async def journalled(store: MongoStore, turn: Turn) -> Message:
    while not (message := await store.message("ann", turn.id)).text:
        await asyncio.sleep(0.02)
    return message


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_fifty_turns_outlive_a_kill_of_the_database(driver: Driver) -> None:
    gone, back = asyncio.Event(), asyncio.Event()
    script: list[Step] = [TextDelta(EARLY), gone, TextDelta(MEANWHILE), back, TextDelta(LATE), Finished("stop")]
    provider = ScriptedProvider([script])
    server = Mongod()
    server.start()
    try:
        store = await MongoStore.open(server.uri("team"), driver=driver, clock=now_ms)
        engine = Engine(
            store=store,
            providers={"fake": provider},
            catalog=Catalog(providers={"fake": provider}, default="fake:m", specs=[ModelSpec(id="fake:m")]),
            turn_log=MemoryTurnLog(),
        )
        turns = await asyncio.gather(*(engine.start_turn(ANN, TurnRequest(text=f"question {n}")) for n in range(TURNS)))
        await asyncio.gather(*(journalled(store, turn) for turn in turns))
        server.kill()
        gone.set()
        await asyncio.gather(*(read_until(engine, turn, EARLY + MEANWHILE) for turn in turns))
        await asyncio.to_thread(server.start)
        back.set()
        await engine.drain(grace=60)

        for n, turn in enumerate(turns):
            question, answer = await store.messages("ann", turn.conversation.id, limit=9)
            assert (question.text, question.status) == (f"question {n}", "complete")
            assert (answer.text, answer.status) == (EARLY + MEANWHILE + LATE, "complete")
        await store.aclose()
    finally:
        server.close()
