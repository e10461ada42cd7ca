"""What the ledger says: sums, and whether it is as it was written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatops.engine.codec import dollars
from chatops.engine.limits.ledger import EMPTY, By, Head, Row, seal

if TYPE_CHECKING:
    from chatops.engine.limits.ports import MeterStore

_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sum over rows. `cost` leaves out `unpriced` turns; `estimated`: turns whose tokens are an estimate; `name`:
    whose it is, when sums are by user and there is an account.
    """

    key: str
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: int
    unpriced: int
    estimated: int
    name: str | None = None

    def as_json(self, by: By) -> dict[str, Any]:
        """The public shape: dollars in text, counts that are nothing left out."""
        counts = {
            "cached_tokens": self.cached_tokens,
            "unpriced_turns": self.unpriced,
            "estimated_turns": self.estimated,
        }
        return {
            by: self.key,
            **({} if self.name is None else {"name": self.name}),
            "turns": self.turns,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": dollars(self.cost),
            **{name: count for name, count in counts.items() if count},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`fault`: the first row that is not as it was written, in a sentence; None when all are."""

    rows: int
    fault: str | None


async def read_over(meters: MeterStore) -> Verdict:
    """Reads a store's whole ledger, page by page."""
    head = await meters.head()
    async with aclosing(_rows(meters)) as rows:
        return await verify(rows, head)


async def _rows(meters: MeterStore) -> AsyncGenerator[Row, None]:
    after = 0
    while page := await meters.rows(after=after, limit=_PAGE):
        for row in page:
            yield row
        after = page[-1].n


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
