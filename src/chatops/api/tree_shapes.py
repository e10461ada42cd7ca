"""The JSON of searches, branches and windows, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from chatops.api.shapes import Conversation, Message


class Hit(TypedDict):
    conversation: Conversation
    message: Message


class Hits(TypedDict):
    hits: list[Hit]


class Branch(TypedDict):
    """`start`: the first message that no other branch has. `length`: messages from the root to `end`."""

    end: Message
    start: Message
    length: int


class Branches(TypedDict):
    branches: list[Branch]


class Sent(TypedDict):
    """A message of a window; its text is cut."""

    id: str
    role: Literal["user", "assistant"]
    tokens: int
    text: str
    created_at: str
    files: list[str]


class PassedOver(TypedDict):
    messages: int
    tokens: int


class Context(TypedDict):
    """A model's window as the next prompt would find it, in tokens. `is_known` is False where its size is a guess;
    `reserve` is kept for the answer; `is_cut`: older messages do not fit any more. `passed_over`, messages of the
    branch that would not be sent, is absent when nobody counted them.
    """

    model: str
    window: int
    is_known: bool
    reserve: int
    system: int
    used: int
    left: int
    is_cut: bool
    messages: list[Sent]
    passed_over: NotRequired[PassedOver]
