"""The database dies under running turns: readers notice nothing, and when it is back, everything is there."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from chatops.engine.errors import ChatopsError
from chatops.engine.events import Finished, TextDelta
from chatops.engine.ids import now_ms
from chatops.engine.messages import Message, Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import Salvage, Sleep
from chatops.engine.recovery import Recovery
from chatops.engine.requests import Turn, TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_driver import Driver
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import ScriptedProvider, Step
from peers.mongod import Mongod, ReplicaSet

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


def engine_over(
    store: MongoStore, script: list[Step], *, sleep: Sleep = asyncio.sleep, salvage: Salvage | None = None
) -> Engine:
    provider = ScriptedProvider([script])
    return Engine(
        store=store,
        providers={"fake": provider},
        catalog=Catalog(providers={"fake": provider}, default="fake:m", specs=[ModelSpec(id="fake:m")]),
        turn_log=MemoryTurnLog(),
        sleep=sleep,
        salvage=salvage,
    )


async def fifty_turns(uri: str, driver: Driver, kill: Callable[[], None], bring_back: Callable[[], None]) -> None:
    """Runs them through an outage, and looks at what is stored."""
    gone, back = asyncio.Event(), asyncio.Event()
    script: list[Step] = [TextDelta(EARLY), gone, TextDelta(MEANWHILE), back, TextDelta(LATE), Finished("stop")]
    store = await MongoStore.open(uri, driver=driver, clock=now_ms)
    engine = engine_over(store, script)
    turns = await asyncio.gather(*(engine.start_turn(ANN, TurnRequest(text=f"question {n}")) for n in range(TURNS)))
    await asyncio.gather(*(journalled(store, turn) for turn in turns))
    await asyncio.to_thread(kill)
    gone.set()
    await asyncio.gather(*(read_until(engine, turn, EARLY + MEANWHILE) for turn in turns))
    await asyncio.to_thread(bring_back)
    back.set()
    await engine.drain(grace=60)

    for n, turn in enumerate(turns):
        question, answer = await store.messages("ann", turn.conversation.id, limit=9)
        assert (question.text, question.status) == (f"question {n}", "complete")
        assert (answer.text, answer.status) == (EARLY + MEANWHILE + LATE, "complete")
    await store.aclose()


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_fifty_turns_outlive_a_kill_of_the_database(driver: Driver) -> None:
    server = Mongod()
    try:
        server.start()
        await fifty_turns(server.uri("team"), driver, server.kill, server.start)
    finally:
        server.close()


@pytest.mark.slow
async def test_fifty_turns_outlive_a_kill_of_the_primary_of_three() -> None:
    """Nobody brings it back: the others elect one of them."""
    servers = ReplicaSet()
    try:
        servers.start()
        await fifty_turns(servers.uri("team"), "motor", servers.kill_primary, lambda: None)
    finally:
        servers.close()


@pytest.mark.slow
async def test_an_answer_that_the_database_never_takes_is_kept_in_a_file_and_stored_at_the_next_start(
    tmp_path: Path,
) -> None:
    gone = asyncio.Event()
    script: list[Step] = [TextDelta(EARLY), gone, TextDelta(LATE), Finished("stop")]
    recovery = Recovery(tmp_path / "recovery", "team")
    server = Mongod()
    try:
        server.start()
        uri = server.uri("team", options="serverSelectionTimeoutMS=100")
        store = await MongoStore.open(uri)
        engine = engine_over(
            store, script, sleep=lambda seconds: asyncio.sleep(min(seconds, 0.02)), salvage=recovery.keep
        )
        turn = await engine.start_turn(ANN, TurnRequest(text="question"))
        await asyncio.to_thread(server.kill)
        gone.set()
        with pytest.raises(ChatopsError) as told:
            await read_until(engine, turn, "never said")
        (file,) = (tmp_path / "recovery").iterdir()
        assert str(file) in told.value.message
        await store.aclose()

        await asyncio.to_thread(server.start)
        again = await MongoStore.open(server.uri("team"))
        assert await recovery.replay(again) == 1
        answer = await again.message("ann", turn.id)
        assert (answer.text, answer.status) == (EARLY + LATE, "complete")
        await again.aclose()
    finally:
        server.close()
