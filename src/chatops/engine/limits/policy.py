"""Who may use how much, as the settings and an administrator say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from chatops.engine.limits.money import shown

Unit = Literal["money", "tokens", "turns"]
Period = Literal["day", "month"]
MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Nano-dollars or tokens, prompt and answer together, for each day or month (UTC)."""

    unit: Literal["money", "tokens"]
    amount: int
    period: Period

    def __str__(self) -> str:
        return f"{measured(self.unit, self.amount)} a {self.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one person may use; None is no limit, or where terms are laid over others: theirs."""

    requests_per_minute: int | None = None
    concurrent_turns: int | None = None
    budget: Budget | None = None

    def over(self, base: Terms) -> Terms:
        """These, and where they say nothing those of `base`."""
        mine = {name: getattr(self, name) for name in self.__slots__}
        return Terms(**{name: getattr(base, name) if value is None else value for name, value in mine.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The table `[limits]`.

    Attributes:
        user: For everybody.
        roles: Laid over `user`.
        surfaces: A budget that all who use a surface share.
        token: The budget that each API token has beside its owner's.
        http_requests_per_minute: All requests of one person to one process, not only turns. None: any number.
        address_requests_per_minute: Likewise of an address that nobody has logged in from.
    """

    user: Terms = field(default_factory=Terms)
    roles: Mapping[str, Terms] = field(default_factory=dict)
    surfaces: Mapping[str, Budget] = field(default_factory=dict)
    token: Budget | None = None
    http_requests_per_minute: int | None = None
    address_requests_per_minute: int | None = 300

    def terms(self, role: str) -> Terms:
        return self.roles[role].over(self.user) if role in self.roles else self.user


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


def period(kind: Period, now: int) -> tuple[str, int]:
    """The name of the day or month (UTC) that holds `now`, and when the next one begins."""
    at = datetime.fromtimestamp(now / 1000, UTC)
    if kind == "day":
        begin = datetime(at.year, at.month, at.day, tzinfo=UTC)
        return f"{begin:%Y-%m-%d}", int(begin.timestamp() * 1000) + 86_400_000
    years, month = divmod(at.month, 12)
    return f"{at:%Y-%m}", int(datetime(at.year + years, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


def measured(unit: Unit, amount: int) -> str:
    """An amount for people: `$1.25`, `1,200 tokens`."""
    return shown(amount) if unit == "money" else f"{amount:,} {unit}"


def terms_record(terms: Terms) -> dict[str, Any]:
    """JSON of what an administrator said for one person; `terms_from` takes it back."""
    return {name: value for name, value in asdict(terms).items() if value is not None}


def terms_from(record: Mapping[str, Any]) -> Terms:
    budget = record.get("budget")
    return Terms(**{**record, "budget": Budget(**budget) if budget else None})
