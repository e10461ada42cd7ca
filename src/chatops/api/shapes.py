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
    cost: NotRequired[str]


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


class OneConversation(Conversation):
    """`leaf_id`: the end of the active branch, where the conversation goes on."""

    leaf_id: NotRequired[str]


class Match(TypedDict):
    """The newest message of a conversation that holds all words of the search; of its text what is around them."""

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


class Verdict(TypedDict):
    """`fault`: the first row that is not as it was written; absent when all are."""

    rows: int
    fault: NotRequired[str]


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
    email: NotRequired[str]
    name: str
    role: Literal["admin", "member"]
    disabled: bool
    merged_into: NotRequired[str]
    created_at: str


class Entry(TypedDict):
    """`first`: nobody has registered yet; who does becomes the owner and administrator."""

    registration: Literal["first", "open", "invite", "closed"]


class SignedIn(TypedDict):
    """A browser gets the refresh token in a cookie instead."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: NotRequired[str]
    user: User


class Me(TypedDict):
    """Of the local owner who has not registered only id, role and scopes are sure to be there."""

    id: str
    email: NotRequired[str]
    name: NotRequired[str]
    role: Literal["admin", "member"]
    disabled: NotRequired[bool]
    created_at: NotRequired[str]
    scopes: list[str]


class ApiToken(TypedDict):
    """`start`: its first characters, to tell it by."""

    id: str
    name: str
    start: str
    scopes: list[str]
    created_at: str
    expires_at: NotRequired[str]
    last_used_at: NotRequired[str]


class NewApiToken(ApiToken):
    token: str


class Identity(TypedDict):
    platform: Literal["slack", "discord"]
    user_id: str


class Link(TypedDict):
    name: str
    identities: list[Identity]
    linked: bool


class UsageLine(TypedDict):
    """Which of `model`, `day`, `user`, `surface` is there was asked for; `name` is that of the user. `cost` leaves
    `unpriced_turns` out.
    """

    model: NotRequired[str]
    day: NotRequired[str]
    user: NotRequired[str]
    name: NotRequired[str]
    surface: NotRequired[str]
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: NotRequired[int]
    cost: str
    unpriced_turns: NotRequired[int]
    estimated_turns: NotRequired[int]


class Budget(TypedDict):
    """`held` by answers that are being written."""

    of: Literal["user", "surface", "token"]
    unit: Literal["dollars", "tokens"]
    period: Literal["day", "month"]
    limit: str
    spent: str
    held: str
    left: str
    renews_at: str


class UsageReport(TypedDict):
    usage: list[UsageLine]
    budgets: list[Budget]


class OpenAIErrorDetail(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(TypedDict):
    error: OpenAIErrorDetail


class OpenAIModel(TypedDict):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenAIModels(TypedDict):
    object: Literal["list"]
    data: list[OpenAIModel]


class Completion(TypedDict):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]


class Ready(TypedDict):
    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


class Alive(TypedDict):
    status: Literal["alive"]
    version: str
