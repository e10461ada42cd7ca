"""Documents as the nouns of the engine, and back. What is not asked for by its parts is kept as JSON text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chatops.engine.codec import (
    attempt_from,
    attempt_record,
    error_from,
    error_record,
    part_from,
    part_record,
    storable,
    usage_from,
    usage_record,
)
from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Delta
from chatops.engine.search import terms
from chatops.engine.stores.folding import abandon, fold

Document = dict[str, Any]

KEPT: Document = {"updated_at": {"$gte": -(2**63)}}
"""Conversations that were stored; others hold a place for messages or a turn that came first, or are being deleted."""
MAX_TERM_BYTES = 2**20
"""Of one message's terms in the index, some 50,000: each is a key to insert at once, and all lie in its document."""
_OVERHEAD = 16
"""Bytes that BSON adds to an element of an array (bsonspec.org): type, index as text, length, end."""
_UNSEEN = {"terms": 0}
"""Left out of reads: it may be longer than the message."""


BARE = dict.fromkeys(("provider", "model", "usage", "finish_reason", "error", "attempts"), 0)
"""For `shown`: without what `Store.tail` calls how an answer came about."""


def shown(**more: int) -> Document:
    return {**_UNSEEN, **more}


def _text(value: str | None) -> str | None:
    return None if value is None else storable(value)


def _dump(value: object) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def no_conversation(conversation_id: str) -> NotFoundError:
    return NotFoundError(f"there is no conversation {conversation_id}")


def conversation_content(conversation: Conversation) -> Document:
    """What a turn's beginning replaces, but for the leaf and what is told once."""
    return {
        "title": storable(conversation.title),
        "updated_at": conversation.updated_at,
        "model": _text(conversation.model),
        "system": _text(conversation.system),
    }


def first_content(conversation: Conversation) -> Document:
    """What a conversation begins with, beyond that. Absent is most common, so absent are the defaults."""
    fields: Document = {"created_at": conversation.created_at}
    if conversation.archived:
        fields["archived"] = True
    if conversation.tags:
        fields["tags"] = [storable(tag) for tag in conversation.tags]
    if conversation.expires_at is not None:
        fields["expires_at"] = conversation.expires_at
    return fields


def alive(now: int) -> Document:
    """Conversations that were stored and have not expired."""
    return {**KEPT, "expires_at": {"$not": {"$lte": now}}}


def conversation_from(row: Document) -> Conversation:
    return Conversation(
        id=row["_id"],
        owner_id=row["owner_id"],
        title=row["title"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        model=row.get("model"),
        system=row.get("system"),
        leaf_id=row.get("leaf_id"),
        archived=row.get("archived", False),
        tags=tuple(row.get("tags", ())),
        expires_at=row.get("expires_at"),
    )


def message_row(owner_id: str, message: Message, *, lease_expires_at: int) -> Document:
    """A new message: to be found when it is settled, with a lease when it runs."""
    row: Document = {
        "_id": message.id,
        "owner_id": owner_id,
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "parent_id": message.parent_id,
        "role": message.role,
        "created_at": message.created_at,
        **content(message),
    }
    if message.files:
        row["files"] = sorted({file.sha256 for file in message.files})
    if message.status == "streaming":
        return row | {"lease_expires_at": lease_expires_at, "folded": 0, "deltas": []}
    return row | findable(message)


def content(message: Message) -> Document:
    """The fields that a turn's end replaces."""
    return {
        "status": message.status,
        "parts": [_part(part_record(part)) for part in message.parts],
        "tokens": message.tokens,
        "provider": _text(message.provider),
        "model": _text(message.model),
        "usage": _dump(usage_record(message.usage)) if message.usage else None,
        "finish_reason": message.finish_reason,
        "error": _dump(error_record(message.error)) if message.error else None,
        "attempts": _dump([attempt_record(attempt) for attempt in message.attempts]) if message.attempts else None,
    }


def _part(record: Document) -> Document:
    return {key: storable(value) if isinstance(value, str) else value for key, value in record.items()}


def findable(message: Message) -> Document:
    """What a search looks at. A message of too many different words is marked, and searched word by word instead."""
    words = terms(message.text)
    vast = sum(len(word.encode()) + _OVERHEAD for word in words) > MAX_TERM_BYTES
    return {"terms": [], "vast": True} if vast else {"terms": words}


def message_from(row: Document) -> Message:
    """The message as it is stored, without its batches; a row may be `BARE`."""
    return Message(
        id=row["_id"],
        conversation_id=row["conversation_id"],
        role=row["role"],
        parts=tuple(part_from(record) for record in row["parts"]),
        created_at=row["created_at"],
        seq=row["seq"],
        parent_id=row["parent_id"],
        status=row["status"],
        tokens=row["tokens"],
        provider=row.get("provider"),
        model=row.get("model"),
        usage=usage_from(json.loads(usage)) if (usage := row.get("usage")) else None,
        finish_reason=row.get("finish_reason"),
        error=error_from(json.loads(error)) if (error := row.get("error")) else None,
        attempts=tuple(attempt_from(record) for record in json.loads(tried)) if (tried := row.get("attempts")) else (),
    )


def read(row: Document, now: int) -> Message:
    """A message as readers see it: a running answer with what was journalled of it."""
    message = message_from(row)
    if message.status != "streaming":
        return message
    batches = sorted(row["deltas"], key=lambda batch: int(batch["n"]))
    parts = fold(message.parts, (Delta(n=batch["n"], reasoning=batch["r"], text=batch["t"]) for batch in batches))
    message = replace(message, parts=parts)
    return message if row["lease_expires_at"] > now else abandon(message)
