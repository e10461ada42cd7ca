"""What a front end asks for: a turn, and what is checked before anything is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from chatops.engine.errors import InvalidRequestError
from chatops.engine.ids import id_for
from chatops.engine.messages import Conversation, Message, Role, Sampling

if TYPE_CHECKING:
    from decimal import Decimal

MAX_TEXT_BYTES = 4 * 2**20
"""4 MiB: about 1.4 million tokens, more than any window; far below MongoDB's 16 MB document."""
MAX_ATTACHMENT_BYTES = 10 * 2**20
"""Anthropic takes 32 MB a request, and base64 adds a third: this leaves room for two of them."""
MAX_ATTACHMENTS = 10
MEDIA_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain")
TITLE_CHARS = 60
MAX_NAME = 128
"""Characters of a name that a client chooses: a UUID, a ULID, a nanoid, with room for a prefix."""
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.:-]{{0,{MAX_NAME - 1}}}")
"""An id of a conversation: ours, or one that a client chose."""
MAX_LIFE = 10 * 365 * 86_400
"""Seconds that a temporary conversation may be kept: ten years, as good as for good."""
MAX_COST = 1_000_000
"""Dollars."""
MAX_SILENCE = 86_400.0
"""Seconds: whoever waits for longer has forgotten it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An image or document that goes with a prompt."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of a history that the caller gives along."""

    role: Role
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """One turn to run.

    Attributes:
        text: The prompt; not used by `regenerate` and `continue`.
        conversation_id: None begins a conversation.
        create: A conversation that nobody has yet is begun under this `conversation_id`.
        client_id: The caller's own name for this turn. The same one never makes a second turn of its owner: the turn
            that it made is returned. A later `message_id` may name the question by it.
        kind: `submit` adds to the active branch; `edit` asks again in place of an earlier user message;
            `regenerate` answers a user message once more; `continue` goes on with an answer that was cut off.
            The last three make siblings: nothing is overwritten.
        message_id: What `edit`, `regenerate` and `continue` are about; None means the last such message.
            For `submit`, the message to answer below, None: the active leaf.
        history: For `submit`: what was said before. The model is shown this and not what is stored; a conversation
            that begins with this turn begins with it. None: what is stored.
        model: An id or alias; None: the conversation's, else the default.
        system: System prompt; None keeps the conversation's.
        fallbacks: Models to try when the first is unavailable; None: those of the settings.
        silence: Seconds without a byte from the provider after which it counts as gone.
        on_busy: When a turn already runs in the conversation: `fail` with `ConflictError`, or `queue` behind it.
        expires_in: Makes the conversation that this turn begins a temporary one: seconds after which it is deleted.
        record: False keeps nothing of this turn but its row in the usage ledger.
        titled: A model may name the conversation that this turn begins, where the engine has one for it.
        max_cost: Dollars that this turn may cost at most.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    conversation_id: str | None = None
    create: bool = False
    client_id: str | None = None
    kind: Literal["submit", "edit", "regenerate", "continue"] = "submit"
    message_id: str | None = None
    history: tuple[Said, ...] | None = None
    model: str | None = None
    system: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    fallbacks: tuple[str, ...] | None = None
    silence: float = 300.0
    on_busy: Literal["fail", "queue"] = "fail"
    record: bool = True
    titled: bool = True
    expires_in: int | None = None
    max_cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn that was started: `id` is the answer's message id."""

    id: str
    conversation: Conversation
    message: Message


def check_text(text: str, what: str) -> None:
    """Refuses what a store or a provider could not keep as it is.

    Raises:
        InvalidRequestError: NUL, a lone surrogate (bytes that were no UTF-8), or too long; says where.
    """
    position = text.find("\0")
    if position >= 0:
        raise InvalidRequestError(f"{what} holds a NUL character at position {position}: send text, or attach the file")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"{what} is not valid UTF-8 at position {error.start}: convert it (iconv), or attach the file"
        ) from None
    if size > MAX_TEXT_BYTES:
        raise InvalidRequestError(f"{what} is {size:,} bytes, {MAX_TEXT_BYTES:,} at most: send a part of it")


def every_attachment(request: TurnRequest) -> tuple[Attachment, ...]:
    """Those of the prompt and of the history that came with it."""
    return (*request.attachments, *(one for said in request.history or () for one in said.attachments))


def check_attachments(attachments: tuple[Attachment, ...]) -> None:
    """Raises `InvalidRequestError` for a kind or size that no provider takes."""
    if len(attachments) > MAX_ATTACHMENTS:
        raise InvalidRequestError(f"{len(attachments)} attachments, {MAX_ATTACHMENTS} at most")
    for attachment in attachments:
        check_text(attachment.name, "an attachment's name")
        if attachment.media_type not in MEDIA_TYPES:
            known = ", ".join(MEDIA_TYPES)
            raise InvalidRequestError(f"{attachment.name} is {attachment.media_type}; models take {known}")
        if len(attachment.data) > MAX_ATTACHMENT_BYTES:
            raise InvalidRequestError(
                f"{attachment.name} is {len(attachment.data):,} bytes, {MAX_ATTACHMENT_BYTES:,} at most"
            )


def check(request: TurnRequest) -> None:
    """Raises `InvalidRequestError` for a request that cannot be run whatever the state of things."""
    check_text(request.text, "the prompt")
    if request.system is not None:
        check_text(request.system, "the system prompt")
    check_attachments(every_attachment(request))
    for said in request.history or ():
        check_text(said.text, "a message of the history")
    _check_names(request)
    asks = request.kind in {"submit", "edit"}
    if asks and not request.text.strip() and not request.attachments:
        raise InvalidRequestError("the prompt is empty")
    most = request.sampling.max_tokens
    if most is not None and most < 1:
        raise InvalidRequestError(f"max_tokens is {most}: it must be 1 or more")
    if request.expires_in is not None:
        _check_expiry(request.expires_in)
    if not 0 < request.silence <= MAX_SILENCE:
        raise InvalidRequestError(
            f"the time-out is {request.silence:g} seconds: it must be more than 0 and at most {MAX_SILENCE:,.0f}"
        )
    if request.max_cost is not None and not 0 <= request.max_cost <= MAX_COST:
        raise InvalidRequestError(
            f"the maximum cost is {request.max_cost} dollars: it must be between 0 and {MAX_COST:,}"
        )


def _check_names(request: TurnRequest) -> None:
    if request.create and NAME.fullmatch(request.conversation_id or "") is None:
        raise InvalidRequestError(
            f"a conversation's id has 1 to {MAX_NAME} ASCII letters, digits and -_.: and begins with a letter or digit"
        )
    if request.client_id is not None:
        check_text(request.client_id, "the client_id")
        if not 0 < len(request.client_id) <= MAX_NAME:
            raise InvalidRequestError(f"the client_id has {len(request.client_id):,} characters: 1 to {MAX_NAME}")


def answer_id(owner_id: str, request: TurnRequest) -> str | None:
    """The id that the answer of a turn with a `client_id` always has; None without one."""
    return None if request.client_id is None else named_id(owner_id, request.client_id)


def named_id(owner_id: str, client_id: str) -> str:
    """The id of the turn that a `client_id` makes."""
    return id_for(owner_id, "answer", client_id)


def question_id(owner_id: str, client_id: str) -> str:
    """The id of the question that a turn with this `client_id` asked, when it asked a new one."""
    return id_for(owner_id, "question", client_id)


def _check_expiry(seconds: int) -> None:
    if not 0 < seconds <= MAX_LIFE:
        raise InvalidRequestError(f"a conversation cannot expire in {seconds} seconds: 1 to {MAX_LIFE:,} are possible")


def title_of(text: str) -> str:
    """A conversation's first title: the first words of its first prompt, on one line."""
    words = " ".join(text.split())
    if len(words) <= TITLE_CHARS:
        return words or "(no text)"
    return words[: TITLE_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
