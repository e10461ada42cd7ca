"""A turn's events as the AI SDK's UI message stream, version 1 (its documentation page "Stream Protocols").

Pure: the HTTP API frames these parts as server-sent events, `ask --jsonl` writes them one a line.
"""

from __future__ import annotations

from typing import Any, Literal

from chatops.engine.codec import error_record, usage_json
from chatops.engine.events import (
    Entitled,
    Event,
    ReasoningDelta,
    TextDelta,
    TurnFinished,
    TurnStarted,
    UsageUpdated,
)
from chatops.engine.messages import Conversation, Message, ReasoningPart, TextPart

Part = dict[str, Any]


class UIStream:
    """Turns one turn's events, in order, into parts. Text and reasoning come in blocks: start, deltas, end."""

    def __init__(self) -> None:
        self._blocks = 0
        self._open: Literal["text", "reasoning"] | None = None
        self._model = ""

    def parts(self, event: Event) -> list[Part]:
        """The parts to send for the next event."""
        match event:
            case TextDelta(text):
                return self._delta("text", text)
            case ReasoningDelta(text):
                return self._delta("reasoning", text)
            case UsageUpdated(usage):
                return [{"type": "data-usage", "data": usage_json(usage), "transient": True}]
            case TurnStarted(conversation, message):
                return self._start(conversation, message)
            case Entitled(conversation_id, title):
                return [_conversation(conversation_id, title)]
            case TurnFinished(message):
                return self._finish(message)

    def _start(self, conversation: Conversation, message: Message) -> list[Part]:
        self._model = f"{message.provider}:{message.model}"
        metadata = {"model": self._model, "parent_id": message.parent_id}
        parts: list[Part] = [
            {"type": "start", "messageId": message.id, "messageMetadata": metadata},
            _conversation(conversation.id, conversation.title),
        ]
        for part in message.parts:  # an answer that goes on begins with what it had
            if isinstance(part, TextPart):
                parts += self._delta("text", part.text)
            elif isinstance(part, ReasoningPart):
                parts += self._delta("reasoning", part.text)
        return parts

    def _delta(self, kind: Literal["text", "reasoning"], text: str) -> list[Part]:
        delta = {"type": f"{kind}-delta", "id": self._id(kind), "delta": text}
        if self._open == kind:
            return [delta]
        closing = self._close()
        self._blocks += 1
        self._open = kind
        delta["id"] = self._id(kind)
        return [*closing, {"type": f"{kind}-start", "id": delta["id"]}, delta]

    def _id(self, kind: str) -> str:
        return f"{kind}-{self._blocks}"

    def _close(self) -> list[Part]:
        kind, self._open = self._open, None
        return [] if kind is None else [{"type": f"{kind}-end", "id": self._id(kind)}]

    def _finish(self, message: Message) -> list[Part]:
        parts = self._close()
        if message.error is not None:
            # The dialect's own ends carry no code, and its first readers refuse keys that they do not know.
            parts.append({"type": "data-error", "data": error_record(message.error), "transient": True})
            if message.status == "interrupted":
                return [*parts, {"type": "abort"}]
            return [*parts, {"type": "error", "errorText": message.error.message}]
        metadata: Part = {"finish_reason": message.finish_reason}
        if (model := f"{message.provider}:{message.model}") != self._model:
            metadata["model"] = model  # another one had to answer
        if message.usage is not None:
            metadata["usage"] = usage_json(message.usage)
        return [*parts, {"type": "finish", "messageMetadata": metadata}]


def _conversation(id_: str, title: str) -> Part:
    return {"type": "data-conversation", "data": {"id": id_, "title": title}}
