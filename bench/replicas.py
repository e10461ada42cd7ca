"""What replicas cost and bring: `python bench/replicas.py`, with a real Redis and a real MongoDB, all on this machine.

Events: many turns that grow at the pace of a model, in one process; processor time of an event in memory alone, with
its copy to Redis, and read from there by another replica; and how late it comes there.
Turns: short ones, by HTTP, on one, two and three processes that share the two cores with their clients, MongoDB and
Redis: what more machines bring is not seen here, but that replicas do not hold each other up.
Letting a turn in: a rate and a slot on MongoDB, and in Redis.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aiohttp import ClientSession  # noqa: TC002 - a script: it is loaded anyway

from chatops.bootstrap import open_meter, open_store
from chatops.engine.events import Event, TextDelta, TurnFinished, TurnStarted
from chatops.engine.ids import new_id, now_ms
from chatops.engine.limits.ports import Hold, MeterStore, OpenTurn, Rate
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Store, TurnLog
from chatops.engine.replicas.link import Link
from chatops.engine.replicas.meter import ReplicatedMeter
from chatops.engine.replicas.opening import open_replicas
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.turnlogs.memory import MemoryTurnLog
from measure import Figure, ratios, rounds, show
from peers.fleet import Fleet, fleet
from peers.mongod import Mongod
from peers.redis import RedisServer

TURNS, EVENTS, GAP = 200, 60, 0.05
"""So many turns at once, each of so many events, one each `GAP` seconds: 4,000 events a second."""
SHORT = 300
"""Short turns in one measurement of the processes."""
CLIENTS = 32
ADMISSIONS = 200
MOST_US = 50.0


async def grow(log: TurnLog, turn_id: str) -> None:
    message = Message(id=turn_id, conversation_id="c", role="assistant", parts=(), created_at=1, seq=2)
    conversation = Conversation(id="c", owner_id="ann", title="", created_at=1, updated_at=1)
    await log.append(turn_id, TurnStarted(conversation, message))
    for _ in range(EVENTS):
        await asyncio.sleep(GAP)
        await log.append(turn_id, TextDelta(f"{time.perf_counter():.6f}"))
    await log.append(turn_id, TurnFinished(message))


async def read(log: TurnLog, turn_id: str, lags: list[float]) -> None:
    seen: list[Event] = []
    async with aclosing(log.read(turn_id)) as batches:
        async for batch in batches:
            now = time.perf_counter()
            if seen:  # what was there before it came is not late
                lags += [now - float(event.text) for event in batch if isinstance(event, TextDelta)]
            seen += batch
    if len(seen) != EVENTS + 2:
        raise RuntimeError(f"a reader had {len(seen)} events of {EVENTS + 2}")


async def events(writer: TurnLog, reader: TurnLog) -> tuple[float, list[float]]:
    """Microseconds of processor time an event, one reader each; how late the events came, in milliseconds."""
    ids, lags = [new_id() for _ in range(TURNS)], list[float]()
    begun = time.process_time()
    async with asyncio.TaskGroup() as group:
        for turn_id in ids:
            group.create_task(grow(writer, turn_id))
        await asyncio.sleep(2 * GAP)  # also the first events are there
        for turn_id in ids:
            group.create_task(read(reader, turn_id, lags))
    return (time.process_time() - begun) * 1e6 / (TURNS * EVENTS), [lag * 1000 for lag in lags]


async def cost_of_events(url: str) -> list[Figure]:
    store = await SqliteStore.open(":memory:")
    here, there = (open_replicas(url, MemoryTurnLog(), store, lives=True) for _ in range(2))
    alone = MemoryTurnLog()
    arms: dict[str, tuple[TurnLog, TurnLog]] = {"alone": (alone, alone), "copied": (here, here), "read": (here, there)}
    cost: dict[str, list[float]] = {name: [] for name in arms}
    lags: list[float] = []
    for _ in range(rounds(5)):
        for name, (writer, reader) in arms.items():
            used, late = await events(writer, reader)
            cost[name].append(used)
            lags = late if name == "read" else lags
    for log in (here, there):
        await log.aclose()
    await store.aclose()
    copied = [with_ - without for with_, without in zip(cost["copied"], cost["alone"], strict=True)]
    elsewhere = [both - one for both, one in zip(cost["read"], cost["copied"], strict=True)]
    return [
        Figure("an event in memory, one reader: CPU", cost["alone"], "us"),
        Figure("its copy to Redis: CPU", copied, "us", most=MOST_US),
        Figure("reading it elsewhere: CPU", elsewhere, "us", most=MOST_US),
        Figure("how late it comes elsewhere, median", [statistics.median(lags)], "ms"),
        Figure("how late it comes elsewhere, 99th percentile", [statistics.quantiles(lags, n=100)[98]], "ms"),
    ]


async def ask(http: ClientSession) -> None:
    async with http.post("/api/chat", json={"message": "one two three"}) as response:
        if response.status != 200 or not (await response.read()).endswith(b"data: [DONE]\n\n"):  # noqa: PLR2004 - OK
            raise RuntimeError("a turn did not end")


async def turns_a_second(made: Fleet, processes: int) -> float:
    """Short turns, spread over so many of the replicas."""
    numbers = iter(range(SHORT))

    async def client() -> None:
        for n in numbers:
            await ask(made.replicas[n % processes].http)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return SHORT / (time.perf_counter() - begun)


async def cost_of_replicas(database: str, redis: str) -> list[Figure]:
    rates: dict[int, list[float]] = {1: [], 2: [], 3: []}
    with tempfile.TemporaryDirectory() as folder:
        async with fleet(Path(folder), 3, database=database, redis=redis, CHATOPS_MODEL="echo:plain") as made:
            await turns_a_second(made, 3)
            for _ in range(rounds(5)):
                for processes, found in rates.items():
                    found.append(await turns_a_second(made, processes))
    return [
        *(Figure(f"turns a second, processes: {n}", found, "") for n, found in rates.items()),
        Figure("3 processes / 1", ratios(rates[3], rates[1]), least=0.6),
    ]


@asynccontextmanager
async def meters(database: str, url: str) -> AsyncGenerator[dict[str, MeterStore], None]:
    store: Store = await open_store(database)
    link = Link(url)
    yield {"database": open_meter(store), "redis": ReplicatedMeter(link, open_meter(store))}
    await link.aclose()
    await store.aclose()


async def admitted(meter: MeterStore, n: int) -> None:
    """Lets a turn in by a rate and a slot, and gives the slot back."""
    now, key = now_ms(), f"turns/person{n % 50}"
    turn = OpenTurn(id=new_id(), until=now + 10_000, holds=[(key, "turns")], record={})
    hold = Hold(key=key, unit="turns", least=1, most=1, limit=1_000, expires_at=now + 10**9)
    await meter.admit(turn, [hold], rate=(key, Rate(count=10**9, seconds=60)), now=now)
    await meter.release(turn)


async def cost_of_admission(database: str, url: str) -> list[Figure]:
    clock: dict[str, list[float]] = {"database": [], "redis": []}
    cpu: dict[str, list[float]] = {"database": [], "redis": []}
    async with meters(database, url) as arms:
        for round_ in range(rounds(5) + 1):
            for name, meter in arms.items():
                begun, used = time.perf_counter(), time.process_time()
                for n in range(ADMISSIONS):
                    await admitted(meter, n)
                if round_:  # the first warms up
                    clock[name].append((time.perf_counter() - begun) * 1000 / ADMISSIONS)
                    cpu[name].append((time.process_time() - used) * 1000 / ADMISSIONS)
    return [
        Figure("a rate and a slot on MongoDB, by the clock", clock["database"], "ms"),
        Figure("in Redis, by the clock", clock["redis"], "ms"),
        Figure("in Redis / on MongoDB, by the clock", ratios(clock["redis"], clock["database"]), most=0.5),
        Figure("in Redis / on MongoDB, CPU here", ratios(cpu["redis"], cpu["database"]), most=0.5),
    ]


async def main() -> None:
    mongod, redis = Mongod(), RedisServer()
    servers: list[Any] = [mongod, redis]
    try:
        for server in servers:
            server.start()
        show("Events through Redis", await cost_of_events(redis.url()))
        show("Letting a turn in", await cost_of_admission(mongod.uri("admission"), redis.url()))
        show("Replicas on this machine", await cost_of_replicas(mongod.uri("turns"), redis.url()))
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    asyncio.run(main())
