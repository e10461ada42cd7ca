"""Jobs on what is kept: conversations, their messages, and attachments."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import itemgetter

from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.stores import sqlite_blobs as blobs
from chatops.engine.stores import sqlite_index as index
from chatops.engine.stores.sqlite_rows import (
    BARE,
    bare_from,
    conversation_from,
    conversation_row,
    expired,
    message_from,
    no_conversation,
    owner_of,
    require_owner,
    storable_row,
)
from chatops.engine.stores.sqlite_turns import read, store

_AFTER_EVERY_ID = "\U0010ffff"
_EXPIRED = 0
_PIECE = 500
"""Messages deleted in one transaction: some 20 ms, and a flush to disk."""
_REPLACE = (
    "INSERT INTO conversations VALUES"
    " (:id, :owner_id, :title, :created_at, :updated_at, :model, :system, :leaf_id, :archived, :tags, :expires_at)"
    " ON CONFLICT (id) DO UPDATE SET title = excluded.title, created_at = excluded.created_at,"
    " updated_at = excluded.updated_at, model = excluded.model, system = excluded.system, leaf_id = excluded.leaf_id,"
    " archived = excluded.archived, tags = excluded.tags, expires_at = excluded.expires_at"
)
_UPDATE = (
    "UPDATE conversations SET title = coalesce(:title, title), model = coalesce(:model, model),"
    " system = coalesce(:system, system), leaf_id = coalesce(:leaf_id, leaf_id),"
    " updated_at = coalesce(:updated_at, updated_at), archived = coalesce(:archived, archived),"
    " tags = coalesce(:tags, tags), expires_at = nullif(coalesce(:expires_at, expires_at), 0)"
    " WHERE id = :id RETURNING *"
)

Changes = dict[str, str | int | None]


def add_conversation(connection: sqlite3.Connection, conversation: Conversation) -> None:
    taken = connection.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation.id,)).fetchone()
    if taken or owner_of(connection, conversation.id) not in {None, conversation.owner_id}:
        raise ConflictError(f"the conversation {conversation.id} exists already")
    connection.execute(
        "INSERT INTO conversations VALUES"
        " (:id, :owner_id, :title, :created_at, :updated_at, :model, :system, :leaf_id, :archived, :tags, :expires_at)",
        conversation_row(conversation.owner_id, conversation),
    )


def put_conversation(connection: sqlite3.Connection, conversation: Conversation) -> None:
    if owner_of(connection, conversation.id) not in {None, conversation.owner_id}:
        raise ConflictError(f"the conversation {conversation.id} is somebody else's")
    connection.execute(_REPLACE, conversation_row(conversation.owner_id, conversation))


def conversation(connection: sqlite3.Connection, owner_id: str, conversation_id: str, *, now: int) -> Conversation:
    row = connection.execute(
        "SELECT * FROM conversations WHERE id = ? AND owner_id = ? AND (expires_at IS NULL OR expires_at > ?)",
        (conversation_id, owner_id, now),
    ).fetchone()
    if row is None:
        raise no_conversation(conversation_id)
    return conversation_from(row)


def every_conversation(
    connection: sqlite3.Connection, *, after: str | None, limit: int, now: int
) -> list[Conversation]:
    rows = connection.execute(
        "SELECT * FROM conversations WHERE id > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY id LIMIT ?",
        (after or "", now, limit),
    )
    return [conversation_from(row) for row in rows]


def counts(connection: sqlite3.Connection) -> tuple[int, int]:
    tables = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
    conversations, messages = connection.execute(tables).fetchone()
    return conversations, messages


def conversation_ids(connection: sqlite3.Connection, owner_id: str, prefix: str, *, limit: int, now: int) -> list[str]:
    rows = connection.execute(
        "SELECT id FROM conversations WHERE owner_id = ? AND id >= ? AND id < ?"
        " AND (expires_at IS NULL OR expires_at > ?) ORDER BY id DESC LIMIT ?",
        (owner_id, prefix, prefix + _AFTER_EVERY_ID, now, limit),
    )
    return [row["id"] for row in rows]


def update_conversation(
    connection: sqlite3.Connection, owner_id: str, conversation_id: str, changes: Changes, *, now: int
) -> Conversation:
    conversation(connection, owner_id, conversation_id, now=now)
    row = connection.execute(_UPDATE, storable_row(changes) | {"id": conversation_id}).fetchone()
    return conversation_from(row)


def delete_newest(connection: sqlite3.Connection, owner_id: str, conversation_id: str, *, now: int) -> bool:
    """Deletes the newest messages of a conversation; with its last ones, the conversation itself.

    In pieces, so that a long conversation does not hold up the journals of running answers. What is left when the
    process dies in between is a shorter conversation, to be deleted again.

    Returns:
        Whether there is more to delete.
    """
    conversation(connection, owner_id, conversation_id, now=now)
    return _delete_piece(connection, owner_id, conversation_id)


def has_expired(connection: sqlite3.Connection, *, now: int) -> bool:
    return connection.execute("SELECT 1 FROM conversations WHERE expires_at <= ?", (now,)).fetchone() is not None


def sweep(connection: sqlite3.Connection, *, now: int) -> bool | None:
    """Deletes the newest messages of the conversation that expired first, likewise; None when there is none."""
    row = connection.execute(
        "SELECT id, owner_id FROM conversations WHERE expires_at <= ? ORDER BY expires_at, rowid LIMIT 1", (now,)
    ).fetchone()
    return None if row is None else _delete_piece(connection, row["owner_id"], row["id"])


def _delete_piece(connection: sqlite3.Connection, owner_id: str, conversation_id: str) -> bool:
    place = (conversation_id,)
    connection.execute("DELETE FROM deltas WHERE doc IN (SELECT doc FROM runs WHERE conversation_id = ?)", place)
    connection.execute("DELETE FROM runs WHERE conversation_id = ?", place)
    newest = "SELECT * FROM messages WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?"
    rows = connection.execute(newest, (*place, _PIECE)).fetchall()
    gone = sorted([(row["doc"], message_from(row)) for row in rows], key=itemgetter(0))
    for doc, message in gone:
        blobs.release(connection, doc, owner_id, message)
    index.remove_all(connection, owner_id, [one for one in gone if one[1].status != "streaming"])
    connection.executemany("DELETE FROM messages WHERE doc = ?", [(doc,) for doc, _ in gone])
    if len(rows) == _PIECE:
        connection.execute("UPDATE conversations SET leaf_id = NULL WHERE id = ?", place)
        return True
    connection.execute("DELETE FROM conversations WHERE id = ?", place)
    return False


def add_messages(connection: sqlite3.Connection, owner_id: str, messages: Sequence[Message], *, now: int) -> None:
    for conversation_id in {message.conversation_id for message in messages}:
        require_owner(connection, owner_id, conversation_id, now)
    for message in messages:
        # Nobody here runs an answer that comes from elsewhere, so one that says it is running has no lease.
        store(connection, owner_id, message, lease_expires_at=_EXPIRED)
    index.catch_up(connection)


def message(connection: sqlite3.Connection, owner_id: str, message_id: str, *, now: int) -> Message:
    row = connection.execute("SELECT * FROM messages WHERE id = ? AND owner_id = ?", (message_id, owner_id)).fetchone()
    if row is None or expired(connection, row["conversation_id"], now):
        raise NotFoundError(f"there is no message {message_id}")
    return read(connection, row, now)


def tail(
    connection: sqlite3.Connection,
    owner_id: str,
    conversation_id: str,
    leaf_id: str,
    *,
    limit: int,
    bare: bool,
    now: int,
) -> list[Message]:
    leaf = connection.execute(
        "SELECT seq FROM messages WHERE id = ? AND conversation_id = ? AND owner_id = ?",
        (leaf_id, conversation_id, owner_id),
    ).fetchone()
    if leaf is None or expired(connection, conversation_id, now):
        raise NotFoundError(f"there is no message {leaf_id} in the conversation {conversation_id}")
    rows = connection.execute(
        f"SELECT {BARE if bare else '*'} FROM messages"  # noqa: S608 - ours
        " WHERE conversation_id = ? AND owner_id = ? AND seq <= ? ORDER BY seq DESC LIMIT ?",
        (conversation_id, owner_id, leaf["seq"], limit),
    ).fetchall()
    if not bare:
        return [read(connection, row, now) for row in rows]
    found = bare_from(rows)
    return [one if one.status != "streaming" else message(connection, owner_id, one.id, now=now) for one in found]


def messages(
    connection: sqlite3.Connection, owner_id: str, conversation_id: str, *, after_seq: int, limit: int, now: int
) -> list[Message]:
    if expired(connection, conversation_id, now):
        return []
    rows = connection.execute(
        "SELECT * FROM messages WHERE conversation_id = ? AND owner_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        (conversation_id, owner_id, after_seq, limit),
    )
    return [read(connection, row, now) for row in rows.fetchall()]
