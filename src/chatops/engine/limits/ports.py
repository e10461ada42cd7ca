"""What the limits need, and what others need of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from chatops.engine.beginning import Beginning
    from chatops.engine.limits.ledger import By, Entry, Head, Row
    from chatops.engine.limits.policy import Unit
    from chatops.engine.limits.reports import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` at once, and from then on one more each `seconds / count` (see `rates`)."""

    count: int
    seconds: float


class Limiter(Protocol):
    """Counts what happens under a key, exactly, for every process on one database."""

    async def hit(self, key: str, rate: Rate) -> None:
        """Counts one.

        Raises:
            RateLimitError: Over the rate; `retry_after` says when the next one fits. It was not counted.
            StoreError: The database cannot be used.
        """
        ...


class RateStore(Protocol):
    """Keeps what a rate remembers of a key."""

    async def hit(self, key: str, rate: Rate, *, now: int) -> float:
        """Counts one when it fits, in one step that no other process can come between.

        Args:
            key: What is counted.
            rate: How many may pass.
            now: Unix milliseconds.

        Returns:
            0.0 when it was counted, else the seconds after which it fits.

        Raises:
            StoreError: The database cannot be used.
        """
        ...

    async def give_back(self, key: str, rate: Rate) -> None:
        """Takes one back that was counted: it came to nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A part of a meter that a turn asks for: at least `least`, at most `most` of what `limit` leaves.

    A meter of `turns` counts those only whose lease lives; of any other unit a hold stays until its turn is settled.

    Attributes:
        expires_at: When nobody needs the meter any more, Unix milliseconds.
    """

    key: str
    unit: Unit
    least: int
    most: int
    limit: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTurn:
    """A turn that was let in and is not settled.

    Attributes:
        until: Its lease, Unix milliseconds.
        holds: The meters it holds a part of, with their units.
        record: What settling it needs when its process is gone; JSON.
    """

    id: str
    until: int
    holds: Sequence[tuple[str, Unit]]
    record: Mapping[str, Any]


class Meter(NamedTuple):
    """`spent` for good, and `held` by turns that are not settled."""

    spent: int = 0
    held: int = 0


class Spent(NamedTuple):
    """What a meter has counted for good, and when nobody needs it any more, Unix milliseconds."""

    key: str
    amount: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What did not fit: the key of the rate (with the seconds to wait), or of the meter."""

    key: str
    wait: float = 0.0
    meter: Meter = field(default_factory=Meter)


class Person(Protocol):
    """Somebody with an account, or a platform user's shadow, which may have been linked with one."""

    @property
    def merged_into(self) -> str | None: ...


class People(Protocol):
    """Who has an account. Every method raises `StoreError` when the database cannot be used."""

    async def merged_into(self, user_id: str) -> Sequence[str]:
        """Ids of the platform users' shadows that an account was linked with."""
        ...

    async def names(self, user_ids: Sequence[str]) -> Mapping[str, str]:
        """The names of those that have an account or a shadow, by id."""
        ...

    async def account(self, user_id: str) -> Person | None: ...


class MeterStore(RateStore, Protocol):
    """Rates, meters, turns that are let in, and the ledger. Every method raises `StoreError` when the database cannot
    be used. Times are Unix milliseconds.
    """

    async def admit(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        *,
        rate: tuple[str, Rate] | None,
        now: int,
        beginning: Beginning | None = None,
    ) -> dict[str, int] | Refusal:
        """Lets a turn in with all of its holds, or with none. A rate that lets it through counts it in any case.
        Without holds the turn is not open: there is nothing to settle but its row.

        Args:
            turn: The turn, with its lease.
            holds: What it asks for.
            rate: What counts it.
            now: Unix milliseconds.
            beginning: What the turn stores when it is let in. A meter that lies in the same database may do it in the
                same step: all or nothing, the rate with it. Any other one leaves it to the caller.

        Returns:
            What it got of each meter; or what did not fit, of the holds the first.

        Raises:
            ConflictError: This turn was let in already. When its lease is over it never began, and makes room.
            ChatopsError: What `Store.begin_turn` raises, when it was done here.
        """
        ...

    async def renew(self, turns: Sequence[OpenTurn]) -> set[str]:
        """Renews the lease of each turn up to its `until`.

        Returns:
            The ids of those that were settled or released meanwhile.
        """
        ...

    async def settle(self, turn: OpenTurn | None, entry: Entry) -> bool:
        """Writes the turn's row into the ledger, then moves from its holds to spent what the row says. Only the first
        row of a turn counts; repeating it ends what a crash cut off. None: the turn holds nothing.

        Returns:
            Whether this was the first row.
        """
        ...

    async def release(self, turn: OpenTurn) -> None:
        """Gives back all that a turn holds; it leaves no row."""
        ...

    async def dead(self, before: int, *, limit: int) -> list[OpenTurn]:
        """Open turns whose lease ended before that, the oldest first."""
        ...

    async def held(self, turn: OpenTurn) -> dict[str, int]:
        """What an open turn holds of its meters."""
        ...

    async def meters(self, keys: Sequence[str]) -> dict[str, Meter]:
        """Those that were ever used."""
        ...

    async def allowance(self, user_id: str) -> Mapping[str, Any] | None:
        """What an administrator said for this person; JSON."""
        ...

    async def set_allowance(self, user_id: str, terms: Mapping[str, Any] | None) -> None:
        """None: what the settings say."""
        ...

    async def hand_over(self, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
        """Makes what the first meter of each pair has spent and holds the second one's spending, and forgets the
        person's allowance. What a hold gave more than its turn used is handed back by the next call. Exactly once,
        however often and by however many it is called; calling it again ends what a crash cut off. Until then an amount
        may stand in both, never in none.
        """
        ...

    async def usage(self, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
        """Sums over rows of these people, None: of all; the line with most turns first, days newest first."""
        ...

    async def rows(self, *, after: int, limit: int) -> list[Row]:
        """The ledger in order, past row number `after`, as it is stored."""
        ...

    async def put_rows(self, rows: Sequence[Row]) -> None:
        """Adds rows of another ledger as they are, the next ones in order; those that are there already stay.

        Raises:
            ConflictError: There is another row under one of the numbers.
        """
        ...

    async def allowances(self, *, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
        """Everybody's, in the order of their ids, past that one."""
        ...

    async def spent(self, *, after: str, limit: int) -> list[Spent]:
        """Meters in the order of their keys, past that one."""
        ...

    async def put_spent(self, meters: Sequence[Spent]) -> None:
        """Sets what is spent, whatever it was."""
        ...

    async def head(self) -> Head:
        """The row that was written last."""
        ...
