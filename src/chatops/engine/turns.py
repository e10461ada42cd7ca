"""A running turn: the provider's events become numbered events, journalled text and, at the end, a stored message.

The run belongs to the engine, not to a reader: readers come, go and come back through the turn log. Whatever ends it
(the provider, an error, a stop, the end of the process) goes through `run`, which has the message stored first and
tells the readers after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

from chatops.engine.errors import (
    PROVIDER_STREAM_CUT,
    ChatopsError,
    ProviderError,
    ProviderUnavailableError,
)
from chatops.engine.events import (
    Finished,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    TurnFinished,
    UsageUpdated,
)
from chatops.engine.journal import DEFECT, Journal
from chatops.engine.limits.admission import Admission
from chatops.engine.messages import (
    Attempt,
    Conversation,
    ErrorInfo,
    FinishReason,
    Message,
    Part,
    Principal,
    ReasoningPart,
    Status,
    TextPart,
    Usage,
)
from chatops.engine.ports import Clock, TurnLog
from chatops.engine.window import MESSAGE_OVERHEAD, count_tokens

StopReason = Literal["stopped", "shutdown"]
STOP_SENTENCES: dict[StopReason, str] = {
    "stopped": "the answer was stopped",
    "shutdown": "the answer was cut off because chatops was shut down",
}

log = logging.getLogger(__name__)


class Transcript:
    """The parts of an answer as they grow; neighbours of one kind are one part."""

    def __init__(self, parts: tuple[Part, ...] = ()) -> None:
        self._done = list(parts)
        self._kind: type[TextPart | ReasoningPart] = TextPart
        self._chunks: list[str] = []

    def add(self, kind: type[TextPart | ReasoningPart], text: str) -> None:
        if kind is not self._kind:
            self._done = list(self.parts())
            self._chunks = []
            self._kind = kind
        self._chunks.append(text)

    def parts(self) -> tuple[Part, ...]:
        text = "".join(self._chunks)
        if not text:
            return tuple(self._done)
        last = self._done[-1] if self._done else None
        if isinstance(last, TextPart | ReasoningPart) and isinstance(last, self._kind):
            return (*self._done[:-1], self._kind(text=last.text + text))
        return (*self._done, self._kind(text=text))


class TurnRun:
    """One run of one assistant message; the message's id is the turn's id.

    Args:
        journal: None keeps nothing (an unrecorded turn).
        events: The route's provider events.
        attempts: Filled by the route while it runs.
        admission: What the limits let it use; settled at the end, whatever that is.
    """

    def __init__(
        self,
        *,
        principal: Principal,
        conversation: Conversation,
        message: Message,
        events: AsyncGenerator[ProviderEvent, None],
        attempts: list[Attempt],
        admission: Admission,
        journal: Journal | None,
        turn_log: TurnLog,
        clock: Clock,
    ) -> None:
        self.id = message.id
        self.principal = principal
        self.conversation = conversation
        self.message = message
        self.done = asyncio.Event()
        self.figures: Mapping[str, Any] = {}
        self._events = events
        self._attempts = attempts
        self._admission = admission
        self._journal = journal
        self._log = turn_log
        self._clock = clock
        self._transcript = Transcript(message.parts)
        self._usage: Usage | None = None
        self._finished: Finished | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_cut = False
        self._stop_reason: StopReason | None = None
        self._failure: Exception | None = None

    async def run(self) -> Message:
        """Runs to the end and returns the message as it was stored. Never raises for what went wrong inside.

        Whoever starts the run has logged its `TurnStarted`.
        """
        try:
            error = await self._stream()
            message = await self._keep(self._admission.priced(self._final(error)))
            await self._log.append(self.id, TurnFinished(message))
        finally:
            self.done.set()
        self._report(message)
        return message

    async def _keep(self, message: Message) -> Message:
        """Stores the end of the answer, and its row in the usage ledger beside it: they may share a commit."""
        if self._journal is None:
            await self._admission.settle(message)
            return message
        kept, _ = await asyncio.gather(self._journal.finish(message), self._admission.settle(message))
        return kept

    def stop(self, reason: StopReason = "stopped") -> None:
        """Ends the provider's stream; the partial answer is stored. Does nothing when the answer is over already."""
        if self._stop_reason is None:
            self._stop_reason = reason
            self._cut()

    async def _stream(self) -> ChatopsError | None:
        """Takes the provider's events, with journal and lease kept up beside; returns what went wrong."""
        self._admission.keep(self._fail)
        if self._journal is not None:
            self._journal.open(self._fail)
        try:
            failure = await self._pumped()
        finally:
            if self._journal is not None:
                self._journal.close()
            self._admission.leave()
        return _told(self._failure or failure, self.id)

    async def _pumped(self) -> Exception | None:
        """What broke the provider's stream; None when it came to its end, or was cut."""
        task = self._task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a turn is a task
        try:
            if self._stop_reason is None:
                await self._pump()
        except asyncio.CancelledError:
            if not self._is_cut or task.cancelling() > 1:
                raise  # the task itself is to end, with the process
        except Exception as error:  # noqa: BLE001 - told by the caller
            return error
        finally:
            self._task = None
            if self._is_cut:
                task.uncancel()
        return None

    def _fail(self, error: Exception) -> None:
        """Ends the turn for what went wrong beside it."""
        if self._failure is None:
            self._failure = error
            self._cut()

    def _cut(self) -> None:
        """Ends the provider's stream where it is, once."""
        if self._task is not None and not self._is_cut:
            self._is_cut = True
            self._task.cancel()

    async def _pump(self) -> None:
        async with aclosing(self._events) as events:
            async for event in events:
                await self._take(event)
                if isinstance(event, TextDelta | ReasoningDelta) and not self._admission.grew(event.text):
                    # Its server does not keep to the maximum that was paid for.
                    self._finished = Finished("length")
                    return

    async def _take(self, event: ProviderEvent) -> None:
        match event:
            case TextDelta(text):
                await self._log.append(self.id, event)
                self._transcript.add(TextPart, text)
                if self._journal is not None:
                    self._journal.add(text=text)
            case ReasoningDelta(text):
                await self._log.append(self.id, event)
                self._transcript.add(ReasoningPart, text)
                if self._journal is not None:
                    self._journal.add(reasoning=text)
            case UsageUpdated(usage):
                await self._log.append(self.id, event)
                self._usage = usage
            case Finished():
                self._finished = event

    def _final(self, error: ChatopsError | None) -> Message:
        parts = self._transcript.parts()
        status, reason, info = self._outcome(error)
        usage = self._usage
        counted = usage is not None and not self.message.parts and all(isinstance(p, TextPart) for p in parts)
        last = self._attempts[-1] if self._attempts else None
        return replace(
            self.message,
            parts=parts,
            status=status,
            finish_reason=reason,
            error=info,
            usage=usage,
            tokens=MESSAGE_OVERHEAD + usage.output_tokens if usage and counted else count_tokens(parts),
            provider=last.provider if last else self.message.provider,
            model=last.model if last else self.message.model,
            attempts=tuple(self._attempts),
        )

    def _outcome(self, error: ChatopsError | None) -> tuple[Status, FinishReason | None, ErrorInfo | None]:
        if self._finished is not None:
            return "complete", self._finished.reason, None
        if error is None and self._stop_reason is not None:
            reason = self._stop_reason
            return "interrupted", None, ErrorInfo(code=reason, message=STOP_SENTENCES[reason])
        if error is None:
            error = ProviderUnavailableError(
                "the answer ended without a finish reason",
                provider=self.message.provider or "",
                code=PROVIDER_STREAM_CUT,
            )
        retry_after = error.retry_after if isinstance(error, ProviderError) else None
        return "failed", None, ErrorInfo(code=error.code, message=error.message, retry_after=retry_after)

    def _report(self, message: Message) -> None:
        """The one line a turn leaves in the log, and what a monitor counts; never what was said."""
        last = self._attempts[-1] if self._attempts else None
        usage = message.usage or Usage()
        self.figures = {
            "turn_id": message.id,
            "conversation_id": message.conversation_id,
            "principal_id": self.principal.user_id,
            "surface": self.principal.source,
            "provider": message.provider,
            "model": message.model,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "ttft_ms": last.ttft_ms if last else None,
            "duration_ms": self._clock() - message.created_at,
            "finish_reason": message.finish_reason,
            "status": message.status,
            "error": message.error.code if message.error else None,
        }
        log.info("turn", extra={"figures": self.figures})


def _told(failure: Exception | None, turn_id: str) -> ChatopsError | None:
    """What a reader is told of a failure; the log has a defect's details."""
    if failure is None or isinstance(failure, ChatopsError):
        return failure
    log.error("turn %s failed", turn_id, exc_info=failure)
    return ChatopsError(DEFECT)
