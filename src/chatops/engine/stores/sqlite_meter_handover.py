"""Jobs that make what one person has spent another's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def is_due(connection: sqlite3.Connection, user_id: str, meters: Sequence[tuple[str, str]]) -> bool:
    if connection.execute("SELECT 1 FROM allowances WHERE user_id = ?", (user_id,)).fetchone() is not None:
        return True
    return any(_spent(connection, source) is not None for source, _ in meters)


def hand_over(connection: sqlite3.Connection, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
    """In one transaction, so that it needs no marks: what was moved is zero here."""
    for source, target in meters:
        found = _spent(connection, source)
        if found is not None:
            connection.execute("UPDATE meters SET spent = 0 WHERE key = ?", (source,))
            connection.execute(
                "INSERT INTO meters (key, spent, expires_at) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET spent = spent + excluded.spent",
                (target, found["spent"], found["expires_at"]),
            )
    connection.execute("DELETE FROM allowances WHERE user_id = ?", (user_id,))


def _spent(connection: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    found = connection.execute("SELECT spent, expires_at FROM meters WHERE key = ? AND spent > 0", (key,))
    row: sqlite3.Row | None = found.fetchone()
    return row
