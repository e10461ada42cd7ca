"""One beat for the answers of a process: what they have said since the last one is taken together.

A token that travels alone pays for every step on its way: a read, its task is woken, what it needs is no longer in the
processor's caches, and each reader gets a write of its own. Between beats an answer's connection is not read: the
operating system gathers what comes. On a beat, tokens of one answer share their steps, and answers share the caches.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

ALONE = 1
SHARE_SECONDS = 0.003
"""What each running answer adds to a beat: where few run, a token hardly waits, and one alone never does."""
MOST_SHARES = 32
"""Makes a beat of 96 ms: what comes within a tenth of a second seems to come at once (Nielsen, "Usability
Engineering", 1993, chapter 5)."""
CROWD = 256
"""More answers than this fill most of a core; then beats are twice as long: better late words than late answers."""
GROUP = 48
"""Answers that go on in one moment. More are divided, each group at its own part of the beat: what begins meanwhile
would wait for all of them."""


class Flow(Protocol):
    """What an answer's bytes come through."""

    def pause(self) -> None:
        """Leaves what comes with the operating system."""
        ...

    def resume(self) -> None:
        """Takes it, and what follows. Does nothing when it was resumed since."""
        ...


class Beat:
    """The beat of all answers that `join`; for one event loop."""

    def __init__(self, share: float = SHARE_SECONDS) -> None:
        self._share = share
        self._answers = 0
        self._joined = 0
        self._waiting: dict[float, list[Flow]] = {}

    def join(self) -> int:
        """An answer runs, until it leaves. Returns its number."""
        self._answers += 1
        self._joined += 1
        return self._joined

    def leave(self) -> None:
        """One of those that joined runs no more."""
        self._answers -= 1

    @property
    def seconds(self) -> float:
        """From one beat to the next: in steps that divide each other, so that beats go on meeting; 0 for one alone."""
        if self._answers <= ALONE:
            return 0.0
        shares = min(1 << (self._answers - 1).bit_length(), MOST_SHARES)
        return self._share * (2 * shares if self._answers > CROWD else shares)

    def hold(self, number: int, flow: Flow) -> None:
        """Takes nothing more of an answer before its next beat. Returns at once."""
        if not (seconds := self.seconds):
            return
        loop = asyncio.get_running_loop()
        groups = (self._answers - 1) // GROUP + 1
        part = number % groups / groups * seconds
        due = ((loop.time() - part) // seconds + 1) * seconds + part
        if due not in self._waiting:
            self._waiting[due] = []
            loop.call_at(due, self._strike, due)
        flow.pause()
        self._waiting[due].append(flow)

    def _strike(self, due: float) -> None:
        for flow in self._waiting.pop(due):
            flow.resume()
