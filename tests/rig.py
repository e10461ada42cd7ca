"""An engine to test: the real embedded store, scripted providers, a clock that is set."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chatops.engine.auth import keys
from chatops.engine.auth.accounts import Accounts
from chatops.engine.events import Record
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Policy
from chatops.engine.limits.price import Price
from chatops.engine.limits.prices import Prices
from chatops.engine.messages import LOCAL_OWNER, Conversation, Message, Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import FlakyMeter, FlakyStore, ScriptedProvider, SetClock, SlidingLimiter, Step, answer

ME = Principal(user_id=LOCAL_OWNER)
SPEC = ModelSpec(id="fake:m", context=1000, max_output=100)


@dataclass
class Rig:
    """An engine over the real embedded store and a scripted provider."""

    engine: Engine
    provider: ScriptedProvider
    other: ScriptedProvider
    store: FlakyStore
    clock: SetClock
    waits: list[float]
    meter: FlakyMeter

    @property
    def accounts(self) -> Accounts:
        assert self.engine.accounts is not None
        return self.engine.accounts

    async def ask(self, text: str = "hi", **request: object) -> Message:
        """Runs a turn to its end, whatever that is, and returns the stored answer."""
        turn = await self.engine.start_turn(ME, TurnRequest(text=text, **request))  # type: ignore[arg-type]  # shorthand
        await self.over(turn.id)
        return await self.store.message(ME.user_id, turn.id)

    async def over(self, turn_id: str) -> None:
        run = self.engine._runs.get(turn_id)
        if run is not None:
            await run.done.wait()

    async def ledger(self) -> list[Entry]:
        return [row.entry for row in await self.meter.rows(after=0, limit=999)]

    async def records(self, turn_id: str, after: int = 0) -> list[Record]:
        return [record async for record in self.engine.attach(ME, turn_id, after=after)]

    async def last(self) -> Conversation:
        return (await self.engine.history.conversations(ME, limit=1))[0]

    async def texts(self) -> list[str]:
        return [message.text async for message in self.engine.history.branch(ME, await self.last())]


@asynccontextmanager
async def open_rig(
    path: Path,
    *scripts: list[Step],
    spec: ModelSpec = SPEC,
    policy: Policy | None = None,
    prices: Mapping[str, Price] | None = None,
) -> AsyncGenerator[Rig, None]:
    clock = SetClock()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    provider = ScriptedProvider(list(scripts) or [answer("Hel", "lo")])
    other = ScriptedProvider([answer("other")], name="other")
    store = await FlakyStore.open(path, clock=clock)
    meter = FlakyMeter(store)
    providers = {"fake": provider, "other": other}
    people = SqliteAccounts(store)
    limits = Limits(
        meters=meter,
        store=store,
        clock=clock,
        policy=policy,
        prices=Prices(prices),
        sleep=sleep,
        people=lambda: people,
    )
    accounts = Accounts(
        store=people,
        history=store,
        limiter=SlidingLimiter(clock),
        handovers=(limits.hand_over,),
        keys=lambda: keys.load({}, path.parent),
        clock=clock,
    )
    engine = Engine(
        store=store,
        providers=providers,
        catalog=Catalog(providers=providers, default=spec.id, specs=[spec]),
        turn_log=MemoryTurnLog(),
        clock=clock,
        sleep=sleep,
        limits=limits,
        accounts=accounts,
    )
    try:
        yield Rig(engine, provider, other, store, clock, waits, meter)
    finally:
        await engine.drain()
        accounts.aclose()
        await store.aclose()
