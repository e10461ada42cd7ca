"""The JSON that the API answers with, as the OpenAPI document shows it. `engine.codec` makes it."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class ErrorDetail(TypedDict):
    code: str
    message: str
    retry_after: NotRequired[int]
    request_id: str


class Error(TypedDict):
    error: ErrorDetail


class Usage(TypedDict):
    input_tokens: int
    output_tokens: int
    cached_tokens: NotRequired[int]


class MessageError(TypedDict):
    code: str
    message: str
    retry_after: NotRequired[float]


class Part(TypedDict):
    """`text` and `reasoning` have a text, `file` the other four."""

    type: Literal["text", "reasoning", "file"]
    text: NotRequired[str]
    name: NotRequired[str]
    media_type: NotRequired[str]
    sha256: NotRequired[str]
    size: NotRequired[int]


class Message(TypedDict):
    """`parts` is there when the text alone does not say it all."""

    id: str
    parent_id: NotRequired[str]
    role: Literal["user", "assistant"]
    text: str
    parts: NotRequired[list[Part]]
    status: Literal["streaming", "complete", "interrupted", "failed"]
    model: NotRequired[str]
    provider: NotRequired[str]
    finish_reason: NotRequired[Literal["stop", "length", "tool_calls", "content_filter"]]
    usage: NotRequired[Usage]
    error: NotRequired[MessageError]
    attempts: NotRequired[list[dict[str, Any]]]
    created_at: str


class Conversation(TypedDict):
    id: str
    title: str
    model: NotRequired[str]
    system: NotRequired[str]
    archived: NotRequired[bool]
    tags: NotRequired[list[str]]
    expires_at: NotRequired[str]
    created_at: str
    updated_at: str


class Match(TypedDict):
    """The newest message of a conversation that holds all words of the search."""

    message_id: str
    role: Literal["user", "assistant"]
    text: str


class Found(Conversation):
    match: NotRequired[Match]


class Conversations(TypedDict):
    """`next_cursor` is absent on the last page."""

    conversations: list[Found]
    next_cursor: NotRequired[str]


class Messages(TypedDict):
    """`leaf_id`, the end of the active branch, comes with `order=newest`."""

    messages: list[Message]
    leaf_id: NotRequired[str]
    next_cursor: NotRequired[str]


class WholeConversation(Conversation):
    messages: list[Message]


class Stopped(TypedDict):
    """`stopped` is False when the turn was over already."""

    turn_id: str
    stopped: bool


class Model(TypedDict):
    id: str
    provider: str
    context: NotRequired[int]
    max_output: NotRequired[int]
    default: NotRequired[bool]


class Preset(TypedDict):
    """Of the server's settings: a system prompt and a model under a name."""

    name: str
    model: NotRequired[str]
    system: NotRequired[str]


class Models(TypedDict):
    models: list[Model]
    aliases: dict[str, str]
    default: str
    presets: list[Preset]


class User(TypedDict):
    id: str
    name: str
    email: NotRequired[str]
    role: Literal["admin", "member"]


class Ready(TypedDict):
    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


class Alive(TypedDict):
    status: Literal["alive"]
    version: str
