"""Every query of accounts, limits and the bots' memory on MongoDB is served by an index; so the server says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from builders import T0
from chatops.bots.ports import Records
from chatops.engine.auth.nouns import Account, ApiToken, Grant, Identity, Session
from chatops.engine.auth.ports import FIELDS, AccountStore
from chatops.engine.limits.counters import keys_of
from chatops.engine.limits.ports import MeterStore, Rate
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_accounts import MongoAccounts
from chatops.engine.stores.mongo_accounts_schema import COLLECTIONS as ACCOUNTS
from chatops.engine.stores.mongo_bots import MongoBots
from chatops.engine.stores.mongo_meter import MongoMeter
from chatops.engine.stores.mongo_meter_schema import COLLECTIONS as METERS
from fakes import SetClock
from metering import entry, hold, opened, slot

ANN = Account(id="ann", name="Ann", role="member", created_at=T0, email="ann@example.com")
SHADOW = Account(id="shadow", name="S", role="member", created_at=T0)
LATER = T0 + 1_000


@pytest.fixture
async def store(mongo_uri: str) -> AsyncGenerator[MongoStore]:
    opened = await MongoStore.open(mongo_uri, driver="pymongo", clock=SetClock(T0))
    yield opened
    await opened.aclose()


class Noted:
    """An adapter that notes which of its methods were called."""

    def __init__(self, adapter: object, port: type) -> None:
        self._adapter = adapter
        self.left = {name for name in dir(port) if not name.startswith("_")}

    def __getattr__(self, name: str) -> Any:
        self.left.discard(name)
        return getattr(self._adapter, name)


async def plans(store: MongoStore) -> list[dict[str, Any]]:
    """What the server did since it was told to watch: every statement that has a plan."""
    await store._db.command({"profile": 0})
    found: list[dict[str, Any]] = await store._db["system.profile"].find({"planSummary": {"$exists": True}}).to_list()
    return found


def check(found: list[dict[str, Any]], collections: set[str]) -> None:
    """No statement read a whole collection, none sorted what an index could have; sums sort what they grouped."""
    assert {row["ns"].partition(".")[2] for row in found} >= collections
    assert [row["command"] for row in found if "COLLSCAN" in row["planSummary"]] == []
    sorting = [row["command"] for row in found if row.get("hasSortStage")]
    assert [command for command in sorting if "aggregate" not in command] == []


async def test_those_of_accounts(store: MongoStore) -> None:
    accounts = Noted(MongoAccounts(store), AccountStore)
    await store._db.command({"profile": 2})
    await accounts.add_account(ANN, password_hash="hash")
    identity = Identity(platform="slack", user_id="U1")
    for _ in range(2):
        await accounts.account_of(identity, shadow=SHADOW)
    await accounts.account("ann")
    await accounts.account_by_email("ann@example.com")
    await accounts.accounts(after="a", limit=5)
    await accounts.accounts_like("an", limit=5)
    await accounts.names(["ann", "shadow"])
    await accounts.password_hash("ann")
    await accounts.update_account("ann", role="admin")
    await accounts.merge("shadow", "ann")
    await accounts.merged_into("ann")
    await accounts.take_over("shadow", "ann")
    await accounts.identities("shadow")
    session = Session(id="s", user_id="ann", source="web", family="f", current="c", created_at=T0, expires_at=LATER)
    await accounts.add_session(session)
    await accounts.session("s", now=T0)
    await accounts.session_of("f", now=T0)
    await accounts.rotate_session("s", current="c", new="d", now=T0, expires_at=LATER)
    await accounts.end_session("s")
    await accounts.end_sessions("ann")
    token = ApiToken(id="t", user_id="ann", name="ci", scopes=frozenset({"chat"}), start="chatops_a", created_at=T0)
    await accounts.add_token(token, "digest")
    await accounts.token_of("digest", now=T0)
    await accounts.tokens("ann")
    await accounts.touch_token("t", now=T0)
    await accounts.delete_token("ann", "t")
    grant = Grant(id="g", kind="link", user_id="shadow", created_at=T0, expires_at=LATER)
    await accounts.put_grant(grant, "code")
    await accounts.put_grant(replace(grant, id="i", kind="invitation"), "other")
    await accounts.grant("link", "code", now=T0)
    await accounts.take_grant("link", "code", now=T0)
    await accounts.invitations(now=T0)
    await accounts.delete_invitation("i")
    for kind in FIELDS:
        for row in await accounts.rows(kind, after="", limit=5):
            await accounts.put_row(kind, row)
    await accounts.forget_identity(identity)
    await accounts.delete_account("ann")

    assert accounts.left == set()
    check(await plans(store), set(ACCOUNTS))


async def test_those_of_limits(store: MongoStore) -> None:
    meter = Noted(MongoMeter(store), MeterStore)
    await store._db.command({"profile": 2})
    rate, keys = Rate(count=9, seconds=60), keys_of("ann", T0)
    holds = (slot(), hold(keys[0]))
    for turn_id in ("1", "2", "3"):
        await meter.admit(opened(turn_id, *holds), holds, rate=("ann", rate), now=T0)
    await meter.hit("ann", rate, now=T0)
    await meter.give_back("ann", rate)
    await meter.renew([opened("1", *holds)])
    await meter.held(opened("1", *holds))
    await meter.settle(opened("1", *holds), entry("1"))
    await MongoMeter(store).settle(opened("1", *holds), entry("1"))
    await meter.release(opened("2", *holds))
    await meter.dead(2 * T0, limit=5)
    await meter.meters(keys)
    await meter.set_allowance("ann", {"requests_per_minute": 1})
    await meter.allowance("ann")
    await meter.allowances(after="", limit=5)
    await meter.hand_over("ann", list(zip(keys, keys_of("bob", T0), strict=True)))
    await meter.set_allowance("ann", None)
    for whose in (None, ["ann", "bob"]):
        for by in ("model", "day", "user", "surface"):
            await meter.usage(whose, since=T0, by=by)
    await meter.put_rows(await meter.rows(after=0, limit=5))
    await meter.put_spent(await meter.spent(after="", limit=5))
    await meter.head()

    assert meter.left == set()
    check(await plans(store), set(METERS) - {"ledger_head"})


async def test_those_of_the_bots(store: MongoStore) -> None:
    clock = SetClock(T0)
    records = Noted(MongoBots(store, clock), Records)
    await store._db.command({"profile": 2})
    for _ in range(2):
        await records.add("reply", "a", {"n": 1}, expires_at=LATER, lease_until=T0)
    await records.put("reply", "b", {"n": 1})
    await records.get("reply", "a")
    await records.claim("reply", "a", until=LATER)
    await records.renew("reply", "a", until=LATER)
    clock.advance(500)
    await records.due("reply", limit=5)
    await records.find("reply", "a", limit=5)
    await records.take("reply", "b")
    clock.advance(10_000)
    await records.sweep()

    assert records.left == set()
    check(await plans(store), {"bot_records"})


async def test_the_profiler_would_tell(store: MongoStore) -> None:
    await store._db.command({"profile": 2})
    await asyncio.gather(store._db.accounts.find({"name": "Ann"}).to_list(), store._db.rates.find({"tat": 1}).to_list())

    with pytest.raises(AssertionError):
        check(await plans(store), set())
