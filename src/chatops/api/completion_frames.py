"""A turn's events as OpenAI's chat completion, whole or in chunks."""

from __future__ import annotations

from typing import Any

import orjson

from chatops.api.errors import openai_body
from chatops.api.frames import DONE
from chatops.engine.errors import ChatopsError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import ErrorInfo, Message, ReasoningPart, TextPart, Usage

Json = dict[str, Any]


class CompletionFrames:
    """Chunks, as server-sent events without ids: this dialect cannot be resumed."""

    def __init__(self, turn_id: str, model: str, created: int, *, include_usage: bool) -> None:
        """`created`: Unix seconds."""
        self._base = {"id": f"chatcmpl-{turn_id}", "object": "chat.completion.chunk", "created": created}
        self._model = model
        self._include_usage = include_usage

    def frames(self, event: Event) -> list[bytes]:
        match event:
            case TextDelta(text):
                return [self._delta({"content": text})]
            case ReasoningDelta(text):
                return [self._delta({"reasoning_content": text})]
            case TurnStarted(_, message):
                return [self._delta({"role": "assistant", "content": ""}), *map(self._begun, message.parts)]
            case TurnFinished(message):
                return self._finished(message)
        return []

    def failed(self, error: ChatopsError) -> list[bytes]:
        return [_frame(openai_body(error))]

    def _begun(self, part: object) -> bytes:
        """What an answer that goes on had."""
        if isinstance(part, ReasoningPart):
            return self._delta({"reasoning_content": part.text})
        return self._delta({"content": part.text if isinstance(part, TextPart) else ""})

    def _finished(self, message: Message) -> list[bytes]:
        if message.error is not None:
            return [_frame(openai_body(_error(message.error)))]
        frames = [self._delta({}, message.finish_reason)]
        if self._include_usage:
            frames.append(self._chunk([], usage=usage_json(message.usage or Usage())))
        return [*frames, b"data: %b\n\n" % DONE]

    def _delta(self, delta: Json, finish_reason: str | None = None) -> bytes:
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": finish_reason}], usage=None)

    def _chunk(self, choices: list[Json], usage: Json | None) -> bytes:
        chunk = {**self._base, "model": self._model, "choices": choices}
        return _frame({**chunk, "usage": usage} if self._include_usage else chunk)


def _frame(data: Json) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(data)


def _error(info: ErrorInfo) -> ChatopsError:
    return ChatopsError(info.message, code=info.code)


def completion(message: Message, created: int) -> Json:
    """A whole answer."""
    said: Json = {"role": "assistant", "content": message.text, "refusal": None}
    if message.reasoning:
        said["reasoning_content"] = message.reasoning
    return {
        "id": f"chatcmpl-{message.id}",
        "object": "chat.completion",
        "created": created,
        "model": f"{message.provider}:{message.model}",
        "choices": [{"index": 0, "message": said, "finish_reason": message.finish_reason, "logprobs": None}],
        "usage": usage_json(message.usage or Usage()),
    }


def usage_json(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
