"""Jobs of a running answer: begin, journal, end; and what becomes of one whose lease ran out.

A run has a row in `runs` from its beginning to its end. A run that was given up keeps it, without a lease: when the
run turns out to live, it goes on where it was, and a batch that arrives again is known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chatops.engine.codec import storable
from chatops.engine.errors import ConflictError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Delta
from chatops.engine.stores import sqlite_blobs as blobs
from chatops.engine.stores import sqlite_index as index
from chatops.engine.stores.folding import abandon, fold
from chatops.engine.stores.sqlite_rows import (
    conversation_row,
    insert_message,
    message_from,
    require_owner,
    update_content,
)

_UPSERT = (
    "INSERT INTO conversations"
    " (id, owner_id, title, created_at, updated_at, model, system, leaf_id, archived, tags, expires_at) VALUES"
    " (:id, :owner_id, :title, :created_at, :updated_at, :model, :system, :leaf_id, :archived, :tags, :expires_at)"
    " ON CONFLICT (id) DO UPDATE SET title = excluded.title, updated_at = excluded.updated_at,"
    " model = excluded.model, system = excluded.system, leaf_id = excluded.leaf_id"
)


def begin(
    connection: sqlite3.Connection,
    owner_id: str,
    conversation: Conversation,
    new: Sequence[Message],
    *,
    lease_expires_at: int,
    now: int,
) -> list[Message]:
    settle_expired(connection, now)
    require_owner(connection, owner_id, conversation.id, now)
    if connection.execute(
        "SELECT 1 FROM runs WHERE conversation_id = ? AND lease_expires_at > ?", (conversation.id, now)
    ).fetchone():
        raise ConflictError("an answer is still being written in this conversation; wait for it, or stop it")
    connection.execute(_UPSERT, conversation_row(owner_id, replace(conversation, leaf_id=new[-1].id)))
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM messages WHERE conversation_id = ?", (conversation.id,)
    ).fetchone()
    numbered = [replace(message, seq=seq) for seq, message in enumerate(new, last + 1)]
    for message in numbered:
        store(connection, owner_id, message, lease_expires_at=lease_expires_at)
    return numbered


def store(connection: sqlite3.Connection, owner_id: str, message: Message, *, lease_expires_at: int) -> None:
    """A new row: to be found when it is settled, with a lease when it runs."""
    doc = insert_message(connection, owner_id, message)
    blobs.refer(connection, doc, owner_id, message)
    if message.status == "streaming":
        connection.execute(
            "INSERT INTO runs (doc, conversation_id, lease_expires_at) VALUES (?, ?, ?)",
            (doc, message.conversation_id, lease_expires_at),
        )
    else:
        index.add(connection, doc)


def append(connection: sqlite3.Connection, batches: Mapping[str, Delta], *, lease_expires_at: int) -> list[str]:
    return [
        message_id
        for message_id, delta in batches.items()
        if not _append(connection, message_id, delta, lease_expires_at)
    ]


def _append(connection: sqlite3.Connection, message_id: str, delta: Delta, lease_expires_at: int) -> bool:
    run = _renewed(connection, message_id, lease_expires_at)
    if run is None:  # gone, or ended: a batch that comes after the end is part of it already
        return connection.execute("SELECT 1 FROM messages WHERE id = ?", (message_id,)).fetchone() is not None
    if delta.n > run["folded"] and (delta.text or delta.reasoning):
        connection.execute(
            "INSERT OR IGNORE INTO deltas (doc, n, reasoning, text) VALUES (?, ?, ?, ?)",
            (run["doc"], delta.n, storable(delta.reasoning), storable(delta.text)),
        )
    return True


def _renewed(connection: sqlite3.Connection, message_id: str, lease_expires_at: int) -> sqlite3.Row | None:
    """The message's run with its new lease, None when there is none; one that was given up goes on."""
    renew = (
        "UPDATE runs SET lease_expires_at = ? WHERE doc = (SELECT doc FROM messages WHERE id = ?)"
        " AND lease_expires_at IS NOT NULL RETURNING doc, folded"
    )
    for _ in range(2):
        found = connection.execute(renew, (lease_expires_at, message_id)).fetchall()
        if found:
            run: sqlite3.Row = found[0]
            return run
        _resume(connection, message_id, lease_expires_at)
    return None


def finish(connection: sqlite3.Connection, message: Message) -> bool:
    row = connection.execute("SELECT * FROM messages WHERE id = ?", (message.id,)).fetchone()
    if row is None:
        return False
    doc, owner_id = row["doc"], row["owner_id"]
    if row["status"] != "streaming":
        index.remove(connection, doc, owner_id, message_from(row))
    update_content(connection, message)
    connection.execute("DELETE FROM deltas WHERE doc = ?", (doc,))
    connection.execute("DELETE FROM runs WHERE doc = ?", (doc,))
    index.add(connection, doc)
    index.catch_up(connection)
    return True


def read(connection: sqlite3.Connection, row: sqlite3.Row, now: int) -> Message:
    """A row of `messages` as readers see it: a running answer with what was journalled of it."""
    message = message_from(row)
    if message.status != "streaming":
        return message
    deltas = connection.execute("SELECT n, reasoning, text FROM deltas WHERE doc = ? ORDER BY n", (row["doc"],))
    message = replace(message, parts=fold(message.parts, (Delta(**dict(delta)) for delta in deltas)))
    alive = connection.execute("SELECT 1 FROM runs WHERE doc = ? AND lease_expires_at > ?", (row["doc"], now))
    return message if alive.fetchone() else abandon(message)


def expired(connection: sqlite3.Connection, now: int) -> list[sqlite3.Row]:
    """Rows of running answers whose lease ran out."""
    return connection.execute(
        "SELECT messages.* FROM runs JOIN messages USING (doc) WHERE lease_expires_at <= ?", (now,)
    ).fetchall()


def settle_expired(connection: sqlite3.Connection, now: int) -> None:
    """Stores each answer whose lease ran out as readers see it already: interrupted; and a search finds it."""
    for row in expired(connection, now):
        message = read(connection, row, now)
        update_content(connection, message)
        index.add(connection, row["doc"])
        connection.execute(
            "UPDATE runs SET lease_expires_at = NULL,"
            " folded = max(folded, (SELECT coalesce(max(n), 0) FROM deltas WHERE deltas.doc = runs.doc)) WHERE doc = ?",
            (row["doc"],),
        )
        connection.execute("DELETE FROM deltas WHERE doc = ?", (row["doc"],))


def _resume(connection: sqlite3.Connection, message_id: str, lease_expires_at: int) -> None:
    """A run that was given up goes on; while it runs it is not in the index."""
    row = connection.execute("SELECT * FROM messages JOIN runs USING (doc) WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        return
    connection.execute("UPDATE runs SET lease_expires_at = ? WHERE doc = ?", (lease_expires_at, row["doc"]))
    index.remove(connection, row["doc"], row["owner_id"], message_from(row))
    connection.execute("UPDATE messages SET status = 'streaming', error = NULL WHERE doc = ?", (row["doc"],))
