"""Budgets as they stand: the one of a person, a surface, a token, in its day or month that runs now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from chatops.engine.limits.policy import Budget, Period, measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One budget in its period that runs now. `key` names its meter; `whose` is for people."""

    key: str
    whose: str
    budget: Budget
    renews_at: int


def counter(scope: str, name: str, budget: Budget, now: int) -> Counter:
    """The counter of a scope (`user`, `surface`, `token`) at `now`, Unix milliseconds."""
    label, end = period(budget.period, now)
    whose = {"user": "your budget", "surface": f"the budget of {name}", "token": "this token's budget"}[scope]
    return Counter(key=f"{budget.unit}/{label}/{scope}/{name}", whose=whose, budget=budget, renews_at=end)


def keys_of(user_id: str, now: int) -> list[str]:
    """The meters of every budget that this person may have had in the periods that run now, in a fixed order."""
    labels = [period(kind, now)[0] for kind in get_args(Period)]
    return [f"{unit}/{label}/user/{user_id}" for unit in ("money", "tokens") for label in labels]


def period(kind: Period, now: int) -> tuple[str, int]:
    """The name of the day or month (UTC) that holds `now`, and when the next one begins."""
    at = datetime.fromtimestamp(now / 1000, UTC)
    if kind == "day":
        begin = datetime(at.year, at.month, at.day, tzinfo=UTC)
        return f"{begin:%Y-%m-%d}", int(begin.timestamp() * 1000) + 86_400_000
    years, month = divmod(at.month, 12)
    return f"{at:%Y-%m}", int(datetime(at.year + years, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A budget as it stands: amounts in nano-dollars or tokens; `held` by answers that are being written."""

    counter: Counter
    spent: int
    held: int

    @property
    def left(self) -> int:
        return max(0, self.counter.budget.amount - self.spent - self.held)

    def __str__(self) -> str:
        """For people: `your budget ($5.00 a month): $1.20 used, $3.80 left until 2026-12-01 (UTC)`."""
        unit = self.counter.budget.unit
        renews = datetime.fromtimestamp(self.counter.renews_at / 1000, UTC)
        held = f", {measured(unit, self.held)} held by running answers" if self.held else ""
        return (
            f"{self.counter.whose} ({self.counter.budget}): {measured(unit, self.spent)} used{held},"
            f" {measured(unit, self.left, down=True)} left until {renews:%Y-%m-%d} (UTC)"
        )
