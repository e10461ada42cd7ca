"""Events as they lie in a stream of Redis: those that came together in one entry, as JSON, losslessly.

Nearly all of them are pieces of text, and those are bare strings; everything else is an object with its kind.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from chatops.engine.codec import message_from, message_record, usage_from, usage_record
from chatops.engine.errors import StoreError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted, UsageUpdated
from chatops.engine.messages import Conversation

_encode = json.JSONEncoder(separators=(",", ":")).encode


def packed(events: Sequence[Event]) -> str:
    """ASCII, so that half of a surrogate pair, which a model may send, comes out as it went in."""
    return _encode([_record(event) for event in events])


def unpacked(entry: bytes) -> list[Event]:
    """Raises `StoreError` for what no chatops of this version wrote."""
    try:
        return [_event(record) for record in json.loads(entry)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError("Redis holds events that this version of chatops cannot read") from None


def _record(event: Event) -> Any:
    match event:
        case TextDelta(text):
            return text
        case ReasoningDelta(text):
            return {"reasoning": text}
        case UsageUpdated(usage):
            return {"usage": usage_record(usage)}
        case TurnStarted(conversation, message):
            return {"started": message_record(message), "conversation": asdict(conversation)}
        case TurnFinished(message):
            return {"finished": message_record(message)}


def _event(record: Any) -> Event:
    match record:
        case str(text):
            return TextDelta(text)
        case {"reasoning": str(text)}:
            return ReasoningDelta(text)
        case {"usage": usage}:
            return UsageUpdated(usage_from(usage))
        case {"started": message, "conversation": conversation}:
            tags = tuple(conversation["tags"])
            return TurnStarted(Conversation(**{**conversation, "tags": tags}), message_from(message))
        case _:
            return TurnFinished(message_from(record["finished"]))
