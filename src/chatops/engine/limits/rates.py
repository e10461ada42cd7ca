"""Rates by the generic cell rate algorithm (ITU-T I.371, annex A): one number remembers all that counts of a key.

That number is the theoretical arrival time, `tat`: when a client that keeps exactly to the rate would be through with
what it has sent. `count` may come at once; then one fits each `seconds / count`. So a window of `seconds` never sees
more than `2 * count - 1`, and whoever goes on at full speed gets exactly the rate. A refusal costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from chatops.engine.errors import RateLimitError
from chatops.engine.limits.ports import Rate, RateStore
from chatops.engine.ports import Clock

if TYPE_CHECKING:
    from chatops.engine.limits.ports import Limiter

MAX_KEYS = 100_000
"""Most keys that a process remembers, about 20 MB; the one unused for longest goes first."""


class Pace(NamedTuple):
    """A rate in whole microseconds, so that every store computes the same."""

    interval: int
    burst: int

    @classmethod
    def of(cls, rate: Rate) -> Pace:
        interval = max(1, -(-round(rate.seconds * 1_000_000) // rate.count))
        return cls(interval, interval * rate.count)


class Step(NamedTuple):
    """`tat` as it is now; `wait`: microseconds until one fits, 0 when this one was counted."""

    tat: int
    wait: int


def step(tat: int | None, now: int, pace: Pace) -> Step:
    """What one more does to a key.

    Args:
        tat: What is remembered of the key, None for nothing. Microseconds, as are all numbers here. A time that no
            client can have reached comes from a clock that was set back; it is taken for a spent burst.
        now: The time.
        pace: The rate.
    """
    start = min(max(tat or 0, now), now + pace.burst)
    wait = start + pace.interval - pace.burst - now
    return Step(start, wait) if wait > 0 else Step(start + pace.interval, 0)


class StoredLimiter:
    """A `Limiter` for every process on one database. `now` is the caller's, as for leases: clocks that differ by a
    second let one second's worth more pass.
    """

    def __init__(self, store: RateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def hit(self, key: str, rate: Rate) -> None:
        """As `Limiter.hit`."""
        wait = await self._store.hit(key, rate, now=self._clock())
        if wait:
            raise over(rate, wait)


class LocalLimiter:
    """Counts for this process alone, in memory: under a microsecond a call, for what comes with every request."""

    def __init__(self, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._keys: OrderedDict[str, int] = OrderedDict()

    def hit(self, key: str, rate: Rate) -> None:
        """Counts one. Raises `RateLimitError` over the rate, with `retry_after`."""
        tat, wait = step(self._keys.get(key), self._clock() * 1000, Pace.of(rate))
        self._keys[key] = tat
        self._keys.move_to_end(key)
        if len(self._keys) > self._max_keys:
            self._keys.popitem(last=False)
        if wait:
            raise over(rate, wait / 1_000_000)


def over(rate: Rate, wait: float, what: str = "requests") -> RateLimitError:
    """The error for a refusal; `wait` in seconds."""
    return RateLimitError(
        f"more than {rate.count} {what} in {rate.seconds:g} s: wait {max(wait, 1):.0f} s", retry_after=wait
    )


if TYPE_CHECKING:
    _: type[Limiter] = StoredLimiter
