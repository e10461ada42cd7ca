"""What was used on a server, and what is left of budgets there: what `chatops usage` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.cli.remote.http import Http
from chatops.cli.remote.shapes import Json, moment, nano
from chatops.engine.codec import iso
from chatops.engine.limits.counters import Counter, Remaining
from chatops.engine.limits.policy import Budget
from chatops.engine.limits.reports import Line, Verdict
from chatops.engine.messages import Principal

if TYPE_CHECKING:
    from chatops.engine.limits.ledger import By

_LEDGER_SECONDS = 600.0
"""In which a server must have read its whole ledger."""
_WHOSE = {"user": "your budget", "surface": "the budget of the API", "token": "this token's budget"}


class RemoteLimits:
    """`usage`, `remaining` and `verify` of `engine.limits.Limits`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def usage(self, principal: Principal, *, since: int = 0, by: By = "model") -> list[Line]:
        report = await self._http.json("GET", "/api/usage", query={"since": iso(since), "by": by})
        return [_line(shape, by) for shape in report["usage"]]

    async def remaining(self, principal: Principal) -> list[Remaining]:
        report = await self._http.json("GET", "/api/usage")
        return [_budget(shape) for shape in report["budgets"]]

    async def verify(self, principal: Principal) -> Verdict:
        found = await self._http.json("GET", "/api/usage/verify", silence=_LEDGER_SECONDS)
        return Verdict(rows=found["rows"], fault=found.get("fault"))


def _line(shape: Json, by: str) -> Line:
    return Line(
        key=shape[by],
        name=shape.get("name"),
        turns=shape["turns"],
        input_tokens=shape["input_tokens"],
        output_tokens=shape["output_tokens"],
        cached_tokens=shape.get("cached_tokens", 0),
        cost=nano(shape["cost"]),
        unpriced=shape.get("unpriced_turns", 0),
        estimated=shape.get("estimated_turns", 0),
    )


def _budget(shape: Json) -> Remaining:
    money = shape["unit"] == "dollars"
    read = nano if money else int
    budget = Budget(unit="money" if money else "tokens", amount=read(shape["limit"]), period=shape["period"])
    counter = Counter(key="", whose=_WHOSE[shape["of"]], budget=budget, renews_at=moment(shape["renews_at"]))
    return Remaining(counter=counter, spent=read(shape["spent"]), held=read(shape["held"]))
