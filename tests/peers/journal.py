"""What a platform's fake was asked, with times; and what it does to some calls because a test says so."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from aiohttp import web  # noqa: TC002 - as everywhere


@dataclass
class Entry:
    at: float
    call: str
    body: dict[str, Any]
    status: int = 0


@dataclass
class Fault:
    """Does something to the calls that match.

    Attributes:
        match: A pattern of the call: `PATCH /channels/*/messages/*`, `chat.update`.
        skip: Calls that match and pass first.
        times: Calls that are hit.
        action: `429`, `500` ...: this status; `reset`: the connection is reset before anything happens; `lost`: it
            happens, and the connection is reset before the answer; `slow`: two seconds late; else an error code.
    """

    match: str
    action: str
    skip: int = 0
    times: int = 1
    wait: float = 0.3


@dataclass
class Journal:
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def note(self, call: str, body: dict[str, Any]) -> Entry:
        entry = Entry(time.monotonic(), call, body)
        self.entries.append(entry)
        return entry

    def calls(self, pattern: str) -> list[Entry]:
        return [entry for entry in self.entries if fnmatch(entry.call, pattern)]

    def fault(self, call: str) -> Fault | None:
        """What is to be done to this call."""
        for fault in self.faults:
            if fault.times > 0 and fnmatch(call, fault.match):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None


def reset(request: web.Request) -> None:
    """Ends the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()


async def until(condition: Any, seconds: float = 20.0) -> None:
    """Polls until the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        await asyncio.sleep(0.01)
