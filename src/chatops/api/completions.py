"""OpenAI's Chat Completions (platform.openai.com/docs/api-reference/chat): bodies to turns, turns to answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chatops.api.payloads import attachment
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Sampling
from chatops.engine.requests import Attachment, Said, TurnRequest

FORBID = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUrl:
    url: str
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    file_data: str
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextContent:
    type: Literal["text"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContent:
    type: Literal["image_url"]
    image_url: ImageUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    type: Literal["file"]
    file: File


Content = Annotated[TextContent | ImageContent | FileContent, Field(discriminator="type")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """Tools are not supported: neither their calls nor their results."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | tuple[Content, ...] | None = None
    name: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionBody:
    """Parameters without a rule of ours are passed to the provider as they are; those that are not listed, and those
    that ask for what is not supported, are refused by name.
    """

    __pydantic_config__ = FORBID

    model: str
    messages: Annotated[tuple[ChatMessage, ...], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | tuple[str, ...] | None = None
    # Passed on:
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    metadata: dict[str, str] | None = None
    prediction: dict[str, Any] | None = None
    presence_penalty: float | None = None
    prompt_cache_key: str | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    user: str | None = None
    verbosity: str | None = None
    # Refused, but for what changes nothing:
    audio: None = None
    function_call: Literal["none"] | None = None
    functions: Annotated[tuple[Any, ...], Field(max_length=0)] | None = None
    logprobs: Literal[False] | None = None
    modalities: tuple[Literal["text"], ...] | None = None
    n: Literal[1] | None = None
    parallel_tool_calls: bool | None = None
    tool_choice: Literal["none", "auto"] | None = None
    tools: Annotated[tuple[Any, ...], Field(max_length=0)] | None = None
    top_logprobs: Literal[0] | None = None
    web_search_options: None = None

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


_PASSED = (
    "frequency_penalty",
    "logit_bias",
    "metadata",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "user",
    "verbosity",
)


def turn_request(
    body: CompletionBody, *, conversation_id: str | None, client_id: str | None, silence: float
) -> TurnRequest:
    """The turn that a body means: unrecorded, unless it is to be stored or names a conversation.

    Raises:
        InvalidRequestError: The last message is not the user's, or a file is none.
    """
    system = [_text(one) for one in body.messages if one.role in {"system", "developer"}]
    said = [_said(one) for one in body.messages if one.role in {"user", "assistant"}]
    if not said or said[-1].role != "user":
        raise InvalidRequestError("messages: the last one must be the user's")
    record = bool(body.store) or conversation_id is not None
    extra = {name: value for name in _PASSED if (value := getattr(body, name)) is not None}
    return TurnRequest(
        text=said[-1].text,
        attachments=said[-1].attachments,
        history=tuple(said[:-1]),
        conversation_id=conversation_id,
        create=conversation_id is not None,
        client_id=client_id if record else None,
        model=body.model,
        system="\n\n".join(system) if system else None,
        sampling=Sampling(
            max_tokens=body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens,
            temperature=body.temperature,
            top_p=body.top_p,
            stop=(body.stop,) if isinstance(body.stop, str) else body.stop or (),
            extra=extra,
        ),
        silence=silence,
        record=record,
    )


def _text(message: ChatMessage) -> str:
    content = message.content or ""
    if isinstance(content, str):
        return content
    return "\n\n".join(part.text for part in content if isinstance(part, TextContent))


def _said(message: ChatMessage) -> Said:
    role: Literal["user", "assistant"] = "user" if message.role == "user" else "assistant"
    parts = message.content if isinstance(message.content, tuple) else ()
    files = [file for part in parts if (file := _file(part)) is not None]
    return Said(role=role, text=_text(message) or (message.refusal or ""), attachments=tuple(files))


def _file(part: TextContent | ImageContent | FileContent) -> Attachment | None:
    match part:
        case ImageContent():
            return attachment(part.image_url.url, None, None)
        case FileContent():
            return attachment(part.file.file_data, part.file.filename, None)
    return None
