"""Rates, slots, the ledger and who may see and say what, as turns meet them."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from budgets import left, money, with_budget
from chatops.bootstrap import account_store
from chatops.engine.auth.nouns import Account, Identity
from chatops.engine.errors import ConflictError, RateLimitError
from chatops.engine.events import Finished, ReasoningDelta, TextDelta
from chatops.engine.limits.counters import Remaining
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.messages import Principal
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME, Rig, open_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig]:
    async with open_rig(tmp_path / "x.db") as opened:
        yield opened


async def test_without_limits_a_turn_leaves_its_row_and_no_bound(rig: Rig) -> None:
    rig.provider.scripts = [answer("a", tokens=7)]
    message = await rig.ask("hi")

    (row,) = await rig.ledger()
    assert (row.turn_id, row.user_id, row.surface, row.provider, row.model) == (message.id, "local", "cli", "fake", "m")
    assert (row.input_tokens, row.output_tokens, row.cost, row.status, row.estimated) == (1, 7, None, "complete", False)
    assert rig.provider.requests[0].sampling.max_tokens is None
    assert await rig.engine.limits.remaining(ME) == []


async def test_an_unrecorded_turn_is_counted_too(rig: Rig) -> None:
    await rig.engine.start_turn(ME, TurnRequest(text="x", record=False))
    await rig.engine.drain(5)

    assert len(await rig.ledger()) == 1


async def test_a_server_that_tells_no_usage_is_estimated(rig: Rig) -> None:
    rig.provider.scripts = [[ReasoningDelta("y" * 30), TextDelta("x" * 30), Finished("stop")]]
    message = await rig.ask("z" * 30)

    assert message.usage is None
    (row,) = await rig.ledger()
    assert (row.input_tokens, row.output_tokens, row.estimated) == (14, 20, True)


async def test_too_many_turns_in_a_minute_are_refused_with_a_time(tmp_path: Path) -> None:
    policy = Policy(user=Terms(requests_per_minute=2), roles={"admin": Terms(requests_per_minute=3)})
    async with open_rig(tmp_path / "x.db", policy=policy) as rig:
        for _ in range(2):
            await rig.ask("x")
        with pytest.raises(RateLimitError, match="more than 2 turns in 60 s: wait 30 s") as refused:
            await rig.ask("x")

        assert refused.value.retry_after == 30
        await rig.engine.start_turn(Principal(user_id="bob"), TurnRequest(text="x"))
        await rig.engine.start_turn(Principal(user_id="root", role="admin"), TurnRequest(text="x"))
        rig.clock.advance(30_000)
        await rig.ask("x")


async def test_only_so_many_turns_run_at_once_and_an_ended_one_makes_room(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "x.db", policy=Policy(user=Terms(concurrent_turns=2))) as rig:
        rig.provider.scripts = [[asyncio.Event()]]
        turns = [await rig.engine.start_turn(ME, TurnRequest(text="x")) for _ in range(2)]
        with pytest.raises(RateLimitError, match="2 of your answers are being written") as refused:
            await rig.engine.start_turn(ME, TurnRequest(text="x"))

        assert refused.value.retry_after
        await rig.engine.stop(ME, turns[0].id)
        await rig.engine.start_turn(ME, TurnRequest(text="x"))


async def test_a_turn_that_conflicts_holds_nothing(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000), concurrent_turns=2) as rig:
        rig.provider.scripts = [[asyncio.Event()]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
        before = await left(rig)
        for _ in range(5):
            with pytest.raises(ConflictError):
                await rig.engine.start_turn(ME, TurnRequest(text="x", conversation_id=turn.conversation.id))

        assert await left(rig) == before
        assert await rig.ledger() == []


async def test_a_turn_in_a_queue_is_counted_once(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000), requests_per_minute=2) as rig:
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a")]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
        queued = asyncio.create_task(
            rig.engine.start_turn(ME, TurnRequest(text="y", conversation_id=turn.conversation.id, on_busy="queue"))
        )
        await asyncio.sleep(0.02)
        gate.set()
        await rig.over((await queued).id)

        assert [row.status for row in await rig.ledger()] == ["complete"] * 2


async def test_a_turn_that_conflicts_and_then_waits_is_counted_once(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000), requests_per_minute=2) as rig:
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a")]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
        again = TurnRequest(text="y", conversation_id=turn.conversation.id)
        for _ in range(3):
            with pytest.raises(ConflictError):
                await rig.engine.start_turn(ME, again)
        queued = asyncio.create_task(rig.engine.start_turn(ME, replace(again, on_busy="queue")))
        await asyncio.sleep(0.02)
        gate.set()
        await rig.over((await queued).id)

        assert [row.status for row in await rig.ledger()] == ["complete"] * 2
        with pytest.raises(RateLimitError):
            await rig.ask("z")


async def test_what_an_administrator_says_for_a_person_goes_over_their_role(tmp_path: Path) -> None:
    admin = replace(ME, user_id="root", role="admin", scopes=ME.scopes | {"admin"})
    policy = Policy(user=Terms(requests_per_minute=1, concurrent_turns=3))
    async with open_rig(tmp_path / "x.db", policy=policy) as rig:
        limits = rig.engine.limits
        await limits.set_limit(admin, ME.user_id, Terms(requests_per_minute=2))
        said = await limits.set_limit(
            admin, ME.user_id, Terms(budget=Budget(unit="tokens", amount=9_000, period="day"))
        )

        assert said.requests_per_minute == 2
        assert (await limits.terms(ME)).concurrent_turns == 3
        for _ in range(2):
            await rig.ask("x")
        (remaining,) = await limits.remaining(ME)
        assert isinstance(remaining, Remaining)
        assert remaining.counter.budget.amount == 9_000
        await limits.set_limit(admin, ME.user_id, None)
        assert await limits.terms(ME) == policy.user
        with pytest.raises(Exception, match="for administrators"):
            await limits.set_limit(ME, ME.user_id, Terms())


async def test_a_link_takes_what_was_spent_along_and_usage_shows_it(tmp_path: Path) -> None:
    policy = Policy(user=Terms(budget=Budget(unit="tokens", amount=9_000, period="day")))
    async with open_rig(tmp_path / "x.db", policy=policy) as rig:
        accounts, ann, shadow = account_store(rig.store), Principal(user_id="ann"), Principal(user_id="shadow")
        limits = rig.engine.limits
        shadows = Account(id="shadow", name="S", role="member", created_at=0)
        await accounts.account_of(Identity(platform="slack", user_id="U1"), shadow=shadows)
        turn = await rig.engine.start_turn(shadow, TurnRequest(text="x"))
        await rig.over(turn.id)
        (before,) = await limits.remaining(shadow)
        await limits.hand_over("shadow", "ann")
        assert await accounts.merge("shadow", "ann")

        assert before.spent > 0
        assert [one.spent for one in await limits.remaining(ann)] == [before.spent]
        assert [one.spent for one in await limits.remaining(shadow)] == [0]
        assert [(line.key, line.name) for line in await limits.usage(ann, by="user")] == [("shadow", "S")]


async def test_members_see_their_own_usage_and_administrators_all(tmp_path: Path) -> None:
    admin = replace(ME, user_id="root", role="admin", scopes=ME.scopes | {"admin"})
    async with open_rig(tmp_path / "x.db") as rig:
        for user_id in ("ann", "bob"):
            turn = await rig.engine.start_turn(Principal(user_id=user_id), TurnRequest(text="x"))
            await rig.over(turn.id)
        limits = rig.engine.limits

        assert [line.key for line in await limits.usage(Principal(user_id="ann"), by="user")] == ["ann"]
        assert [line.key for line in await limits.usage(admin, by="user")] == ["ann", "bob"]
        assert [line.key for line in await limits.usage(replace(admin, scopes=ME.scopes), by="user")] == []
        assert (await limits.verify(admin)).rows == 2
        with pytest.raises(Exception, match="for administrators"):
            await limits.verify(ME)


async def test_requests_are_counted_by_person_and_by_address(tmp_path: Path) -> None:
    policy = Policy(http_requests_per_minute=2, address_requests_per_minute=1)
    async with open_rig(tmp_path / "x.db", policy=policy) as rig:
        limits = rig.engine.limits
        limits.check_request(ME)
        limits.check_request(ME)
        limits.check_address("192.0.2.1")
        with pytest.raises(RateLimitError, match="more than 2"):
            limits.check_request(ME)
        with pytest.raises(RateLimitError, match="more than 1"):
            limits.check_address("192.0.2.1")
        limits.check_address("192.0.2.2")
