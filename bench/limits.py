"""What limits cost: `python bench/limits.py`.

Letting a turn in and settling it, with nothing limited, with a rate, a slot and a budget; beside a whole turn of the
engine, as a share of it. On SQLite in a file; on MongoDB when `CHATOPS_BENCH_MONGO` names a database. In turn, medians.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

from chatops.bootstrap import open_meter, open_store
from chatops.engine.ids import new_id, now_ms
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.ports import Rate
from chatops.engine.limits.price import NANO, Price
from chatops.engine.limits.prices import Prices
from chatops.engine.limits.rates import LocalLimiter
from chatops.engine.messages import Message, Principal, TextPart, Usage
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.echo import EchoProvider
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.turnlogs.memory import MemoryTurnLog
from measure import Figure, ratios, rounds, show

ME = Principal(user_id="ann")
SPEC = ModelSpec(id="echo:plain", context=128_000, max_output=1_000)
BUDGET = Budget(unit="money", amount=1_000_000 * NANO, period="month")
LIMITED = Policy(user=Terms(requests_per_minute=10**9, concurrent_turns=1_000, budget=BUDGET))
MOST_MS = 2.0
EACH = 50


@asynccontextmanager
async def engine(database: str, policy: Policy | None) -> AsyncGenerator[Engine, None]:
    store = await open_store(database)
    prices = Prices({SPEC.id: Price.of(Decimal(1), Decimal(10))})
    limits = Limits(meters=open_meter(store), store=store, clock=now_ms, policy=policy, prices=prices)
    made = Engine(
        store=store,
        providers={"echo": EchoProvider()},
        catalog=Catalog(providers=["echo"], default=SPEC.id, specs=[SPEC]),
        turn_log=MemoryTurnLog(),
        limits=limits,
    )
    try:
        yield made
    finally:
        await made.drain(5)
        await store.aclose()


async def admitted(made: Engine) -> None:
    """Lets a turn in, and settles it."""
    question = Message(id=new_id(), conversation_id="c", role="user", parts=(TextPart(text="hi"),), created_at=now_ms())
    answer = Message(id=new_id(), conversation_id="c", role="assistant", parts=(), created_at=now_ms())

    async def prepare(spec: ModelSpec) -> ChatRequest:
        return ChatRequest(model=spec.name, messages=[question])

    admission = await made.limits.admit(ME, answer, [SPEC], prepare)
    await admission.request(SPEC)
    ended = Message(
        id=answer.id,
        conversation_id="c",
        role="assistant",
        parts=(TextPart(text="hi"),),
        created_at=answer.created_at,
        usage=Usage(input_tokens=1, output_tokens=1),
        provider="echo",
        model="plain",
    )
    await admission.settle(ended)


async def whole_turn(made: Engine) -> None:
    async with made.turn(ME, TurnRequest(text="hi " * 20)) as events:
        async for _ in events:
            pass


async def ms(call: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Milliseconds of one, when one follows the other: by the clock, and of CPU."""
    begun, used = time.perf_counter(), time.process_time()
    for _ in range(EACH):
        await call()
    return (time.perf_counter() - begun) * 1000 / EACH, (time.process_time() - used) * 1000 / EACH


async def compare(name: str, free_database: str, limited_database: str) -> list[Figure]:
    async with engine(free_database, None) as free, engine(limited_database, LIMITED) as limited:
        arms: dict[str, Callable[[], Awaitable[None]]] = {
            "row alone": partial(admitted, free),
            "limits": partial(admitted, limited),
            "turn": partial(whole_turn, free),
            "limited turn": partial(whole_turn, limited),
        }
        clock: dict[str, list[float]] = {arm: [] for arm in arms}
        cpu: dict[str, list[float]] = {arm: [] for arm in arms}
        for round_ in range(rounds(5) + 1):
            for arm, call in arms.items():
                by_clock, by_cpu = await ms(call)
                if round_:  # the first warms up
                    clock[arm].append(by_clock)
                    cpu[arm].append(by_cpu)
    most = MOST_MS if name == "sqlite" else None
    return [
        Figure(f"{name}: a turn's row, no limits: CPU", cpu["row alone"], "ms"),
        Figure(f"{name}: rate, slot, budget, row: CPU", cpu["limits"], "ms", most=most),
        Figure(f"{name}: the same by the clock", clock["limits"], "ms", most=most),
        Figure(f"{name}: share of a limited turn: CPU", ratios(cpu["limits"], cpu["limited turn"])),
        Figure(f"{name}: a limited turn to a free one: CPU", ratios(cpu["limited turn"], cpu["turn"])),
    ]


def local() -> Figure:
    limiter, rate = LocalLimiter(now_ms), Rate(count=10**9, seconds=60)
    times = []
    for _ in range(rounds(5)):
        begun = time.perf_counter()
        for n in range(20_000):
            limiter.hit(f"user/{n % 100}", rate)
        times.append((time.perf_counter() - begun) * 1e6 / 20_000)
    return Figure("a request counted in this process", [statistics.median(times)], "us")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        free, limited = (f"sqlite:///{Path(folder) / name}" for name in ("free.db", "limited.db"))
        show("Limits", [local(), *await compare("sqlite", free, limited)])
    mongo = os.environ.get("CHATOPS_BENCH_MONGO")
    if mongo:
        show("Limits on MongoDB", await compare("mongo", mongo, mongo))


if __name__ == "__main__":
    asyncio.run(main())
