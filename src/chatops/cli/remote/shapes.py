"""The public JSON shapes read back: what `engine.codec` writes as `*_json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chatops.engine.codec import attempt_from, error_from, part_from
from chatops.engine.messages import Conversation, Message, TextPart, Usage

Json = dict[str, Any]


def moment(text: str) -> int:
    """ISO 8601 as Unix milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def nano(dollars: str) -> int:
    """Dollars in text as nano-dollars."""
    from decimal import Decimal

    return int(Decimal(dollars).scaleb(9))


def usage_of(shape: Json) -> Usage:
    cost = shape.get("cost")
    return Usage(**{**shape, "cost": None if cost is None else nano(cost)})


def message_of(shape: Json, conversation_id: str) -> Message:
    """A message of a conversation; its order and token count stay with the server."""
    plain = ("id", "role", "parent_id", "status", "model", "provider", "finish_reason")
    parts = [part_from(part) for part in shape["parts"]] if "parts" in shape else [TextPart(text=shape["text"])]
    usage, error = shape.get("usage"), shape.get("error")
    return Message(
        **{name: shape[name] for name in plain if name in shape},
        conversation_id=conversation_id,
        parts=tuple(part for part in parts if part != TextPart(text="")),
        created_at=moment(shape["created_at"]),
        usage=usage_of(usage) if usage else None,
        error=error_from(error) if error else None,
        attempts=tuple(attempt_from(attempt) for attempt in shape.get("attempts", ())),
    )


def conversation_of(shape: Json) -> Conversation:
    expires = shape.get("expires_at")
    return Conversation(
        id=shape["id"],
        owner_id="",
        title=shape["title"],
        created_at=moment(shape["created_at"]),
        updated_at=moment(shape["updated_at"]),
        model=shape.get("model"),
        system=shape.get("system"),
        leaf_id=shape.get("leaf_id"),
        archived=shape.get("archived", False),
        tags=tuple(shape.get("tags", ())),
        expires_at=None if expires is None else moment(expires),
    )
