"""What the limits need, and what others need of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` in any `seconds`; a burst may use all of them at once."""

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
