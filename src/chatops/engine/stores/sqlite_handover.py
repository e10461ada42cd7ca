"""Jobs that make one user's conversations another's, in pieces, so that no running answer waits for them."""

from __future__ import annotations

import sqlite3

from chatops.engine.stores import sqlite_blobs as blobs
from chatops.engine.stores import sqlite_index as search
from chatops.engine.stores.sqlite_rows import message_from

_PIECE = 200
"""Messages in one transaction: some 10 ms."""


def owns_any(connection: sqlite3.Connection, owner_id: str) -> bool:
    return connection.execute("SELECT 1 FROM conversations WHERE owner_id = ?", (owner_id,)).fetchone() is not None


def take_over(connection: sqlite3.Connection, from_id: str, to_id: str) -> None:
    """Moves the next messages of a conversation; with its last ones, the conversation itself, so that one whose move
    was cut off is found again.
    """
    row = connection.execute("SELECT id FROM conversations WHERE owner_id = ? LIMIT 1", (from_id,)).fetchone()
    if row is None:
        return
    messages = connection.execute(
        "SELECT * FROM messages WHERE conversation_id = ? AND owner_id = ? ORDER BY seq LIMIT ?",
        (row["id"], from_id, _PIECE),
    ).fetchall()
    for message in messages:
        _move(connection, message, from_id, to_id)
    search.catch_up(connection)
    if len(messages) < _PIECE:
        connection.execute("UPDATE conversations SET owner_id = ? WHERE id = ?", (to_id, row["id"]))


def _move(connection: sqlite3.Connection, row: sqlite3.Row, from_id: str, to_id: str) -> None:
    message, doc = message_from(row), row["doc"]
    for file in message.files:
        connection.execute(
            "INSERT OR IGNORE INTO blobs (owner_id, sha256, data)"
            " SELECT ?, sha256, data FROM blobs WHERE owner_id = ? AND sha256 = ?",
            (to_id, from_id, file.sha256),
        )
    blobs.refer(connection, doc, to_id, message)
    blobs.release(connection, doc, from_id, message)
    is_found = row["status"] != "streaming"
    if is_found:
        search.remove(connection, doc, from_id, message)
        search.add(connection, doc)
    connection.execute("UPDATE messages SET owner_id = ? WHERE doc = ?", (to_id, doc))
