"""The nouns: conversations and messages. Frozen values; times are Unix milliseconds, UTC; ids are UUIDv7."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chatops.engine.errors import PermissionDeniedError

Role = Literal["user", "assistant"]
Status = Literal["streaming", "complete", "interrupted", "failed"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
Source = Literal["cli", "api", "web", "slack", "discord"]
Scope = Literal["chat", "history:read", "history:write", "admin"]

LOCAL_OWNER = "local"
"""Owner of everything made on the embedded database without an account; the first account becomes this owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts, and through which surface."""

    user_id: str
    source: Source = "cli"
    scopes: frozenset[Scope] = frozenset({"chat", "history:read", "history:write"})
    role: Literal["admin", "member"] = "member"
    token_id: str | None = None

    def require(self, scope: Scope) -> None:
        """Raises `PermissionDeniedError` when this principal may not do what `scope` stands for."""
        if scope not in self.scopes:
            raise PermissionDeniedError(f"this needs the scope {scope}, which these credentials do not have")


def local_principal(source: Source = "cli") -> Principal:
    """Who has the database itself: its owner, who may do everything."""
    scopes: frozenset[Scope] = frozenset({"chat", "history:read", "history:write", "admin"})
    return Principal(user_id=LOCAL_OWNER, source=source, scopes=scopes, role="admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningPart:
    """What the model thought aloud before it answered; shown dim, never sent back."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A reference to an attached image or document; the bytes lie in the store under their digest."""

    name: str
    media_type: str
    sha256: str
    size: int


Part = TextPart | ReasoningPart | FilePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer, as the provider counted them (OpenTelemetry `gen_ai.usage.*`).

    `cached_tokens` are among the input. `cost`: nano-dollars, None when nobody said what the model costs.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    """An error as it is kept with a message and sent on the wire."""

    code: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call of one provider for one answer. Times in milliseconds."""

    provider: str
    model: str
    started_at: int
    duration_ms: int
    ttft_ms: int | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One node of a conversation's tree.

    `seq` numbers the messages of a conversation in the order of their creation (a parent's is always lower than its
    child's), so that a tail is a range read. `tokens` is what this message takes of a context window, counted once.
    """

    id: str
    conversation_id: str
    role: Role
    parts: tuple[Part, ...]
    created_at: int
    seq: int = 0
    parent_id: str | None = None
    status: Status = "complete"
    tokens: int = 0
    provider: str | None = None
    model: str | None = None
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    error: ErrorInfo | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def text(self) -> str:
        """The answer or prompt itself: all text parts, joined."""
        return "".join([part.text for part in self.parts if isinstance(part, TextPart)])

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, ReasoningPart))

    @property
    def files(self) -> tuple[FilePart, ...]:
        return tuple(part for part in self.parts if isinstance(part, FilePart))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A tree of messages that belongs to a person.

    Attributes:
        leaf_id: The end of the active branch.
        archived: Put away: listed only on request, found by a search as before.
        tags: What `engine.tags.normalised` makes of a person's labels.
        expires_at: When it is deleted with all that is in it (a temporary conversation); None: never.
    """

    id: str
    owner_id: str
    title: str
    created_at: int
    updated_at: int
    model: str | None = None
    system: str | None = None
    leaf_id: str | None = None
    archived: bool = False
    tags: tuple[str, ...] = ()
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to sample an answer. None leaves it to the provider; `extra` goes into the request body as it is."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A message that matched, with its conversation."""

    conversation: Conversation
    message: Message
