"""What a client may send to start a turn, and the turn that it means."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from chatops.engine.errors import InvalidRequestError
from chatops.engine.limits.options import SAFE_OPTIONS
from chatops.engine.messages import Sampling
from chatops.engine.requests import Attachment, TurnRequest

MAX_STOPS = 16
MAX_FALLBACKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class UITextPart:
    type: Literal["text"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UIFilePart:
    """`url` is a data: URL; nothing is fetched from elsewhere for a client."""

    type: Literal["file"]
    media_type: Annotated[str, Field(alias="mediaType")]
    url: str = field(repr=False)
    filename: str | None = None


UIPart = Annotated[UITextPart | UIFilePart, Field(discriminator="type")]


def _from_text(value: object) -> object:
    """A plain text, `{"text": ...}` and the older `{"content": ...}` are messages of one part."""
    if isinstance(value, str):
        value = {"text": value}
    if isinstance(value, dict) and "parts" not in value:
        text = value.get("text", value.get("content"))
        if isinstance(text, str):
            return {**value, "parts": [{"type": "text", "text": text}]}
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class UIMessage:
    """A user's message as the AI SDK sends it, of which text and files count."""

    parts: tuple[UIPart, ...]
    id: str | None = None
    role: Literal["user"] = "user"


Message = Annotated[UIMessage, BeforeValidator(_from_text, json_schema_input_type=UIMessage | dict[str, str] | str)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBody:
    """`POST /api/chat`. Keys that are not listed are ignored, as clients of the AI SDK add their own.

    Attributes:
        id: The conversation: null begins one; an id that nobody uses yet begins one under it.
        message: What is asked: a UIMessage, `{"text": "..."}`, or the text itself.
        messages: What `useChat` sends: the last user message of it is taken, the history is the server's.
        text: In a form, the question.
        trigger: `submit-message` asks (or, with `messageId`, asks anew in place of that question),
            `regenerate-message` answers once more, `continue-message` goes on with an answer that was cut off.
        message_id: The question to replace, or the answer to give once more; none: the last one.
        parent_id: The message to answer below; none: the end of the active branch.
        client_id: The same one never makes a second turn. None: a new question's own id serves.
        stop: Texts at which the answer ends.
        options: Further parameters, which go to the provider as they are: those of `SAFE_OPTIONS`.
        fallbacks: Models to ask when the first is unavailable; none: those of the server's settings.
        max_cost: Dollars that this turn may cost at most.
        timeout: Seconds without a byte from the provider after which it counts as gone; none: the server's setting.
        store: False keeps nothing of the turn but its row in the ledger; it ends when its client leaves.
        titled: False leaves a new conversation the title that its first words make.
        temporary: Seconds after which the conversation that this begins is deleted.
    """

    id: str | None = None
    message: Message | None = None
    messages: tuple[dict[str, Any], ...] = ()
    text: str | None = None
    trigger: Literal["submit-message", "regenerate-message", "continue-message"] = "submit-message"
    message_id: Annotated[str | None, Field(alias="messageId")] = None
    parent_id: str | None = None
    client_id: str | None = None
    model: str | None = None
    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | Annotated[tuple[str, ...], Field(max_length=MAX_STOPS)] = ()
    options: dict[str, Any] = field(default_factory=dict)
    fallbacks: Annotated[tuple[str, ...], Field(max_length=MAX_FALLBACKS)] | None = None
    max_cost: Decimal | None = None
    timeout: float | None = None
    store: bool = True
    titled: bool = True
    temporary: int | None = None


def turn_request(body: ChatBody, silence: float) -> TurnRequest:
    """The turn that a body means. Raises `InvalidRequestError` for one that means none."""
    message = _question(body) if body.trigger == "submit-message" else None
    kind, about = _kind(body)
    return TurnRequest(
        text="\n\n".join(part.text for part in message.parts if isinstance(part, UITextPart)) if message else "",
        attachments=_attachments(message) if message else (),
        conversation_id=body.id,
        create=body.id is not None,
        client_id=body.client_id or (message.id if message and kind == "submit" else None) or None,
        kind=kind,
        message_id=about,
        model=body.model or None,
        system=body.system,
        sampling=_sampling(body),
        fallbacks=body.fallbacks,
        silence=silence if body.timeout is None else body.timeout,
        record=body.store,
        titled=body.titled,
        expires_in=body.temporary,
        max_cost=body.max_cost,
    )


def _sampling(body: ChatBody) -> Sampling:
    for name in body.options:
        if name not in SAFE_OPTIONS:
            known = ", ".join(sorted(SAFE_OPTIONS))
            raise InvalidRequestError(f"options: {name[:50]} cannot be set through the API; these can: {known}")
    return Sampling(
        max_tokens=body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop=(body.stop,) if isinstance(body.stop, str) else body.stop,
        extra=body.options,
    )


def _kind(body: ChatBody) -> tuple[Literal["submit", "edit", "regenerate", "continue"], str | None]:
    match body.trigger:
        case "submit-message":
            return ("submit", body.parent_id) if body.message_id is None else ("edit", body.message_id)
        case "regenerate-message":
            return "regenerate", body.message_id
        case "continue-message":
            return "continue", body.message_id


def _question(body: ChatBody) -> UIMessage:
    from chatops.api.bodies import checked

    if body.message is not None:
        return body.message
    if body.text is not None:
        return UIMessage(parts=(UITextPart(type="text", text=body.text),))
    for message in reversed(body.messages):
        if message.get("role") == "user":
            return checked(UIMessage, _from_text(message), "messages, the last one of the user")
    raise InvalidRequestError('there is no message: send {"message": {"text": "..."}}')


def _attachments(message: UIMessage) -> tuple[Attachment, ...]:
    files = [part for part in message.parts if isinstance(part, UIFilePart)]
    return tuple(attachment(file.url, file.filename, file.media_type) for file in files)


def attachment(url: str, name: str | None, media_type: str | None) -> Attachment:
    """The file in a data: URL (RFC 2397), base64 only. Raises `InvalidRequestError` for any other address."""
    head, comma, data = url.partition(",")
    scheme, _, described = head.partition(":")
    told, *parameters = described.split(";")
    if scheme.lower() != "data" or not comma or "base64" not in parameters:
        raise InvalidRequestError("a file must come as a data: URL in base64; nothing is fetched from an address")
    kind = (media_type or told or "application/octet-stream").lower()
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(f"the data: URL of {name or 'a file'} is no base64") from None
    return Attachment(name=name or f"file.{kind.rpartition('/')[2]}", media_type=kind, data=content)
