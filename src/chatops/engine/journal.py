"""Carries a running answer to the store in batches, so that a crash loses at most the last of them, and its end.

A batch is due 200 to 250 ms after its first token or when it holds 1 KiB. Every write renews the turn's lease; a silent
turn renews it by itself. While the store is away the batches wait and are tried again; the answer goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace

from chatops.engine.errors import ChatopsError, NotFoundError, StoreError
from chatops.engine.messages import ErrorInfo, Message
from chatops.engine.ports import Clock, Delta, Salvage, Sleep, Store

BATCH_SECONDS = 0.25
BEAT_SECONDS = 0.05
BATCH_BYTES = 1024
LEASE_MS = 10_000
"""After a crash a conversation is blocked for so long."""
RENEW_SECONDS = 3.0
"""Three renewals fit into a lease, so one slow write does not end it."""

STORE_TRIES = 8
STORE_WAIT = 0.25
"""Seconds before a final write is tried again, doubled each time: half a minute in all."""
DEFECT = "chatops failed inside while it answered; the log has the details"

log = logging.getLogger(__name__)


class Journal:
    """The batches of one running message. `run` is its task; `add` never waits."""

    def __init__(
        self, store: Store, message_id: str, *, clock: Clock, sleep: Sleep, salvage: Salvage | None = None
    ) -> None:
        self._store = store
        self._message_id = message_id
        self._clock = clock
        self._sleep = sleep
        self._salvage = salvage
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
                await _wait(self._due, _until_next_beat())
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

    async def finish(self, message: Message) -> Message:
        """Stores the final message, and tries for half a minute when the store is away.

        Returns:
            The message as it stands now: `failed` when it could not be stored. Its error then says where it is kept.
        """
        failure: ChatopsError = NotFoundError("the conversation was deleted while it was answered")
        for trial in range(STORE_TRIES):
            try:
                if await self._store.finish_turn(message):
                    return message
                return _failed(message, failure)
            except StoreError as error:
                log.warning("turn %s: %s; the answer waits and is tried again", message.id, error.message)
                failure = error
                await self._sleep(STORE_WAIT * 2**trial)
            except ChatopsError as error:
                failure = error
                break
            except Exception:
                log.exception("turn %s could not be stored", message.id)
                failure = ChatopsError(DEFECT)
                break
        return _failed(message, self._kept(message, failure))

    def _kept(self, message: Message, failure: ChatopsError) -> ChatopsError:
        """The failure, with where the answer is now."""
        if self._salvage is None:
            return failure
        try:
            place = self._salvage(message)
        except OSError as error:
            log.error("turn %s could not be kept outside the database either: %s", message.id, error)  # noqa: TRY400 - one line says it
            return failure
        told = f"{failure.message}; the answer is kept in {place} and goes into the database at the next start"
        return ChatopsError(told, code=failure.code)


def _failed(message: Message, failure: ChatopsError) -> Message:
    return replace(message, status="failed", error=ErrorInfo(code=failure.code, message=failure.message))


def _until_next_beat() -> float:
    """Seconds to the last beat within `BATCH_SECONDS`. Beats are the same for all turns of a process, so that their
    batches come to the store together: one transaction, one waking of its thread.
    """
    now = asyncio.get_running_loop().time()
    return (now + BATCH_SECONDS) // BEAT_SECONDS * BEAT_SECONDS - now


async def _wait(flag: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await flag.wait()
    except TimeoutError:
        return
