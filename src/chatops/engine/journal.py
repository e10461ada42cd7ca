"""What a running answer has said and is not stored yet, in numbered batches; and the storing of its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from chatops.engine.errors import ChatopsError, NotFoundError, StoreError
from chatops.engine.journals import Journals
from chatops.engine.messages import ErrorInfo, Message
from chatops.engine.ports import Delta, Salvage, Sleep, Store

BATCH_BYTES = 1024
RENEW_SECONDS = 3.0
"""Three renewals fit into a lease, so one slow write does not end it."""

STORE_TRIES = 8
STORE_WAIT = 0.25
"""Seconds before a final write is tried again, doubled each time: half a minute in all."""
DEFECT = "chatops failed inside while it answered; the log has the details"

log = logging.getLogger(__name__)


class Journal:
    """The batches of one running message, written while it is `open`; `add` never waits.

    Args:
        journals: Writes the batches.
        store: Takes the end.
    """

    def __init__(
        self, journals: Journals, store: Store, message_id: str, *, sleep: Sleep, salvage: Salvage | None = None
    ) -> None:
        self.message_id = message_id
        self._journals = journals
        self._store = store
        self._sleep = sleep
        self._salvage = salvage
        self._n = 0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._bytes = 0
        self._waiting: list[Delta] = []
        self._written_at = asyncio.get_running_loop().time()
        self._fail: Callable[[Exception], None] = _unheard

    def add(self, *, text: str = "", reasoning: str = "") -> None:
        """Takes the next piece of the answer."""
        if reasoning:
            if self._text:  # within a batch reasoning stands before text: a new batch keeps the order
                self._seal()
            self._reasoning.append(reasoning)
        if text:
            self._text.append(text)
        self._bytes += len((text or reasoning).encode())
        if self._bytes >= BATCH_BYTES:
            self._seal()
            self._journals.hurry()

    def open(self, fail: Callable[[Exception], None]) -> None:
        """Has batches written until it is closed. There is no last write: the finished message holds everything.

        Args:
            fail: Told when nothing can be written any more; a `NotFoundError` when the message is gone, since its
                conversation was deleted.
        """
        self._fail = fail
        self._journals.open(self)

    def close(self) -> None:
        """Nothing more is written, but what is on its way."""
        self._journals.close(self)
        self._fail = _unheard  # it leads back to what holds this journal

    def fail(self, error: Exception) -> None:
        """Nothing can be written any more."""
        self._fail(error)

    @property
    def is_full(self) -> bool:
        """A batch waits for no beat."""
        return bool(self._waiting)

    def is_due(self, now: float) -> bool:
        """There is something to write at a beat, if only that the turn lives; `now` as the loop's clock says."""
        return bool(self._waiting or self._bytes) or now - self._written_at >= RENEW_SECONDS

    def next(self) -> Delta:
        """The batch to write now; an empty one renews the lease. The same again until it is `wrote`."""
        if not self._waiting:
            self._seal()
        return self._waiting[0] if self._waiting else Delta(n=self._n)

    def wrote(self, batch: Delta, now: float) -> None:
        """The store has it."""
        self._written_at = now
        if self._waiting and self._waiting[0] is batch:
            del self._waiting[0]
        if self._waiting:
            self._journals.hurry()

    def _seal(self) -> None:
        """Makes what is pending the next batch to write."""
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


def _unheard(error: Exception) -> None:
    """Before anything is written nobody listens."""


def _failed(message: Message, failure: ChatopsError) -> Message:
    return replace(message, status="failed", error=ErrorInfo(code=failure.code, message=failure.message))
