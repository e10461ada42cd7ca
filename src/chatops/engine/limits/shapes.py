"""The public JSON shapes of limits: `--json` and the API. Absent values are left out."""

from __future__ import annotations

from typing import Any

from chatops.engine.codec import dollars
from chatops.engine.limits.policy import Terms, terms_record


def terms_json(terms: Terms) -> dict[str, Any]:
    """What is said for one person; a budget as `{"cost" or "tokens", "period"}`, dollars as a decimal text."""
    shape = terms_record(terms)
    if (budget := terms.budget) is not None:
        amount = {"cost": dollars(budget.amount)} if budget.unit == "money" else {"tokens": budget.amount}
        shape["budget"] = {**amount, "period": budget.period}
    return shape
