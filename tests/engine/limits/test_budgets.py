"""Budgets as turns meet them: over the real embedded store, with a scripted model."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from budgets import PRICES, PROMPT, SENT, left, money, with_budget
from chatops.engine.errors import BudgetExceededError, InvalidRequestError, ProviderError
from chatops.engine.events import Finished, TextDelta, UsageUpdated
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.price import NANO, Price
from chatops.engine.messages import Sampling, Usage
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME, SPEC, open_rig


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
