"""What the ledger says: sums, and whether it is as it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from chatops.engine.limits.ledger import EMPTY, Head, Row, seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sum over rows. `cost` leaves out `unpriced` turns; `estimated`: turns whose tokens are an estimate."""

    key: str
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: int
    unpriced: int
    estimated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`fault`: the first row that is not as it was written, in a sentence; None when all are."""

    rows: int
    fault: str | None


async def verify(rows: AsyncIterator[Row], head: Head) -> Verdict:
    """Reads the ledger in order and compares it with its head."""
    last = EMPTY
    async for row in rows:
        fault = _fault(last, row)
        if fault is None and row.n == head.n and row.hash != head.hash:
            fault = f"row {row.n} is not the one that was written"
        if fault is not None:
            return Verdict(rows=last.n, fault=fault)
        last = Head(row.n, row.hash)
    if last.n < head.n:
        return Verdict(rows=last.n, fault=f"row {last.n + 1} is missing: {head.n} were written")
    return Verdict(rows=last.n, fault=None)


def _fault(last: Head, row: Row) -> str | None:
    if row.n != last.n + 1:
        return f"row {last.n + 1} is missing: row {row.n} comes after row {last.n}"
    if row.hash != seal(row.n, row.entry, row.previous):
        return f"row {row.n} was altered (turn {row.entry.turn_id})"
    if row.previous != last.hash:
        return f"row {row.n} does not follow from row {last.n}: one of them was put in the place of another"
    return None
