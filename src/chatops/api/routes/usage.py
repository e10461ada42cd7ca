"""What was used, and what is left."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.routes.conversations import FORBID
from chatops.api.shapes import UsageReport, Verdict
from chatops.engine.codec import dollars, iso
from chatops.engine.errors import InvalidRequestError

_SPAN = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """`since`: a span back from now (`12h`, `7d`, `4w`), or a day or time in ISO 8601 (UTC when it names no zone)."""

    __pydantic_config__ = FORBID

    since: str = "30d"
    by: Literal["model", "day", "user", "surface"] = "model"


@operation(
    "GET",
    "/api/usage",
    summary="What was used, and what is left of budgets",
    tag="Usage",
    query=UsageQuery,
    answers={200: Answer(says="Sums, and budgets as they stand.", shape=UsageReport)},
)
async def usage(call: Call[UsageQuery, Nothing]) -> Reply:
    """One's own; administrators see everybody's. Amounts are decimal numbers in text: dollars, or tokens."""
    limits, query = call.engine.limits, call.query
    lines = await limits.usage(call.principal, since=_since(query.since), by=query.by)
    budgets = await limits.remaining(call.principal)
    return {"usage": [line.as_json(query.by) for line in lines], "budgets": [_budget(budget) for budget in budgets]}


def _since(text: str) -> int:
    if (span := _SPAN.fullmatch(text)) is not None:
        return max(0, round((time.time() - int(span[1]) * _SECONDS[span[2]]) * 1000))
    try:
        at = datetime.fromisoformat(text)
        return max(0, round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        raise InvalidRequestError("since: write 12h, 7d, 4w, or a time like 2026-11-01") from None


def _budget(budget: Any) -> Json:
    counter = budget.counter
    shown = dollars if counter.budget.unit == "money" else str
    return {
        "of": counter.key.split("/")[2],
        "unit": "dollars" if counter.budget.unit == "money" else "tokens",
        "period": counter.budget.period,
        "limit": shown(counter.budget.amount),
        "spent": shown(budget.spent),
        "held": shown(budget.held),
        "left": shown(budget.left),
        "renews_at": iso(counter.renews_at),
    }


@operation(
    "GET",
    "/api/usage/verify",
    summary="Whether the usage ledger is as it was written",
    tag="Usage",
    answers={200: Answer(says="What was found.", shape=Verdict)},
)
async def verify(call: Call[Nothing, Nothing]) -> Reply:
    """For administrators. It reads the whole ledger."""
    verdict = await call.engine.limits.verify(call.principal)
    return {"rows": verdict.rows, **({} if verdict.fault is None else {"fault": verdict.fault})}


OPERATIONS: tuple[Operation[Any, Any], ...] = (usage, verify)
