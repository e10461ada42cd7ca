"""What the limits need, and what others need of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
