"""The JSON that administrators are answered with; the rest is in `shapes`."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from chatops.api.shapes import User


class Users(TypedDict):
    """`next_cursor` is absent on the last page."""

    users: list[User]
    next_cursor: NotRequired[str]


class TermsBudget(TypedDict):
    """`cost` in dollars, a decimal number in text, or `tokens`."""

    period: Literal["day", "month"]
    cost: NotRequired[str]
    tokens: NotRequired[int]


class Terms(TypedDict):
    """What is said for one person; of what is absent, the settings say."""

    requests_per_minute: NotRequired[int]
    concurrent_turns: NotRequired[int]
    budget: NotRequired[TermsBudget]


class Invitation(TypedDict):
    """Without `email` it is for whoever has its code."""

    id: str
    email: NotRequired[str]
    role: Literal["admin", "member"]
    created_at: str
    expires_at: str


class NewInvitation(Invitation):
    code: str
