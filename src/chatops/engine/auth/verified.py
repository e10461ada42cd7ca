"""Credentials that were verified a moment ago, so that a request costs no signature and no look at the database."""

from __future__ import annotations

from chatops.engine.messages import Principal, Source
from chatops.engine.ports import Clock

KEEP_MS = 60_000
"""The longest that somebody who was disabled, or a token that was revoked, may go on elsewhere."""
MAX_ENTRIES = 10_000

Key = tuple[str, Source]


class Verified:
    """Principals by their credential, for a minute at most; the oldest go first when there are too many."""

    def __init__(self, clock: Clock, size: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._size = size
        self._entries: dict[Key, tuple[Principal, int]] = {}

    def get(self, key: Key) -> Principal | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        principal, until = entry
        if 0 < until - self._clock() <= KEEP_MS:  # a clock that was set back prolongs nothing
            return principal
        self._entries.pop(key, None)
        return None

    def put(self, key: Key, principal: Principal, expires_at: int | None) -> None:
        """`expires_at`: when the credential itself ends, Unix ms; None: never."""
        until = self._clock() + KEEP_MS
        self._entries.pop(key, None)
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (principal, until if expires_at is None else min(until, expires_at))

    def forget(self, user_id: str) -> None:
        """Drops what was verified for this user: the next request looks anew."""
        for key in [key for key, (principal, _) in self._entries.items() if principal.user_id == user_id]:
            del self._entries[key]
