"""The events of both streaming protocols, as bytes, for the servers that tests talk to."""

from __future__ import annotations

import json
from typing import Any

USAGE = {"input_tokens": 7, "cached_tokens": 2}
"""What every whole answer costs, besides a token for each word and thought."""

ANSWERED_BY = "the-model"
HALVES = "naïve 😀 end"
"""What `halves` says."""


class Chat:
    """Events of Chat Completions."""

    def begin(self) -> list[bytes]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def word(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def thought(self, text: str) -> bytes:
        return self._chunk({"reasoning_content": text})

    def end(self, tokens: int) -> list[bytes]:
        cached = {"cached_tokens": USAGE["cached_tokens"]}
        usage = {"prompt_tokens": USAGE["input_tokens"], "completion_tokens": tokens, "prompt_tokens_details": cached}
        last = {"id": "c", "object": "chat.completion.chunk", "model": ANSWERED_BY, "choices": [], "usage": usage}
        return [self._chunk({}, "stop"), event(last), b"data: [DONE]\n\n"]

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def failure(self, kind: str, message: str) -> bytes:
        return event(self.error(kind, message))

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        shape = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": ANSWERED_BY}
        return event({**shape, "choices": [choice], "usage": None})


class Messages:
    """Events of the Messages API."""

    def __init__(self) -> None:
        self._open: str | None = None
        self._index = -1

    def begin(self) -> list[bytes]:
        usage = {"input_tokens": 4, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 1}
        message: dict[str, Any] = {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": ANSWERED_BY,
            "content": [],
        }
        message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
        return [self._event("message_start", message=message), self._event("ping")]

    def word(self, text: str) -> bytes:
        return self._piece("text", {"type": "text_delta", "text": text})

    def thought(self, text: str) -> bytes:
        return self._piece("thinking", {"type": "thinking_delta", "thinking": text})

    def end(self, tokens: int) -> list[bytes]:
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        return [
            self._event("content_block_stop", index=self._index),
            self._event("message_delta", delta=delta, usage={"output_tokens": tokens}),
            self._event("message_stop"),
        ]

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": kind, "message": message}}

    def failure(self, kind: str, message: str) -> bytes:
        return b"event: error\n" + event(self.error(kind, message))

    def _piece(self, kind: str, delta: dict[str, Any]) -> bytes:
        before = b""
        if kind != self._open:
            if self._open is not None:
                before = self._event("content_block_stop", index=self._index)
            self._open, self._index = kind, self._index + 1
            block = {"type": "text", "text": ""} if kind == "text" else {"type": kind, "thinking": "", "signature": ""}
            before += self._event("content_block_start", index=self._index, content_block=block)
        return before + self._event("content_block_delta", index=self._index, delta=delta)

    def _event(self, kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\n".encode() + event({"type": kind, **fields})


def event(data: object) -> bytes:
    """One server-sent event. Text goes as UTF-8, halves of characters as JSON escapes."""
    try:
        text = json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        text = json.dumps(data).encode()
    return b"data: " + text + b"\n\n"
