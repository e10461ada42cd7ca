"""Who may use how much, as the settings and an administrator say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

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
        address_requests_per_minute: Likewise of an address that nobody has logged in from; None: 300.
    """

    user: Terms = field(default_factory=Terms)
    roles: Mapping[str, Terms] = field(default_factory=dict)
    surfaces: Mapping[str, Budget] = field(default_factory=dict)
    token: Budget | None = None
    http_requests_per_minute: int | None = None
    address_requests_per_minute: int | None = None

    def terms(self, role: str) -> Terms:
        return self.roles[role].over(self.user) if role in self.roles else self.user


def measured(unit: Unit, amount: int, *, down: bool = False) -> str:
    """An amount for people: `$1.25`, `1,200 tokens`; money rounded up, or `down`."""
    if unit != "money":
        return f"{amount:,} {unit}"
    from chatops.engine.limits.money import shown

    return shown(amount, down=down)


def terms_record(terms: Terms) -> dict[str, Any]:
    """JSON of what an administrator said for one person; `terms_from` takes it back."""
    return {name: value for name, value in asdict(terms).items() if value is not None}


def terms_from(record: Mapping[str, Any]) -> Terms:
    budget = record.get("budget")
    return Terms(**{**record, "budget": Budget(**budget) if budget else None})
