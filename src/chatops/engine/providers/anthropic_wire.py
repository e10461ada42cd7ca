"""The Messages API, without any I/O: a request's body, and the events of its answer.

Source: docs.claude.com/en/api/messages and .../build-with-claude/streaming.
"""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from chatops.engine.events import Finished, ProviderEvent, UsageUpdated
from chatops.engine.messages import FinishReason, Message, Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.storable import storable
from chatops.engine.providers.wire import Deltas, Json, Wire, count

if TYPE_CHECKING:
    from chatops.engine.providers.attachments import Attachment

_VERSION = "2026-10-21"
"""The same as the SDK's; a test says when that moves."""

_MAX_TOKENS = 8192
"""The protocol wants a limit; this one every current model allows."""

_FINISH: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}
"""Any other reason is a stop."""

_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def body(request: ChatRequest, official: bool = False) -> dict[str, object]:  # noqa: ARG001, FBT001, FBT002 - `Wire.body`
    """The JSON to post for a request; the same for every server.

    Raises:
        InvalidRequestError: An attached file is of a kind that no model takes.
    """
    sampling = request.sampling
    asked: dict[str, object] = {
        "model": request.model,
        "max_tokens": sampling.max_tokens or request.max_output or _MAX_TOKENS,
        "system": storable(request.system) if request.system else None,
        "messages": _messages(request),
        "stream": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop_sequences": list(sampling.stop) or None,
    }
    return {key: value for key, value in asked.items() if value is not None} | sampling.extra


def _messages(request: ChatRequest) -> list[Json]:
    turns: list[Json] = [{"role": message.role, "content": _content(message, request)} for message in request.messages]
    if turns and turns[-1]["role"] == "assistant":
        # To go on from a partial answer is allowed, but not from one that ends in white space.
        turns[-1]["content"] = turns[-1]["content"].rstrip()
    # Empty turns are refused, and so is a conversation that the assistant opens.
    return list(dropwhile(lambda turn: turn["role"] == "assistant", [turn for turn in turns if turn["content"]]))


def _content(message: Message, request: ChatRequest) -> str | list[Json]:
    text = storable(message.text)
    if not message.files or message.role == "assistant":
        return text
    from chatops.engine.providers.attachments import attachments

    files = attachments(message, request.blobs)
    # The documentation advises files first, the question after them.
    return [_part(file) for file in files] + ([{"type": "text", "text": text}] if text else [])


def _part(file: Attachment) -> Json:
    if file.text is not None:
        return {"type": "text", "text": file.text}
    source = {"type": "base64", "media_type": file.media_type, "data": file.base64}
    return {"type": "image" if file.kind == "image" else "document", "source": source}


class Decoder:
    """One answer's events in, ours out."""

    __slots__ = ("_deltas", "_faults", "_finish", "_model", "_usage", "done")

    def __init__(self, faults: Faults) -> None:
        self.done = False
        self._faults = faults
        self._finish: str | None = None
        self._model: str | None = None
        self._usage: Json = {}
        self._deltas = Deltas()

    def chunk(self, data: Json) -> list[ProviderEvent]:
        """Our events for one of theirs. Raises `ProviderError` when it is an error."""
        match data.get("type"):
            case "content_block_delta":
                return self._piece(data.get("delta"))
            case "content_block_start":
                return self._piece(data.get("content_block"))
            case "message_start":
                return self._begun(data.get("message"))
            case "message_delta":
                return self._ending(data)
            case "message_stop":
                self.done = True
            case "error":
                raise self._faults.inband(data.get("error"))
        return []

    def _piece(self, piece: Any) -> list[ProviderEvent]:
        """A block's beginning and its deltas have the same fields; signatures, tools and citations are not ours."""
        match piece:
            case {"type": "text" | "text_delta", "text": text}:
                return self._deltas.text(text)
            case {"type": "thinking" | "thinking_delta", "thinking": thought}:
                return self._deltas.reasoning(thought)
        return []

    def _begun(self, message: Any) -> list[ProviderEvent]:
        if not isinstance(message, dict):
            return []
        if isinstance(model := message.get("model"), str) and model:
            self._model = storable(model)
        return self._counted(message.get("usage"))

    def _ending(self, data: Json) -> list[ProviderEvent]:
        delta = data.get("delta")
        if isinstance(delta, dict) and isinstance(reason := delta.get("stop_reason"), str):
            self._finish = reason
        return self._counted(data.get("usage"))

    def _counted(self, usage: Any) -> list[ProviderEvent]:
        """Later counts replace earlier ones; those they leave out stay."""
        if not isinstance(usage, dict):
            return []
        self._usage |= {name: value for name, value in usage.items() if value is not None}
        counted = Usage(
            input_tokens=sum(count(self._usage, name) for name in _INPUT),
            output_tokens=count(self._usage, "output_tokens"),
            cached_tokens=count(self._usage, "cache_read_input_tokens"),
        )
        return [UsageUpdated(counted)]

    def end(self) -> list[ProviderEvent]:
        """The last events of a whole answer. Raises `ProviderUnavailableError` when the answer is none."""
        if self._finish is None:
            raise self._faults.cut("ended its answer without a stop reason")
        return [*self._deltas.rest(), Finished(_FINISH.get(self._finish, "stop"), self._model)]


def headers(key: str, official: bool) -> dict[str, str]:  # noqa: FBT001 - `Wire.headers`
    """As the SDK sends them; most compatible servers were written when it sent the key as `x-api-key`."""
    own = {"authorization": f"Bearer {key}", "anthropic-version": _VERSION}
    return own if official else own | {"x-api-key": key}


WIRE = Wire(
    official="https://api.anthropic.com",
    domains=("anthropic.com",),
    path="/v1/messages",
    models_path="/v1/models?limit=1000",
    key_variable="ANTHROPIC_API_KEY",
    body=body,
    headers=headers,
    decoder=Decoder,
)
