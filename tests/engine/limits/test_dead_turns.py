"""Turns that are cut off in between: what they held is given back, and charged what they can have used."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from budgets import PRICES, PROMPT, SENT, left, money, with_budget
from chatops.engine.errors import BudgetExceededError
from chatops.engine.events import TextDelta
from chatops.engine.journal import BATCH_BYTES
from chatops.engine.limits.admission import TRIES
from chatops.engine.limits.dead import GRACE_MS
from chatops.engine.limits.leases import LEASE_MS
from chatops.engine.limits.policy import Policy, Terms
from chatops.engine.limits.price import NANO
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME, SPEC, Rig, open_rig


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
        await rig.engine.limits._means.leases.renew()

        await rig.over(turn.id)
        message = await rig.store.message(ME.user_id, turn.id)
        assert (message.status, message.text) == ("failed", "half")
        assert message.error is not None
        assert message.error.code == "budget_exceeded"
        assert "away for too long" in message.error.message


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
