"""Carries a running answer to the store in batches, so that a crash loses at most the last of them.

A batch is due 250 ms after its first token or when it holds 1 KiB. Every write renews the turn's lease; a silent
turn renews it by itself. While the store is away the batches wait and are tried again; the answer goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from chatops.engine.errors import NotFoundError, StoreError
from chatops.engine.ports import Clock, Delta, Store

BATCH_SECONDS = 0.25
BATCH_BYTES = 1024
LEASE_MS = 10_000
"""After a crash a conversation is blocked for so long."""
RENEW_SECONDS = 3.0
"""Three renewals fit into a lease, so one slow write does not end it."""

log = logging.getLogger(__name__)


class Journal:
    """The batches of one running message. `run` is its task; `add` never waits."""

    def __init__(self, store: Store, message_id: str, clock: Clock) -> None:
        self._store = store
        self._message_id = message_id
        self._clock = clock
        self._n = 0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._bytes = 0
        self._waiting: deque[Delta] = deque()
        self._dirty = asyncio.Event()
        self._due = asyncio.Event()
        self._closed = False

    def add(self, *, text: str = "", reasoning: str = "") -> None:
        """Takes the next piece of the answer."""
        if reasoning:
            if self._text:  # within a batch reasoning stands before text: a new batch keeps the order
                self._seal()
            self._reasoning.append(reasoning)
        if text:
            self._text.append(text)
        self._bytes += len((text or reasoning).encode())
        self._dirty.set()
        if self._bytes >= BATCH_BYTES:
            self._due.set()

    def close(self) -> None:
        """Ends `run` without a last write: the finished message holds everything."""
        self._closed = True
        self._dirty.set()
        self._due.set()

    async def run(self) -> None:
        """Writes batches until closed.

        Raises:
            NotFoundError: The message is gone, since its conversation was deleted.
        """
        while not self._closed:
            await _wait(self._dirty, RENEW_SECONDS)
            if self._dirty.is_set():
                await _wait(self._due, BATCH_SECONDS)
            if not self._closed:
                await self._write()

    async def _write(self) -> None:
        self._seal()
        if not self._waiting:
            self._waiting.append(Delta(n=self._n))  # renews the lease
        while self._waiting:
            try:
                kept = await self._store.append_delta(
                    self._message_id, self._waiting[0], lease_expires_at=self._clock() + LEASE_MS
                )
            except StoreError as error:
                log.warning("journal: %s; the batch waits and is tried again", error.message)
                self._dirty.set()
                return
            if not kept:
                raise NotFoundError("the conversation was deleted while it was answered")
            self._waiting.popleft()

    def _seal(self) -> None:
        """Makes what is pending the next batch to write."""
        self._dirty.clear()
        self._due.clear()
        if self._text or self._reasoning:
            self._n += 1
            self._waiting.append(Delta(n=self._n, text="".join(self._text), reasoning="".join(self._reasoning)))
            self._text, self._reasoning, self._bytes = [], [], 0


async def _wait(flag: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await flag.wait()
    except TimeoutError:
        return
