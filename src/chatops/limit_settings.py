"""The table `[limits]` and the prices of models: what may be written there, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from chatops.engine.messages import Source

if TYPE_CHECKING:
    from decimal import Decimal

    from chatops.engine.limits.policy import Budget, Policy, Terms
    from chatops.engine.limits.price import Price

Key = tuple[str, ...]
Check = Callable[[object], object]
ROLES = ("admin", "member")
PERIODS = ("day", "month")
_FORM = 'must be { cost = dollars, period = "month" } or { tokens = number, period = "day" }'
_PRICE_FORM = "must be { input = dollars, output = dollars, cached = dollars }, each for a million tokens"


def keys(count: Check) -> dict[str, Any]:
    """What `[limits]` may hold; `count` checks a whole number above 0."""
    terms = {"requests_per_minute": count, "concurrent_turns": count, "budget": check_budget}
    return {
        **terms,
        "http_requests_per_minute": count,
        "address_requests_per_minute": count,
        "roles": dict.fromkeys(ROLES, terms),
        "surfaces": {surface: {"budget": check_budget} for surface in get_args(Source)},
        "tokens": {"budget": check_budget},
    }


def check_budget(value: object) -> object:
    """Raises `ValueError` for what is no budget; returns it as it was written."""
    if not isinstance(value, dict) or value.keys() not in ({"cost", "period"}, {"tokens", "period"}):
        raise ValueError(_FORM)
    if value["period"] not in PERIODS:
        raise ValueError(f"{_FORM}: the period is day or month")
    if "cost" in value:
        _dollars(value["cost"], _FORM)
    elif not isinstance(value["tokens"], int) or isinstance(value["tokens"], bool) or not 0 < value["tokens"] < 2**53:
        raise ValueError(f"{_FORM}: tokens is a whole number above 0")
    return value


def check_price(value: object) -> object:
    """Likewise for a price, which may have another for long prompts: `long = { above = tokens, input = ... }`."""
    if not isinstance(value, dict) or not {"input", "output"} <= value.keys() <= {"input", "output", "cached", "long"}:
        raise ValueError(_PRICE_FORM)
    rates = {name: _dollars(value[name], _PRICE_FORM) for name in value.keys() - {"long"}}
    if rates.get("cached", rates["input"]) > rates["input"]:
        raise ValueError(f"{_PRICE_FORM}: cached input cannot cost more than input")
    if "long" in value:
        _check_long(value["long"], rates)
    return value


def _check_long(long: object, base: Mapping[str, Decimal]) -> None:
    form = "must have a long = { above = tokens, input = dollars, output = dollars, cached = dollars }"
    above = long.get("above") if isinstance(long, dict) else None
    if not isinstance(long, dict) or not isinstance(above, int) or isinstance(above, bool) or above < 1:
        raise ValueError(form)
    check_price({name: value for name, value in long.items() if name != "above"})
    if any(_dollars(long[name], form) < base[name] for name in ("input", "output")):
        raise ValueError(f"{form} that is no lower than the price of short prompts")


def _dollars(value: object, form: str) -> Decimal:
    from decimal import Decimal

    from chatops.engine.limits.money import MAX_DOLLARS

    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(str(value))  # a float's shortest text is what was written
        if exact.is_finite() and 0 <= exact <= MAX_DOLLARS:
            return exact
    raise ValueError(f"{form}: dollars are a number from 0 on")


def policy(values: Mapping[Key, Any]) -> Policy | None:
    """From checked values by key, ("limits", "roles", "member", "budget") for example; None when nothing is said."""
    found: dict[Key, Any] = {key[1:]: value for key, value in values.items() if key[0] == "limits"}
    if not found:
        return None
    from chatops.engine.limits.policy import Policy

    surfaces = {key[1]: budget(value) for key, value in found.items() if key[0] == "surfaces"}
    rates = {name: found[name,] for name in _RATES if (name,) in found}
    token = found.get(("tokens", "budget"))
    return replace(
        Policy(user=_terms(found, ()), surfaces=surfaces, token=budget(token) if token else None),
        roles={
            role: _terms(found, ("roles", role)) for role in ROLES if any(key[:2] == ("roles", role) for key in found)
        },
        **rates,
    )


_RATES = ("http_requests_per_minute", "address_requests_per_minute")


def _terms(found: Mapping[Key, Any], at: Key) -> Terms:
    from chatops.engine.limits.policy import Terms

    said = found.get((*at, "budget"))
    return Terms(
        requests_per_minute=found.get((*at, "requests_per_minute")),
        concurrent_turns=found.get((*at, "concurrent_turns")),
        budget=budget(said) if said else None,
    )


def budget(said: Mapping[str, Any]) -> Budget:
    """From a checked table."""
    from decimal import Decimal

    from chatops.engine.limits.money import nano
    from chatops.engine.limits.policy import Budget

    if "cost" in said:
        return Budget(unit="money", amount=nano(Decimal(str(said["cost"]))), period=said["period"])
    return Budget(unit="tokens", amount=said["tokens"], period=said["period"])


def price(said: Mapping[str, Any] | None) -> Price | None:
    """From a checked table."""
    if said is None:
        return None
    from decimal import Decimal

    from chatops.engine.limits.price import Price

    rates = {name: Decimal(str(said[name])) for name in ("input", "output", "cached") if name in said}
    made = Price.of(rates["input"], rates["output"], rates.get("cached"))
    long = said.get("long")
    return replace(made, above=long["above"], long=price(long)) if long else made
