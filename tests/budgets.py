"""Budgets for tests: a dollar a token, so that amounts of money are tokens too."""

from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.price import NANO, Price
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
