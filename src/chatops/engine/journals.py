"""Carries what running answers have said to the store: the batches of all of them go together, on one beat.

A batch is written with the next beat, or at once when it holds 1 KiB. Every write renews its turn's lease; a silent
turn's is renewed by itself. While the store is away the batches wait and are tried again; the answers go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from chatops.engine.errors import NotFoundError, StoreError
from chatops.engine.ports import Clock, Store

if TYPE_CHECKING:
    from chatops.engine.journal import Journal

BEAT_SECONDS = 0.25
LEASE_MS = 10_000
"""After a crash a conversation is blocked for so long."""

log = logging.getLogger(__name__)


class Journals:
    """The open journals of one process, and the one task that writes them while there are any."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._open: set[Journal] = set()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self, journal: Journal) -> None:
        self._open.add(journal)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="journals")

    def close(self, journal: Journal) -> None:
        """Nothing of it is written any more, but what is on its way."""
        self._open.discard(journal)
        if not self._open:
            self._hurry.set()

    def hurry(self) -> None:
        """Has full batches written before the next beat."""
        self._hurry.set()

    async def _run(self) -> None:
        now = asyncio.get_running_loop().time
        beat = _next_beat(now())
        while self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(beat):
                    await self._hurry.wait()
            self._hurry.clear()
            if now() < beat:
                await self._write([journal for journal in self._open if journal.is_full])
            else:
                beat = _next_beat(now())
                await self._write([journal for journal in self._open if journal.is_due(now())])

    async def _write(self, due: Collection[Journal]) -> None:
        batches = {journal.message_id: journal.next() for journal in due}
        if not batches:
            return
        try:
            gone = await self._store.append_deltas(batches, lease_expires_at=self._clock() + LEASE_MS)
        except StoreError as error:
            log.warning("journal: %s; %d batches wait and are tried again", error.message, len(batches))
            await asyncio.sleep(BEAT_SECONDS)
            return
        except Exception as error:  # noqa: BLE001 - each of the turns tells it, and ends
            for journal in due:
                journal.fail(error)
            return
        now = asyncio.get_running_loop().time()
        for journal in due:
            if journal.message_id in gone:
                journal.fail(NotFoundError("the conversation was deleted while it was answered"))
            else:
                journal.wrote(batches[journal.message_id], now)


def _next_beat(now: float) -> float:
    """At multiples of the time, so that what else is written on a beat comes in the same moment."""
    return (now // BEAT_SECONDS + 1) * BEAT_SECONDS
