"""A process that uses up limits; run by the tests as `python meter_process.py DATABASE MODE ...`.

It opens the database, says that it is ready, and waits for a line on standard input.
`rates KEY COUNT TRIES` tries a rate of COUNT a day and prints how often it passed.
`turns AHEAD` starts fifty turns at once, with a clock that is AHEAD milliseconds ahead, and prints how many were let in
and have text in the database. They run until the next line, or until it is killed.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal

from chatops.bootstrap import open_meter, open_store
from chatops.engine.errors import BudgetExceededError
from chatops.engine.events import TextDelta
from chatops.engine.ids import now_ms
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.ports import Rate, RateStore
from chatops.engine.limits.price import NANO, Price
from chatops.engine.limits.prices import Prices
from chatops.engine.messages import Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import ScriptedProvider

ANN = Principal(user_id="ann", role="admin", scopes=frozenset({"chat", "history:read", "admin"}))
SPEC = ModelSpec(id="fake:m", context=100_000, max_output=5_000)
PROMPT = "x" * 120
BUDGET = 3 * (120 + 80 + 5_000)
"""Dollars, for three of these turns at a dollar a token: prompt in bytes, what the format adds, longest answer."""


async def rates(meter: RateStore, key: str, count: str, tries: str) -> None:
    rate = Rate(count=int(count), seconds=86_400)
    waits = await asyncio.gather(*(meter.hit(key, rate, now=now_ms()) for _ in range(int(tries))))
    print(waits.count(0), flush=True)  # noqa: T201 - this is how it tells the test


@asynccontextmanager
async def opened(database: str, ahead: int = 0) -> AsyncGenerator[Engine, None]:
    """An engine whose answers begin and never end, with a budget for three of them."""

    def clock() -> int:
        return now_ms() + ahead

    store = await open_store(database, clock=clock)
    provider = ScriptedProvider([[TextDelta("x" * 30), asyncio.Event()]])
    policy = Policy(user=Terms(budget=Budget(unit="money", amount=BUDGET * NANO, period="month")))
    dollar = Price.of(Decimal(1_000_000), Decimal(1_000_000))
    engine = Engine(
        store=store,
        providers={"fake": provider},
        catalog=Catalog(providers=["fake"], default=SPEC.id, specs=[SPEC]),
        turn_log=MemoryTurnLog(),
        clock=clock,
        limits=Limits(
            meters=open_meter(store), store=store, clock=clock, policy=policy, prices=Prices({SPEC.id: dollar})
        ),
    )
    try:
        yield engine
    finally:
        await engine.drain()
        await store.aclose()


async def turns(engine: Engine) -> None:
    asked = (engine.start_turn(ANN, TurnRequest(text=PROMPT)) for _ in range(50))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, BudgetExceededError) for one in found if isinstance(one, BaseException)), found
    started = [one for one in found if not isinstance(one, BaseException)]
    for turn in started:
        while not (await engine._store.message(ANN.user_id, turn.id)).text:
            await asyncio.sleep(0.02)
    print(len(started), flush=True)  # noqa: T201 - likewise


async def wait() -> None:
    await asyncio.to_thread(sys.stdin.readline)


async def main(database: str, mode: str, *args: str) -> None:
    if mode == "turns":
        async with opened(database, int(args[0])) as engine:
            print("ready", flush=True)  # noqa: T201 - likewise
            await wait()
            await turns(engine)
            await wait()
        return
    store = await open_store(database)
    print("ready", flush=True)  # noqa: T201 - likewise
    await wait()
    await rates(open_meter(store), *args)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
