"""Slack's own streaming: one message's stream, how many may begin in a workspace, and where there is none."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

OLD = 240.0
"""Seconds after which a stream is ended: Slack ends it by itself after about 300 (measured by others)."""
STARTS = 18
"""Streams that begin in a minute in a workspace: Slack takes 20 starts, and as many ends."""


@dataclass(slots=True)
class Stream:
    """What a stream was sent so far, and when it began."""

    sent: str
    began: float

    def is_old(self, now: float) -> bool:
        return now - self.began > OLD


class Lacks:
    """What workspaces turned out not to have (GovSlack, old plans): it is not tried there again by this process."""

    def __init__(self) -> None:
        self._found: set[tuple[str, str]] = set()

    def note(self, team: str, what: Literal["streams", "thumbs"]) -> None:
        self._found.add((team, what))

    def has(self, team: str, what: Literal["streams", "thumbs"]) -> bool:
        """Whether the workspace has it, as far as is known."""
        return (team, what) not in self._found


class StreamBudget:
    """Past it, answers are posted and edited."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._starts: dict[str, deque[float]] = defaultdict(deque)

    def take(self, team: str) -> bool:
        """Whether another stream may begin now; counts it when it may."""
        starts, now = self._starts[team], self._clock()
        while starts and starts[0] <= now - 60:
            starts.popleft()
        if len(starts) >= STARTS:
            return False
        starts.append(now)
        return True
