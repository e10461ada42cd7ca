"""What knowing who asks and limiting them costs a request: `python bench/limits.py`.

A request is: the credential verified and the request counted (both held in this process, as in a server), a turn let in
by its rate, its slot and its budget, and settled with its row in the ledger. It stands beside the same without limits,
as a share of a whole turn of the engine whose model echoes, and of a turn of 100 tokens over HTTP. On SQLite in a file,
and on a MongoDB server that it starts. In turn, medians.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

import gateways
import streaming
from chatops.bootstrap import account_store, open_meter, open_store
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.keys import SigningKeys
from chatops.engine.ids import new_id, now_ms
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.ports import Rate
from chatops.engine.limits.price import NANO, Price
from chatops.engine.limits.prices import Prices
from chatops.engine.limits.rates import LocalLimiter, StoredLimiter
from chatops.engine.messages import Message, Principal, TextPart, Usage, local_principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.echo import EchoProvider
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.turnlogs.memory import MemoryTurnLog
from measure import ROOT, Figure, ratios, rounds, show

sys.path.insert(0, str(ROOT / "tests"))
from peers.mongod import Mongod

ME = Principal(user_id="ann")
SPEC = ModelSpec(id="echo:plain", context=128_000, max_output=1_000)
BUDGET = Budget(unit="money", amount=1_000_000 * NANO, period="month")
LIMITED = Policy(
    user=Terms(requests_per_minute=10**9, concurrent_turns=1_000, budget=BUDGET), http_requests_per_minute=10**9
)
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
        accounts=Accounts(
            store=account_store(store),
            history=store,
            limiter=StoredLimiter(open_meter(store), now_ms),
            keys=lambda: SigningKeys("one", {"one": b"x" * 32}),
        ),
    )
    try:
        yield made
    finally:
        await made.drain(5)
        await store.aclose()


async def requested(made: Engine, token: str) -> None:
    """Who asks, whether they may, and what it used."""
    assert made.accounts is not None  # noqa: S101 - it was given some
    made.limits.check_request(await made.accounts.principal(token, source="api"))
    await admitted(made)


async def signed_in(made: Engine) -> str:
    """An access token."""
    assert made.accounts is not None  # noqa: S101 - likewise
    return (await made.accounts.sign_in(await made.accounts.me(local_principal()))).access_token


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


async def compare(name: str, free_database: str, limited_database: str, over_http: float) -> list[Figure]:
    """`over_http`: CPU milliseconds of a turn of 100 tokens."""
    async with engine(free_database, None) as free, engine(limited_database, LIMITED) as limited:
        arms: dict[str, Callable[[], Awaitable[None]]] = {
            "row alone": partial(admitted, free),
            "request": partial(requested, limited, await signed_in(limited)),
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
    most = MOST_MS if name == "SQLite" else None
    whole = [over_http] * len(cpu["request"])
    return [
        Figure("verify + limit + budget a request: CPU", cpu["request"], "ms", most=most),
        Figure("the same by the clock", clock["request"], "ms", most=most),
        Figure("share of an echo turn, in process: CPU", ratios(cpu["request"], cpu["limited turn"])),
        Figure("share of 100 tokens over HTTP: CPU", ratios(cpu["request"], whole)),
        Figure("a turn's row alone, nothing limited: CPU", cpu["row alone"], "ms"),
        Figure("a limited echo turn to a free one: CPU", ratios(cpu["limited turn"], cpu["turn"])),
    ]


def http_turn_ms() -> float:
    """CPU milliseconds of a turn of 100 tokens in a server with everything on, as `bench/streaming.py` has it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gateways.upstream() as port,
        gateways.chatops(Path(folder, "chatops"), port) as server,
    ):
        streaming.load(server, streaming.C32)  # what is imported on first use is no turn's
        costs = [streaming.load(server, streaming.C32).cost for _ in range(rounds(3))]
    return statistics.median(costs) * streaming.TOKENS / 1000


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
    over_http = http_turn_ms()
    show("Over HTTP", [Figure("a turn of 100 tokens, 32 at once", [over_http], "ms CPU"), local()])
    with tempfile.TemporaryDirectory() as folder:
        free, limited = (f"sqlite:///{Path(folder) / name}" for name in ("free.db", "limited.db"))
        show("On SQLite", await compare("SQLite", free, limited, over_http))
    server = Mongod()
    try:
        server.start()
        figures = await compare("MongoDB", server.uri("free"), server.uri("limited"), over_http)
        show("On MongoDB, a replica set of one, its data in memory", figures)
    finally:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
