"""Nobody reads or writes what is another's, through any call of accounts, their administration, and limits.

As `test_ownership`: the calls are collected from the classes, so one that is added is attacked too, or fails here until
this test knows what to give it. What proves itself by a secret instead of a principal is given everything but that.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth_rig import CHEAP, OWNER, PASSWORD, T0
from builders import conversation, kept, turn
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.administration import Administration
from chatops.engine.auth.digests import digest
from chatops.engine.auth.keys import SigningKeys
from chatops.engine.auth.nouns import Account, Identity, Session
from chatops.engine.beginning import Beginning
from chatops.engine.errors import ChatopsError
from chatops.engine.limits.counters import keys_of
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.rates import StoredLimiter
from chatops.engine.messages import Message, Principal, TextPart
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from chatops.engine.stores.sqlite_meter import SqliteMeter
from fakes import SetClock
from metering import admit, entry, hold, opened

SECRET = "zebra"
PLACES: dict[str, type] = {"accounts": Accounts, "admin": Administration, "limits": Limits}
BY_A_SECRET = {"login", "logout", "principal", "refresh", "register"}
"""Calls of somebody who has no principal yet: they prove who they are."""
OF_THE_PROGRAM = {
    "aclose",
    "check_address",
    "hand_over",
    "prepare",
    "principal_for",
    "registration",
    "sign_in",
    "unlink",
}
"""Calls of whoever runs the engine, or of a bot that knows who asks, not of a person."""


def calls() -> list[tuple[str, str]]:
    """Every public method that a person calls: where it stands, and its name."""
    found = []
    for where, kind in PLACES.items():
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("_") or name in OF_THE_PROGRAM:
                continue
            asks = "principal" in inspect.signature(method).parameters
            assert asks or name in BY_A_SECRET, f"{where}.{name} does not ask who calls"
            found.append((where, name))
    return found


@dataclass
class Scene:
    """Ann, with all that somebody can have, and Eve, a member like her."""

    places: dict[str, Any]
    store: SqliteAccounts
    history: SqliteStore
    meter: SqliteMeter
    ann: str
    eve: str
    things: dict[str, str]
    """Ids of what is Ann's, by the name of the parameter that takes such a one."""
    digests: tuple[str, ...]
    """What her secrets are looked up by; last that of a code that links `waiting`."""

    async def theirs(self) -> str:
        """All that Ann has, as text."""
        store, meter, ann = self.store, self.meter, self.ann
        found: list[object] = [await store.account(one) for one in (ann, "shadow", "waiting")]
        found += [await store.identities(one) for one in ("shadow", "waiting")]
        found += [await store.merged_into(ann), await store.tokens(ann), await store.password_hash(ann)]
        found += [await store.session("session", now=T0), await store.invitations(now=T0)]
        found += [await store.grant("link", self.digests[-1], now=T0)]
        found += [await meter.allowance(ann), await meter.meters(keys_of(ann, T0)), await meter.held(opened("turn"))]
        found += [await meter.rows(after=0, limit=3), await self.history.conversations(ann, limit=9)]
        return "\n".join(map(repr, found))


@asynccontextmanager
async def scene() -> AsyncGenerator[Scene]:
    clock = SetClock(T0)
    history = await SqliteStore.open(":memory:", clock=clock)
    store, meter = SqliteAccounts(history), SqliteMeter(history)
    accounts = Accounts(
        store=store,
        history=history,
        limiter=StoredLimiter(meter, clock),
        keys=lambda: SigningKeys("one", {"one": b"x" * 32}),
        policy=CHEAP,
        clock=clock,
    )
    policy = Policy(user=Terms(budget=Budget(unit="tokens", amount=9_000, period="month")))
    limits = Limits(meters=meter, store=history, clock=clock, policy=policy, people=lambda: store)
    try:
        ann = await victim(accounts, store, meter)
        await kept(history, SECRET, owner_id=ann)
        things, digests = await possessions(accounts, store, ann)
        eve = await accounts.admin.add(OWNER, email="eve@example.com", name="Eve", password=PASSWORD)
        places = {"accounts": accounts, "admin": accounts.admin, "limits": limits}
        yield Scene(places, store, history, meter, ann, eve.id, things, digests)
    finally:
        accounts.aclose()
        await history.aclose()


async def victim(accounts: Accounts, store: SqliteAccounts, meter: SqliteMeter) -> str:
    """Ann's id: an account with a budget of her own, usage, and a platform user who is hers."""
    await accounts.admin.add(OWNER, email="owner@example.com", name="Owner", password=PASSWORD)
    ann = await accounts.admin.add(OWNER, email=f"{SECRET}@example.com", name=SECRET, password=PASSWORD)
    for user_id in ("shadow", "waiting"):
        shadow = Account(id=user_id, name=f"{SECRET} on Slack", role="member", created_at=T0)
        await store.account_of(Identity(platform="slack", user_id=user_id), shadow=shadow)
    await store.merge("shadow", ann.id)
    await meter.set_allowance(ann.id, {"requests_per_minute": 7})
    key = keys_of(ann.id, T0)[3]
    await admit(meter, "turn", hold(key))
    await admit(meter, "spent", hold(key))
    await meter.settle(opened("spent", hold(key)), entry("spent", user_id=ann.id, model=SECRET))
    await meter.settle(None, entry("older", user_id="shadow", model=SECRET))
    return ann.id


async def possessions(accounts: Accounts, store: SqliteAccounts, ann: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """A token, a sign-in, an invitation and a code: their ids and digests."""
    token, secret = await accounts.create_token(Principal(user_id=ann), name=SECRET, scopes={"chat"})
    session = Session(
        id="session",
        user_id=ann,
        source="web",
        family=digest("family"),
        current=digest("secret"),
        created_at=T0,
        expires_at=T0 + 10_000,
    )
    await store.add_session(session)
    grant, invitation = await accounts.admin.invite(OWNER, email=f"{SECRET}2@example.com")
    code = await accounts.link_code(Principal(user_id="waiting", source="slack"))
    digests = (digest(secret), digest(invitation), digest("family"), f"{digest('family')}.{digest('secret')}")
    return {"token_id": token.id, "grant_id": grant.id}, (token.start, *digests, digest(code))


def beginning(owner_id: str) -> Beginning:
    made = conversation(owner_id)
    return Beginning(conversation=made, rows=turn(made.id), lease_expires_at=T0)


def values(scene: Scene, name: str) -> st.SearchStrategy[Any]:
    """What an attacker might give for a parameter of this name."""
    ids = st.sampled_from([scene.ann, "shadow", "waiting", scene.eve])
    secrets = st.sampled_from(scene.digests)
    addresses = st.sampled_from([f"{SECRET}@example.com", "eve@example.com", "owner@example.com"])
    known: dict[str, st.SearchStrategy[Any]] = {
        "principal": attackers(scene),
        "user_id": ids,
        **{name: st.just(one) for name, one in scene.things.items()},
        "credential": secrets,
        "refresh_token": secrets,
        "code": secrets,
        "invitation": st.none() | secrets,
        "ref": ids | addresses | ids.map(lambda one: one[:8]),
        "after": st.none() | ids,
        "email": addresses,
        "name": st.just("Eve was here"),
        "password": st.just("wrong horse") | secrets,
        "old": st.sampled_from([PASSWORD, "wrong horse"]),
        "new": st.just("another horse"),
        "address": st.none() | st.just("192.0.2.1"),
        "source": st.sampled_from(["api", "web"]),
        "role": st.sampled_from(["admin", "member"]),
        "disabled": st.booleans(),
        "scopes": st.sets(st.sampled_from(["chat", "admin"])),
        "expires_in": st.just(60.0),
        "limit": st.just(50),
        "whole": st.booleans(),
        "terms": st.none() | st.just(Terms(requests_per_minute=1)),
        "since": st.just(0),
        "by": st.sampled_from(["user", "model", "day", "surface"]),
        "answer": st.sampled_from(["turn", "new"]).map(
            lambda one: Message(id=one, conversation_id="c", role="assistant", parts=(), created_at=T0)
        ),
        "route": st.just([ModelSpec(id="fake:m", context=1000, max_output=100)]),
        "prepare": st.just(prepare),
        "max_cost": st.none(),
        "recorded": st.booleans(),
        "counted": st.booleans(),
        "beginning": st.none() | ids.map(beginning),
    }
    assert name in known, f"tell this test what to give for {name}"
    return known[name]


def attackers(scene: Scene) -> st.SearchStrategy[Principal]:
    """Eve as she may sign in, and as an administrator or by a token that lacks the other half."""
    return st.builds(
        lambda rights, token_id, source: Principal(user_id=scene.eve, token_id=token_id, source=source, **rights),
        st.sampled_from([{}, {"scopes": OWNER.scopes}, {"role": "admin"}]),
        st.none() | st.just("hers"),
        st.sampled_from(["api", "web", "slack"]),
    )


async def prepare(spec: ModelSpec) -> ChatRequest:
    parts = (TextPart(text="hi"),)
    question = Message(id="q", conversation_id="c", role="user", parts=parts, created_at=T0)
    return ChatRequest(model=spec.name, messages=[question])


async def attack(made: Scene, before: str, where: str, name: str, data: st.DataObject) -> None:
    call: Callable[..., Any] = getattr(made.places[where], name)
    given = {one: data.draw(values(made, one), label=one) for one in inspect.signature(call).parameters}
    result: Any = None
    with suppress(ChatopsError):
        result = call(**given)
        result = await result if inspect.isawaitable(result) else result

    assert SECRET not in repr(result)
    assert made.ann not in repr(result)
    assert await made.theirs() == before


@pytest.mark.parametrize(("where", "name"), calls())
def test_no_call_gives_away_or_changes_what_is_anothers(where: str, name: str) -> None:
    with asyncio.Runner() as runner:
        opened = scene()
        made = runner.run(opened.__aenter__())
        before = runner.run(made.theirs())

        @settings(max_examples=25)
        @given(data=st.data())
        def attacked(data: st.DataObject) -> None:
            runner.run(attack(made, before, where, name, data))

        try:
            attacked()
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def test_ann_finds_all_of_it() -> None:
    """Else there would be nothing to attack."""
    async with scene() as made:
        ann = Principal(user_id=made.ann)
        accounts, limits = made.places["accounts"], made.places["limits"]

        assert [token.name for token in await accounts.tokens(ann)] == [SECRET]
        assert {line.name for line in await limits.usage(ann, by="user")} == {SECRET, f"{SECRET} on Slack"}
        assert (await limits.terms(ann)).requests_per_minute == 7
        assert [(one.spent, one.held) for one in await limits.remaining(ann)] == [(15, 100)]
        text = await made.theirs()
        assert text.count(SECRET) > 6
        assert all(kind in text for kind in ("ApiToken(", "Session(", "'link'", "'invitation'", "Row(", "Identity("))
