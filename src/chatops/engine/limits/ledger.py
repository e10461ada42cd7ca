"""The usage ledger: a row a turn, each sealed with a hash over itself and the row before.

Whoever alters, removes or swaps rows breaks the chain at that place; the last row is kept a second time (the head), so
that rows cut off its end are missed too. The hash has no key: it shows a mistake or a hand in the database, not a hand
that makes the whole chain anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

By = Literal["model", "day", "user", "surface"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a turn used.

    Attributes:
        at: When it ended, Unix milliseconds.
        cost: Nano-dollars; None when nobody said what the model costs.
        status: The answer's, or `abandoned` when its process died.
        estimated: The provider told no usage, or not all of it: the tokens are our estimate.
    """

    turn_id: str
    at: int
    user_id: str
    surface: str
    token_id: str | None
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: int | None
    status: str
    estimated: bool

    def charge(self, unit: str) -> int:
        """What it takes from a meter of this unit."""
        match unit:
            case "money":
                return self.cost or 0
            case "tokens":
                return self.input_tokens + self.output_tokens
        return 0


class Head(NamedTuple):
    """The last row that was written; of an empty ledger number 0 without a hash."""

    n: int
    hash: str


class Row(NamedTuple):
    """A row as it is stored; `n` counts from 1."""

    n: int
    entry: Entry
    previous: str
    hash: str


EMPTY = Head(0, "")


def chain(head: Head, entry: Entry) -> Row:
    """The row that follows `head`."""
    return Row(head.n + 1, entry, head.hash, seal(head.n + 1, entry, head.hash))


def seal(n: int, entry: Entry, previous: str) -> str:
    """The hash over a row, in hexadecimal: SHA-256 of its canonical JSON."""
    import hashlib  # here: it costs 2 ms of a command's start, and the answer is shown by now

    text = json.dumps({"n": n, "previous": previous, **asdict(entry)}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
