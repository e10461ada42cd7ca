"""Chat Completions, without any I/O: a request's body, and the events of its answer.

Source: platform.openai.com/docs/api-reference/chat, and what compatible servers add to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.engine.events import Finished, ProviderEvent, UsageUpdated
from chatops.engine.messages import FinishReason, Message, Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.storable import storable
from chatops.engine.providers.wire import Deltas, Json, Wire, count

if TYPE_CHECKING:
    from chatops.engine.providers.attachments import Attachment

_FINISH: dict[str, FinishReason] = {
    "content_filter": "content_filter",
    "function_call": "tool_calls",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
}
"""Any other reason is a stop: servers name theirs ("eos", "end_turn")."""

_BROKEN = frozenset({"abort", "error", "insufficient_system_resource"})
"""Reasons with which vLLM, OpenRouter and DeepSeek say that the answer is not whole."""


def body(request: ChatRequest, official: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 - `Wire.body`
    """The JSON to post for a request.

    Args:
        request: What is asked.
        official: Whether it goes to OpenAI itself. There `max_tokens` is refused by newer models in favour of
            `max_completion_tokens`, which many compatible servers do not know and would ignore.

    Raises:
        InvalidRequestError: An attached file is of a kind that no model takes.
    """
    sampling = request.sampling
    limit = "max_completion_tokens" if official else "max_tokens"
    asked: dict[str, object] = {
        "model": request.model,
        "messages": _messages(request),
        "stream": True,
        "stream_options": {"include_usage": True},
        limit: sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop": list(sampling.stop) or None,
    }
    return {key: value for key, value in asked.items() if value is not None} | sampling.extra


def _messages(request: ChatRequest) -> list[Json]:
    system = [{"role": "system", "content": storable(request.system)}] if request.system else []
    turns = [{"role": message.role, "content": _content(message, request)} for message in request.messages]
    return system + [turn for turn in turns if turn["content"]]


def _content(message: Message, request: ChatRequest) -> str | list[Json]:
    text = storable(message.text)
    if not message.files or message.role == "assistant":
        return text
    from chatops.engine.providers.attachments import attachments

    files = attachments(message, request.blobs)
    return ([{"type": "text", "text": text}] if text else []) + [_part(file) for file in files]


def _part(file: Attachment) -> Json:
    if file.text is not None:
        return {"type": "text", "text": file.text}
    url = f"data:{file.media_type};base64,{file.base64}"
    if file.kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": file.name, "file_data": url}}


class Decoder:
    """One answer's chunks in, events out. Usage comes after the finish reason, so `Finished` waits for `end`."""

    __slots__ = ("_deltas", "_faults", "_finish", "_model", "_usage", "done")

    def __init__(self, faults: Faults) -> None:
        self.done = False
        self._faults = faults
        self._finish: str | None = None
        self._model: str | None = None
        self._usage: Usage | None = None
        self._deltas = Deltas()

    def chunk(self, data: Json) -> list[ProviderEvent]:
        """The events of one `chat.completion.chunk`. Raises `ProviderError` when it carries an error instead."""
        if data.get("error") or data.get("object") == "error":
            raise self._faults.inband(data.get("error") or data)
        if isinstance(model := data.get("model"), str) and model:
            self._model = storable(model)
        choices = data.get("choices")
        events = self._choice(choices[0]) if isinstance(choices, list) and choices else []
        if isinstance(usage := data.get("usage"), dict):
            events += self._counted(usage)
        return events

    def _choice(self, choice: Any) -> list[ProviderEvent]:
        if not isinstance(choice, dict) or choice.get("index"):
            return []
        delta = choice.get("delta")
        events = self._delta(delta) if isinstance(delta, dict) else []
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish = reason
        return events

    def _delta(self, delta: Json) -> list[ProviderEvent]:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        said = delta.get("content") or delta.get("refusal")
        if isinstance(said, list):
            thought, said = _thoughts(said), _texts(said)
        return self._deltas.reasoning(thought) + self._deltas.text(said)

    def _counted(self, data: Json) -> list[ProviderEvent]:
        usage = Usage(
            input_tokens=count(data, "prompt_tokens"),
            output_tokens=count(data, "completion_tokens"),
            cached_tokens=count(data, "prompt_tokens_details", "cached_tokens"),
        )
        if usage == self._usage:
            return []
        self._usage = usage
        return [UsageUpdated(usage)]

    def end(self) -> list[ProviderEvent]:
        """The last events of a whole answer. Raises `ProviderUnavailableError` when the answer is none."""
        if self._finish is None:
            raise self._faults.cut("ended its answer without a finish reason")
        if self._finish in _BROKEN:
            raise self._faults.cut(f"gave up its answer ({self._finish})")
        return [*self._deltas.rest(), Finished(_FINISH.get(self._finish, "stop"), self._model)]


def _texts(parts: list[Any]) -> str:
    """Mistral's reasoning models send `content` as a list of parts."""
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _thoughts(parts: list[Any]) -> str:
    thoughts = [part.get("thinking") for part in parts if isinstance(part, dict)]
    return "".join(_texts(thought) for thought in thoughts if isinstance(thought, list))


def headers(key: str, official: bool) -> dict[str, str]:  # noqa: ARG001, FBT001 - `Wire.headers`
    return {"authorization": f"Bearer {key}"}


WIRE = Wire(
    official="https://api.openai.com/v1",
    domains=("openai.com", "openai.azure.com"),
    path="/chat/completions",
    models_path="/models",
    key_variable="OPENAI_API_KEY",
    body=body,
    headers=headers,
    decoder=Decoder,
)
