"""Whose turn it is to call a platform, and when: one bucket of its rate limits. Pure: it is told the time.

Who waits is an answer, not an edit: it renders when its turn comes, so whatever it gained while it waited goes out in
one call. First posts and finals go first; the rest in the order they came, which is round and round, since an answer
waits once at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SLOWER = 1.5
SLOWEST = 16.0
"""Times the pace that was meant."""
RECOVERY = 0.97
"""Times the pace, after each call that passed: a 429 is forgotten in a dozen calls."""


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Slots at an even pace.

    Attributes:
        pace: Seconds between two calls when all is well.
        burst: Calls that may go at once after a rest.
    """

    pace: float
    burst: int = 1
    _factor: float = 1.0
    _full_at: float = 0.0
    """When the whole burst may go again (GCRA's theoretical arrival time)."""
    _waiting: dict[str, bool] = field(default_factory=dict)

    def enter(self, key: str, *, urgent: bool) -> None:
        """Waits for a slot; one that waits already may become urgent, and keeps its place otherwise."""
        self._waiting[key] = self._waiting.get(key, False) or urgent

    def leave(self, key: str) -> None:
        self._waiting.pop(key, None)

    def grant(self, now: float) -> str | None:
        """The one whose turn it is, or None: nobody waits, or it is too early."""
        if not self._waiting or now < self._due:
            return None
        key = next((key for key, urgent in self._waiting.items() if urgent), None) or next(iter(self._waiting))
        del self._waiting[key]
        self._full_at = max(self._full_at, now) + self._step
        return key

    def wait(self, now: float) -> float | None:
        """Seconds until somebody's turn; None: nobody waits."""
        return max(0.0, self._due - now) if self._waiting else None

    def refused(self, now: float, retry_after: float) -> None:
        """The platform said 429: nobody calls before `retry_after` seconds are over, and then at a slower pace."""
        self._factor = min(self._factor * SLOWER, SLOWEST)
        self._block(now + retry_after)

    def passed(self, now: float, *, remaining: int | None = None, reset_after: float = 0.0) -> None:
        """A call passed; the platform may have said how many are left until its limit starts anew."""
        self._factor = max(1.0, self._factor * RECOVERY)
        if remaining is not None and remaining <= 0:
            self._block(now + reset_after)

    def rested(self, now: float) -> bool:
        """Whether a new bucket would behave the same."""
        return not self._waiting and self._factor == 1.0 and now >= self._full_at

    @property
    def _step(self) -> float:
        return self.pace * self._factor

    @property
    def _due(self) -> float:
        return self._full_at - self._step * (self.burst - 1)

    def _block(self, until: float) -> None:
        """One call at `until`, and no burst after it."""
        self._full_at = max(self._full_at, until + self._step * (self.burst - 1))
