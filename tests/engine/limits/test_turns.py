"""Limits as turns meet them: over the real embedded store, with a scripted model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatops.engine.errors import BudgetExceededError, ConflictError, InvalidRequestError, ProviderError, RateLimitError
from chatops.engine.events import Finished, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.journal import BATCH_BYTES
from chatops.engine.limits.admission import LEASE_MS, TRIES
from chatops.engine.limits.dead import GRACE_MS
from chatops.engine.limits.limits import Remaining
from chatops.engine.limits.money import NANO, Price
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.messages import Principal, Sampling, Usage
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME, SPEC, Rig, open_rig

DOLLAR_A_TOKEN = Price.of(Decimal(1_000_000), Decimal(1_000_000))
"""For input and answer alike: amounts of money are then tokens too."""
PRICES = {SPEC.id: DOLLAR_A_TOKEN}
PROMPT = 100
"""Bytes of a prompt, with what a request of one message adds, are 180 tokens at most."""
SENT = PROMPT + 5 * 16


def money(dollars: int, period: Any = "month") -> Budget:
    return Budget(unit="money", amount=dollars * NANO, period=period)


def with_budget(path: Path, budget: Budget, **terms: Any) -> AbstractAsyncContextManager[Rig]:
    return open_rig(path / "x.db", policy=Policy(user=Terms(budget=budget, **terms)), prices=PRICES)


async def left(rig: Rig) -> list[tuple[int, int]]:
    """Spent and held of each budget, in dollars or tokens."""
    unit = {"money": NANO, "tokens": 1}
    found = await rig.engine.limits.remaining(ME)
    return [(one.spent // unit[one.counter.budget.unit], one.held // unit[one.counter.budget.unit]) for one in found]


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


async def test_a_budget_is_held_while_the_turn_runs_and_charged_what_it_used(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a", tokens=7)]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT))

        assert await left(rig) == [(0, SENT + 100)]
        gate.set()
        await rig.over(turn.id)
        assert await left(rig) == [(1 + 7, 0)]
        message = await rig.store.message(ME.user_id, turn.id)
        assert message.usage == Usage(input_tokens=1, output_tokens=7, cost=8 * NANO)
        assert (await rig.ledger())[0].cost == 8 * NANO


async def test_an_answer_is_clamped_to_what_is_left(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(SENT + 100 + SENT + 60)) as rig:
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a", tokens=7)]]
        first = await rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT))
        asking = TurnRequest(text="y" * PROMPT, sampling=Sampling(max_tokens=80))
        with pytest.raises(BudgetExceededError, match="held by answers that are being written"):
            await rig.engine.start_turn(ME, asking)
        shorter = replace(asking, sampling=Sampling(max_tokens=50))
        await rig.engine.start_turn(ME, shorter)

        assert await left(rig) == [(0, 2 * SENT + 150)]
        gate.set()
        await rig.over(first.id)
        await rig.engine.drain(5)
        assert [request.sampling.max_tokens for request in rig.provider.requests] == [100, 50]


async def test_a_long_answer_gets_what_a_short_one_leaves(tmp_path: Path) -> None:
    spec = replace(SPEC, context=100_000, max_output=5_000)
    policy = Policy(user=Terms(budget=money(SENT + 300)))
    async with open_rig(tmp_path / "x.db", spec=spec, policy=policy, prices=PRICES) as rig:
        await rig.ask("x" * PROMPT)

        assert rig.provider.requests[0].sampling.max_tokens == 300


async def test_a_refusal_says_what_is_left_and_when_more_comes(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(SENT + 110)) as rig:
        rig.clock.now = int(datetime(2026, 11, 30, 23, 0, tzinfo=UTC).timestamp() * 1000)
        rig.provider.scripts = [answer("a", tokens=100)]
        await rig.ask("x" * PROMPT)
        with pytest.raises(BudgetExceededError) as refused:
            await rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT))

        assert refused.value.message == (
            "this prompt and a short answer may need $280.00, and of your budget ($290.00 a month) $189.00 is left;"
            " it renews on 2026-12-01 (UTC)"
        )
        assert refused.value.retry_after == 3600
        assert len(rig.provider.requests) == 1
        assert len(await rig.store.conversations(ME.user_id, limit=9)) == 1
        rig.clock.advance(3_600_000)
        await rig.ask("x" * PROMPT)


async def test_a_prompt_that_no_period_pays_is_told_so(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(SENT)) as rig:
        with pytest.raises(BudgetExceededError, match=r"your budget is \$180.00 a month: send less") as refused:
            await rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT))

        assert refused.value.retry_after is None


async def test_a_turn_over_midnight_is_charged_to_the_day_it_began_in(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000, "day")) as rig:
        rig.clock.now = int(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a", tokens=7)]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
        rig.clock.advance(2_000)

        assert await left(rig) == [(0, 0)]
        gate.set()
        await rig.over(turn.id)
        assert await left(rig) == [(0, 0)]
        rig.clock.advance(-2_000)
        assert await left(rig) == [(8, 0)]


async def test_fifty_turns_at_once_with_a_budget_for_three(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(3 * (SENT + 100))) as rig:
        rig.provider.scripts = [[asyncio.Event()]]
        started = await asyncio.gather(
            *(rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT)) for _ in range(50)), return_exceptions=True
        )
        refused = [one for one in started if isinstance(one, BudgetExceededError)]

        assert len(refused) == 47
        assert all(error.retry_after for error in refused)
        assert await left(rig) == [(0, 3 * (SENT + 100))]
        await rig.engine.drain()
        assert await left(rig) == [(3 * 38, 0)]
        assert [(row.status, row.estimated) for row in await rig.ledger()] == [("interrupted", True)] * 3


async def test_tokens_are_a_budget_too_and_need_no_price(tmp_path: Path) -> None:
    budget = Budget(unit="tokens", amount=SENT + 250, period="day")
    async with open_rig(tmp_path / "x.db", policy=Policy(user=Terms(budget=budget))) as rig:
        rig.provider.scripts = [answer("a", tokens=99)]
        await rig.ask("x" * PROMPT)

        assert await left(rig) == [(100, 0)]
        with pytest.raises(BudgetExceededError, match="330 tokens is left"):
            await rig.ask("x" * (PROMPT + 100))


async def test_an_unknown_price_is_an_error_and_not_zero(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "x.db", policy=Policy(user=Terms(budget=money(5)))) as rig:
        with pytest.raises(InvalidRequestError, match=r'nobody said what fake:m costs.*\[models."fake:m"\] price'):
            await rig.ask("hi")

        assert rig.provider.requests == []


async def test_every_budget_must_have_room_and_all_are_charged(tmp_path: Path) -> None:
    policy = Policy(
        user=Terms(budget=money(1000)),
        surfaces={"slack": money(500), "api": money(1)},
        token=Budget(unit="tokens", amount=400, period="day"),
    )
    me = replace(ME, source="slack", token_id="t1")
    async with open_rig(tmp_path / "x.db", policy=policy, prices=PRICES) as rig:
        rig.provider.scripts = [answer("a", tokens=7)]
        turn = await rig.engine.start_turn(me, TurnRequest(text="x"))
        await rig.over(turn.id)
        found = await rig.engine.limits.remaining(me)

        assert [(one.counter.whose, one.spent) for one in found] == [
            ("your budget", 8 * NANO),
            ("the budget of slack", 8 * NANO),
            ("this token's budget", 8),
        ]
        assert [one.left for one in found] == [992 * NANO, 492 * NANO, 392]
        with pytest.raises(BudgetExceededError, match="the budget of api"):
            await rig.engine.start_turn(replace(me, source="api"), TurnRequest(text="x"))
        other = await rig.engine.limits.remaining(replace(me, user_id="bob", token_id=None))
        assert [one.spent for one in other] == [0, 8 * NANO]


async def test_a_failed_turn_that_used_nothing_is_charged_nothing(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        rig.provider.scripts = [[ProviderError("no", provider="fake", code="provider_rejected")]]
        await rig.ask("x")

        assert await left(rig) == [(0, 0)]
        (row,) = await rig.ledger()
        assert (row.status, row.input_tokens, row.cost, row.estimated) == ("failed", 0, 0, False)


async def test_a_stopped_answer_is_charged_an_estimate_of_what_came(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        rig.provider.scripts = [
            [UsageUpdated(Usage(input_tokens=9, output_tokens=1)), TextDelta("x" * 30), asyncio.Event()]
        ]
        async with rig.engine.turn(ME, TurnRequest(text="x")) as events:
            async for _, event in events:
                if isinstance(event, TextDelta):
                    break

        assert await left(rig) == [(9 + 10, 0)]
        (row,) = await rig.ledger()
        assert (row.status, row.output_tokens, row.estimated) == ("interrupted", 10, True)


async def test_a_server_that_tells_no_usage_is_estimated(rig: Rig) -> None:
    rig.provider.scripts = [[ReasoningDelta("y" * 30), TextDelta("x" * 30), Finished("stop")]]
    message = await rig.ask("z" * 30)

    assert message.usage is None
    (row,) = await rig.ledger()
    assert (row.input_tokens, row.output_tokens, row.estimated) == (14, 20, True)


async def test_a_server_that_ignores_the_maximum_is_cut_off(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        rig.provider.scripts = [[*(TextDelta("x" * 100) for _ in range(1000)), Finished("stop")]]
        message = await rig.ask("hi", sampling=Sampling(max_tokens=10))

        assert (message.status, message.finish_reason) == ("complete", "length")
        assert len(message.text) == 1200
        assert rig.provider.closed == 1
        (row,) = await rig.ledger()
        assert (row.output_tokens, row.estimated) == (400, True)


async def test_a_fallback_that_the_budget_does_not_pay_is_not_asked(tmp_path: Path) -> None:
    policy = Policy(user=Terms(budget=money(1000)))
    prices = {**PRICES, "other:m": Price.of(Decimal(10**9), Decimal(10**9))}
    async with open_rig(tmp_path / "x.db", policy=policy, prices=prices) as rig:
        rig.provider.scripts = [[ProviderError("no", provider="fake")]]
        await rig.ask("x", fallbacks=("other:m",))

        assert rig.other.requests == []


async def test_the_dearest_model_of_the_route_is_held(tmp_path: Path) -> None:
    policy = Policy(user=Terms(budget=money(100_000)))
    prices = {**PRICES, "other:m": Price.of(Decimal(2_000_000), Decimal(2_000_000))}
    async with open_rig(tmp_path / "x.db", policy=policy, prices=prices) as rig:
        rig.provider.scripts = [[asyncio.Event()]]
        asking = TurnRequest(text="x" * PROMPT, fallbacks=("other:m",), sampling=Sampling(max_tokens=10))
        await rig.engine.start_turn(ME, asking)

        assert await left(rig) == [(0, 2 * (SENT + 10))]


async def test_an_option_whose_cost_is_unknown_is_refused_under_a_budget_only(tmp_path: Path) -> None:
    asking = Sampling(extra={"n": 8})
    async with with_budget(tmp_path, money(1000)) as rig:
        with pytest.raises(InvalidRequestError, match="the option n cannot be used under a budget"):
            await rig.ask("x", sampling=asking)
    async with open_rig(tmp_path / "y.db") as rig:
        await rig.ask("x", sampling=asking)


async def test_a_call_may_have_a_maximum_cost_without_any_budget(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "x.db", prices=PRICES) as rig:
        await rig.ask("x" * PROMPT, max_cost=Decimal(SENT + 40))
        assert rig.provider.requests[0].sampling.max_tokens == 40
        with pytest.raises(BudgetExceededError, match=r"the prompt alone may cost \$180.00 with fake:m"):
            await rig.ask("x" * PROMPT, max_cost=Decimal(SENT))
        with pytest.raises(InvalidRequestError, match="nobody said what other:m costs"):
            await rig.ask("x", model="other:m", max_cost=Decimal(1))
        with pytest.raises(InvalidRequestError, match="between 0 and"):
            await rig.ask("x", max_cost=Decimal(-1))

        assert len(rig.provider.requests) == 1


async def test_too_many_turns_in_a_minute_are_refused_with_a_time(tmp_path: Path) -> None:
    policy = Policy(user=Terms(requests_per_minute=2), roles={"admin": Terms(requests_per_minute=3)})
    async with open_rig(tmp_path / "x.db", policy=policy) as rig:
        for _ in range(2):
            await rig.ask("x")
        with pytest.raises(RateLimitError, match="more than 2 in 60 s: wait 30 s") as refused:
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


async def test_a_cancelled_start_holds_nothing(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000), concurrent_turns=1) as rig:
        for steps in range(12):
            starting = asyncio.create_task(rig.engine.start_turn(ME, TurnRequest(text="x")))
            for _ in range(steps):
                await asyncio.sleep(0.0005)
            starting.cancel()
            results = await asyncio.gather(starting, return_exceptions=True)
            if not isinstance(results[0], BaseException):
                await rig.over(results[0].id)
        await rig.engine.drain()

        assert (await left(rig))[0][1] == 0
        assert await rig.meter.dead(rig.clock() + 10**9, limit=9) == []


async def die(rig: Rig, text: str = "x" * 30) -> str:
    """A turn whose process is gone when it has written `text`."""
    rig.provider.scripts = [[TextDelta(text), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x" * PROMPT))
    while not (await rig.store.message(ME.user_id, turn.id)).text:
        await asyncio.sleep(0.01)
    run = rig.engine._runs.pop(turn.id)
    for task in rig.engine._tasks:
        task.cancel()
    assert run is not None
    await asyncio.gather(*rig.engine._tasks, return_exceptions=True)
    return turn.id


async def test_a_dead_turn_is_settled_to_what_its_stored_answer_can_have_cost(tmp_path: Path) -> None:
    spec = replace(SPEC, context=100_000, max_output=5_000)
    policy = Policy(user=Terms(budget=money(10_000)))
    async with open_rig(tmp_path / "x.db", spec=spec, policy=policy, prices=PRICES) as rig:
        turn_id = await die(rig)
        rig.clock.advance(LEASE_MS + GRACE_MS)

        assert await left(rig) == [(0, SENT + 5_000)]
        rig.clock.advance(1)
        assert await left(rig) == [(SENT + 30 + BATCH_BYTES, 0)]
        (row,) = await rig.ledger()
        assert (row.turn_id, row.status, row.estimated) == (turn_id, "abandoned", True)
        assert (row.input_tokens, row.output_tokens, row.cost) == (
            SENT,
            30 + BATCH_BYTES,
            (SENT + 30 + BATCH_BYTES) * NANO,
        )


async def test_a_dead_turn_is_never_charged_more_than_it_held(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(SENT + 100)) as rig:
        await die(rig)
        rig.clock.advance(LEASE_MS + GRACE_MS + 1)

        assert await left(rig) == [(SENT + 100, 0)]


async def test_whoever_is_refused_settles_the_dead_first(tmp_path: Path) -> None:
    spec = replace(SPEC, context=100_000, max_output=5_000)
    policy = Policy(user=Terms(budget=money(SENT + 5_000)))
    async with open_rig(tmp_path / "x.db", spec=spec, policy=policy, prices=PRICES) as rig:
        await die(rig)
        with pytest.raises(BudgetExceededError):
            await rig.ask("x" * PROMPT)
        rig.clock.advance(LEASE_MS + GRACE_MS + 1)
        rig.provider.scripts = [answer("a")]
        await rig.ask("x" * PROMPT)

        assert [row.status for row in await rig.ledger()] == ["abandoned", "complete"]


async def test_a_run_that_was_given_up_ends_when_it_learns_of_it(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        rig.provider.scripts = [[TextDelta("half"), asyncio.Event()]]
        turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
        (admitted,) = await rig.meter.dead(rig.clock() + 10**9, limit=9)
        await rig.meter.release(admitted)
        with pytest.raises(BudgetExceededError, match="away for too long"):
            await rig.engine._runs[turn.id]._admission.renew()


async def test_a_row_that_cannot_be_written_at_once_is_tried_again(tmp_path: Path) -> None:
    async with with_budget(tmp_path, money(1000)) as rig:
        rig.provider.scripts = [answer("a", tokens=7)]
        rig.meter.failures = TRIES - 1
        await rig.ask("x")

        assert await left(rig) == [(8, 0)]
        assert rig.waits == [0.25 * 2**trial for trial in range(TRIES - 1)]


async def test_an_answer_is_whole_also_without_its_row_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_rig(tmp_path / "x.db") as rig:
        rig.meter.failures = TRIES
        message = await rig.ask("x")

        assert message.status == "complete"
        assert await rig.ledger() == []
    assert "has no row in the usage ledger: the disk is on fire; it would be Entry(turn_id=" in caplog.text


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
        assert (await limits.terms(ME)) == policy.user
        with pytest.raises(Exception, match="for administrators"):
            await limits.set_limit(ME, ME.user_id, Terms())


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
