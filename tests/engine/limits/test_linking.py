"""A budget stays hard through a link: what runs for the shadow is in the account's budget from then on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from budgets import PROMPT, money, with_budget
from chatops.bootstrap import account_store
from chatops.engine.auth.nouns import Account, Identity
from chatops.engine.auth.ports import AccountStore
from chatops.engine.errors import BudgetExceededError, ConflictError
from chatops.engine.limits.price import NANO
from chatops.engine.messages import Principal
from chatops.engine.requests import Turn, TurnRequest
from fakes import answer
from rig import Rig

ANN = Principal(user_id="ann")
SHADOW = Principal(user_id="shadow", source="slack")
A_TURN = 280
"""Dollars: the prompt's 180 and the longest answer's 100."""
BUDGET = 2 * A_TURN + 40


@asynccontextmanager
async def linking(path: Path) -> AsyncGenerator[tuple[Rig, AccountStore]]:
    async with with_budget(path, money(BUDGET)) as rig:
        accounts = account_store(rig.store)
        shadow = Account(id="shadow", name="S", role="member", created_at=0)
        await accounts.account_of(Identity(platform="slack", user_id="U1"), shadow=shadow)
        yield rig, accounts


async def link(rig: Rig, accounts: AccountStore) -> None:
    await rig.engine.limits.hand_over("shadow", "ann")
    assert await accounts.merge("shadow", "ann")
    await rig.engine.limits.hand_over("shadow", "ann")


async def start(rig: Rig, principal: Principal) -> Turn:
    return await rig.engine.start_turn(principal, TurnRequest(text="x" * PROMPT))


async def spent(rig: Rig) -> int:
    (found,) = await rig.engine.limits.remaining(ANN)
    return (found.spent + found.held) // NANO


async def test_what_runs_for_a_shadow_is_in_the_accounts_budget_from_the_link_on(tmp_path: Path) -> None:
    async with linking(tmp_path) as (rig, accounts):
        gate = asyncio.Event()
        rig.provider.scripts = [[gate, *answer("a", tokens=5)]]
        running = await start(rig, SHADOW)
        await link(rig, accounts)
        assert await spent(rig) == A_TURN
        mine = await start(rig, ANN)
        with pytest.raises(BudgetExceededError):
            await start(rig, ANN)

        gate.set()
        await rig.over(running.id)
        await rig.over(mine.id)
        assert await spent(rig) == sum((entry.cost or 0) // NANO for entry in await rig.ledger()) < BUDGET


async def test_the_rest_of_a_shadows_hold_makes_room_as_soon_as_its_turn_has_ended(tmp_path: Path) -> None:
    async with linking(tmp_path) as (rig, accounts):
        rig.provider.scripts = [[asyncio.Event()]]
        running = [await start(rig, SHADOW) for _ in range(2)]
        await link(rig, accounts)
        with pytest.raises(BudgetExceededError):
            await start(rig, ANN)
        for turn in running:
            await rig.engine.stop(SHADOW, turn.id)

        await start(rig, ANN)


async def test_who_was_linked_meanwhile_has_no_budget_of_their_own_once_more(tmp_path: Path) -> None:
    async with linking(tmp_path) as (rig, accounts):
        await link(rig, accounts)
        for _ in range(3):  # by a process that had not heard of the link
            with pytest.raises(ConflictError, match="linked with an account a moment ago"):
                await start(rig, SHADOW)

        assert await spent(rig) == 0
        assert await rig.ledger() == []
