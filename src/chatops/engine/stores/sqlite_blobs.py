"""Jobs on attachments: bytes under their digest, once an owner, for as long as a message refers to them."""

from __future__ import annotations

import sqlite3

from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Message


def put(connection: sqlite3.Connection, owner_id: str, sha256: str, data: bytes) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO blobs (owner_id, sha256, data) VALUES (?, ?, ?)", (owner_id, sha256, data)
    )


def get(connection: sqlite3.Connection, owner_id: str, sha256: str, *, now: int) -> bytes:
    key = (owner_id, sha256)
    row = connection.execute("SELECT data FROM blobs WHERE owner_id = ? AND sha256 = ?", key).fetchone()
    if row is None or _is_expired(connection, owner_id, sha256, now):
        raise NotFoundError(f"there is no attachment {sha256}")
    data: bytes = row["data"]
    return data


def _is_expired(connection: sqlite3.Connection, owner_id: str, sha256: str, now: int) -> bool:
    """Whether messages refer to it, and all of them are in expired conversations."""
    expired = [
        row["expired"]
        for row in connection.execute(
            "SELECT DISTINCT EXISTS (SELECT 1 FROM conversations WHERE id = conversation_id AND expires_at <= ?)"
            " AS expired FROM attachments JOIN messages USING (doc)"
            " WHERE attachments.owner_id = ? AND attachments.sha256 = ?",
            (now, owner_id, sha256),
        )
    ]
    return expired == [1]


def refer(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    """Notes what a new message refers to."""
    for file in message.files:
        connection.execute(
            "INSERT OR IGNORE INTO attachments (owner_id, sha256, doc) VALUES (?, ?, ?)", (owner_id, file.sha256, doc)
        )


def release(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    """Forgets what a message referred to, and the bytes that no other message of this owner refers to."""
    for file in message.files:
        key = (owner_id, file.sha256)
        connection.execute("DELETE FROM attachments WHERE owner_id = ? AND sha256 = ? AND doc = ?", (*key, doc))
        connection.execute(
            "DELETE FROM blobs WHERE owner_id = ? AND sha256 = ?"
            " AND NOT EXISTS (SELECT 1 FROM attachments WHERE owner_id = ? AND sha256 = ?)",
            (*key, *key),
        )
