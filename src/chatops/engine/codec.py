"""The JSON shape of a message and its parts: what stores keep and what `--json`, exports and the API show.

snake_case, absent values left out. `*_record` is lossless and goes both ways; `*_json` is the public shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chatops.engine.messages import (
    Attempt,
    Conversation,
    ErrorInfo,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    Usage,
)

Json = dict[str, Any]

_PLAIN_FIELDS = (
    "id",
    "conversation_id",
    "role",
    "created_at",
    "seq",
    "parent_id",
    "status",
    "tokens",
    "provider",
    "model",
    "finish_reason",
)


def iso(ms: int) -> str:
    """Unix milliseconds as ISO 8601 in UTC: 2026-11-22T17:40:27.123Z."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """The text without lone surrogates, which no database takes: a pair becomes its character, the rest U+FFFD.

    Models send them: a JSON stream may be cut in the middle of an escaped pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def part_record(part: Part) -> Json:
    match part:
        case TextPart(text=text):
            return {"type": "text", "text": text}
        case ReasoningPart(text=text):
            return {"type": "reasoning", "text": text}
        case FilePart():
            return {
                "type": "file",
                "name": part.name,
                "media_type": part.media_type,
                "sha256": part.sha256,
                "size": part.size,
            }


def part_from(record: Json) -> Part:
    match record["type"]:
        case "text":
            return TextPart(text=record["text"])
        case "reasoning":
            return ReasoningPart(text=record["text"])
        case _:
            return FilePart(**{key: record[key] for key in ("name", "media_type", "sha256", "size")})


def text_in(records: Iterable[Json]) -> str:
    """The text among the records of a message's parts, without the parts."""
    return "".join(record["text"] for record in records if record["type"] == "text")


def usage_record(usage: Usage) -> Json:
    record: Json = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    if usage.cached_tokens:
        record["cached_tokens"] = usage.cached_tokens
    if usage.cost is not None:
        record["cost"] = usage.cost
    return record


def usage_json(usage: Usage) -> Json:
    """The public shape: what it cost is a text of dollars, since a JSON number would not be exact."""
    record = usage_record(usage)
    if usage.cost is not None:
        record["cost"] = dollars(usage.cost)
    return record


def dollars(amount: int) -> str:
    """Nano-dollars as dollars, exactly, without trailing zeros: 0.00125."""
    from decimal import Decimal

    return f"{Decimal(amount).scaleb(-9).normalize():f}"


def usage_from(record: Json) -> Usage:
    return Usage(**record)


def error_record(error: ErrorInfo) -> Json:
    record: Json = {"code": error.code, "message": error.message}
    if error.retry_after is not None:
        record["retry_after"] = error.retry_after
    return record


def error_from(record: Json) -> ErrorInfo:
    return ErrorInfo(**record)


def attempt_record(attempt: Attempt) -> Json:
    record: Json = {
        "provider": attempt.provider,
        "model": attempt.model,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
    }
    if attempt.ttft_ms is not None:
        record["ttft_ms"] = attempt.ttft_ms
    if attempt.error is not None:
        record["error"] = error_record(attempt.error)
    return record


def attempt_from(record: Json) -> Attempt:
    error = record.get("error")
    return Attempt(**{**record, "error": error_from(error) if error else None})


def message_record(message: Message) -> Json:
    """All of a message, losslessly; `message_from` takes it back."""
    record: Json = {name: value for name in _PLAIN_FIELDS if (value := getattr(message, name)) is not None}
    record["parts"] = [part_record(part) for part in message.parts]
    if message.usage is not None:
        record["usage"] = usage_record(message.usage)
    if message.error is not None:
        record["error"] = error_record(message.error)
    record["attempts"] = [attempt_record(attempt) for attempt in message.attempts]
    return record


def message_from(record: Json) -> Message:
    """Raises `KeyError`, `TypeError` or `ValueError` when it is no record of a message."""
    usage, error = record.get("usage"), record.get("error")
    return Message(
        **{name: record[name] for name in _PLAIN_FIELDS if name in record},
        parts=tuple(part_from(part) for part in record["parts"]),
        usage=usage_from(usage) if usage else None,
        error=error_from(error) if error else None,
        attempts=tuple(attempt_from(attempt) for attempt in record["attempts"]),
    )


def message_json(message: Message) -> Json:
    """The public shape of a message. `parts` is there when the text alone does not say it all."""
    shape: Json = {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role,
        "text": message.text,
        "status": message.status,
        "model": message.model,
        "provider": message.provider,
        "finish_reason": message.finish_reason,
        "created_at": iso(message.created_at),
    }
    if any(not isinstance(part, TextPart) for part in message.parts):
        shape["parts"] = [part_record(part) for part in message.parts]
    if message.usage is not None:
        shape["usage"] = usage_json(message.usage)
    if message.error is not None:
        shape["error"] = error_record(message.error)
    if len(message.attempts) > 1:
        shape["attempts"] = [attempt_record(attempt) for attempt in message.attempts]
    return {key: value for key, value in shape.items() if value is not None}


def conversation_json(conversation: Conversation) -> Json:
    shape: Json = {
        "id": conversation.id,
        "title": conversation.title,
        "model": conversation.model,
        "system": conversation.system,
        "created_at": iso(conversation.created_at),
        "updated_at": iso(conversation.updated_at),
        "archived": conversation.archived or None,
        "tags": list(conversation.tags) or None,
        "expires_at": None if conversation.expires_at is None else iso(conversation.expires_at),
    }
    return {key: value for key, value in shape.items() if value is not None}
