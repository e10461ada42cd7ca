"""Replicas to test: engines over one database and one Redis, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chatops.engine.events import Record
from chatops.engine.messages import Message
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.replicas.opening import open_replicas
from chatops.engine.replicas.timing import Timing
from chatops.engine.replicas.turn_log import ReplicatedTurnLog
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import ScriptedProvider, Step, answer
from rig import ME

HURRY = Timing(renew=0.3, appears=5.0, patience=1.2, silence=0.3, look=0.05)
SPEC = ModelSpec(id="fake:m", context=10_000, max_output=1_000)


@dataclass
class Replica:
    """One of them."""

    engine: Engine
    provider: ScriptedProvider
    store: SqliteStore
    turn_log: ReplicatedTurnLog

    async def start(self, **request: object) -> str:
        turn = await self.engine.start_turn(ME, TurnRequest(**{"text": "hi", **request}))  # type: ignore[arg-type]  # shorthand
        return turn.id

    async def records(self, turn_id: str, after: int = 0) -> list[Record]:
        return [record async for record in self.engine.attach(ME, turn_id, after=after)]

    async def message(self, turn_id: str) -> Message:
        return await self.store.message(ME.user_id, turn_id)


@asynccontextmanager
async def open_replica(path: Path, url: str, *scripts: list[Step]) -> AsyncGenerator[Replica, None]:
    provider = ScriptedProvider(list(scripts) or [answer("Hel", "lo")])
    store = await SqliteStore.open(path)
    turn_log = open_replicas(url, MemoryTurnLog(), store, lives=True, timing=HURRY)
    providers = {"fake": provider}
    engine = Engine(
        store=store,
        providers=providers,
        catalog=Catalog(providers=providers, default=SPEC.id, specs=[SPEC]),
        turn_log=turn_log,
        replicas=turn_log,
    )
    try:
        yield Replica(engine, provider, store, turn_log)
    finally:
        await engine.drain()
        await turn_log.aclose()
        await store.aclose()


async def until(holds: Callable[[], object]) -> None:
    """Waits for something that another task or process does."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)
