"""Rows of the tables as the nouns of the engine, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from chatops.engine.codec import (
    attempt_from,
    attempt_record,
    error_from,
    error_record,
    part_from,
    part_record,
    storable,
    text_in,
    usage_from,
    usage_record,
)
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Conversation, Message

BARE = "id, conversation_id, role, parts, created_at, seq, parent_id, status, tokens"
_DOC_BITS = 12
_LAST_MS = 2**42 - 1
_INSERT = (
    "INSERT INTO messages (doc, id, owner_id, conversation_id, seq, parent_id, role, created_at,"
    " status, parts, tokens, provider, model, usage, finish_reason, error, attempts)"
    " VALUES (:doc, :id, :owner_id, :conversation_id, :seq, :parent_id, :role, :created_at,"
    " :status, :parts, :tokens, :provider, :model, :usage, :finish_reason, :error, :attempts)"
)


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def storable_row(row: dict[str, Any]) -> dict[str, Any]:
    return {column: storable(value) if isinstance(value, str) else value for column, value in row.items()}


def conversation_from(row: sqlite3.Row) -> Conversation:
    archived, tags = bool(row["archived"]), tuple(json.loads(row["tags"]))
    return Conversation(**{**dict(row), "archived": archived, "tags": tags})


def conversation_row(owner_id: str, conversation: Conversation) -> dict[str, Any]:
    row = {
        "id": conversation.id,
        "owner_id": owner_id,
        "title": conversation.title,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "model": conversation.model,
        "system": conversation.system,
        "leaf_id": conversation.leaf_id,
        "archived": int(conversation.archived),
        "tags": dump(conversation.tags),
        "expires_at": conversation.expires_at,
    }
    return storable_row(row)


def owner_of(connection: sqlite3.Connection, conversation_id: str) -> str | None:
    """Whose conversation it is; its messages may have come first (imports)."""
    row = connection.execute(
        "SELECT owner_id FROM conversations WHERE id = :id UNION ALL"
        " SELECT owner_id FROM (SELECT owner_id FROM messages WHERE conversation_id = :id LIMIT 1)",
        {"id": conversation_id},
    ).fetchone()
    return row["owner_id"] if row else None


def require_owner(connection: sqlite3.Connection, owner_id: str, conversation_id: str, now: int) -> None:
    """Raises `NotFoundError` when it is somebody else's, or expired; nobody's is fine."""
    if owner_of(connection, conversation_id) not in {None, owner_id} or expired(connection, conversation_id, now):
        raise no_conversation(conversation_id)


def expired(connection: sqlite3.Connection, conversation_id: str, now: int) -> bool:
    """Whether it waits to be swept. A conversation that is not there (yet) is not expired."""
    expiry = "SELECT 1 FROM conversations WHERE id = ? AND expires_at <= ?"
    return connection.execute(expiry, (conversation_id, now)).fetchone() is not None


def no_conversation(conversation_id: str) -> NotFoundError:
    return NotFoundError(f"there is no conversation {conversation_id}")


def message_from(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        role=row["role"],
        parts=tuple(part_from(record) for record in json.loads(row["parts"])),
        created_at=row["created_at"],
        seq=row["seq"],
        parent_id=row["parent_id"],
        status=row["status"],
        tokens=row["tokens"],
        provider=row["provider"],
        model=row["model"],
        usage=usage_from(json.loads(row["usage"])) if row["usage"] else None,
        finish_reason=row["finish_reason"],
        error=error_from(json.loads(row["error"])) if row["error"] else None,
        attempts=tuple(attempt_from(record) for record in json.loads(row["attempts"])) if row["attempts"] else (),
    )


def bare_from(rows: Sequence[sqlite3.Row]) -> list[Message]:
    """Messages of which only the columns of `BARE` were read. Their parts are parsed in one piece: a window is 64
    messages, and a call for each costs three times as much.
    """
    parts = json.loads(f"[{','.join([row['parts'] for row in rows])}]")
    return [
        Message(
            id=row["id"],
            conversation_id=row["conversation_id"],
            role=row["role"],
            parts=tuple([part_from(record) for record in records]),
            created_at=row["created_at"],
            seq=row["seq"],
            parent_id=row["parent_id"],
            status=row["status"],
            tokens=row["tokens"],
        )
        for row, records in zip(rows, parts, strict=True)
    ]


def text_of(row: sqlite3.Row) -> str:
    """`Message.text` of a message's row, without the message."""
    return text_in(json.loads(row["parts"]))


def content_row(message: Message) -> dict[str, Any]:
    """The columns that a turn's end replaces."""
    row = {
        "id": message.id,
        "status": message.status,
        "parts": dump([part_record(part) for part in message.parts]),
        "tokens": message.tokens,
        "provider": message.provider,
        "model": message.model,
        "usage": dump(usage_record(message.usage)) if message.usage else None,
        "finish_reason": message.finish_reason,
        "error": dump(error_record(message.error)) if message.error else None,
        "attempts": dump([attempt_record(attempt) for attempt in message.attempts]) if message.attempts else None,
    }
    return storable_row(row)


def insert_message(connection: sqlite3.Connection, owner_id: str, message: Message) -> int:
    """Returns the row's `doc`. Raises `ConflictError` when its id or its number is taken."""
    doc = _new_doc(connection, message.created_at)
    place = {
        "doc": doc,
        "owner_id": owner_id,
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "parent_id": message.parent_id,
        "role": message.role,
        "created_at": message.created_at,
    }
    values = place | content_row(message)
    try:
        connection.execute(_INSERT, values)
    except sqlite3.IntegrityError as error:
        raise ConflictError(
            f"the message {message.id} is stored already, or number {message.seq} of its conversation is taken"
        ) from error
    return doc


def update_content(connection: sqlite3.Connection, message: Message) -> None:
    connection.execute(
        "UPDATE messages SET status = :status, parts = :parts, tokens = :tokens, provider = :provider, model = :model,"
        " usage = :usage, finish_reason = :finish_reason, error = :error, attempts = :attempts WHERE id = :id",
        content_row(message),
    )


def _new_doc(connection: sqlite3.Connection, created_at: int) -> int:
    """The next free number among those of this millisecond; of the next one, when 4096 are taken (imports)."""
    first = min(max(created_at, 0), _LAST_MS) << _DOC_BITS
    while True:
        last = first + (1 << _DOC_BITS) - 1
        (highest,) = connection.execute(
            "SELECT max(doc) FROM messages WHERE doc BETWEEN ? AND ?", (first, last)
        ).fetchone()
        if highest is None:
            return first
        if highest < last:
            return int(highest) + 1
        first = last + 1
