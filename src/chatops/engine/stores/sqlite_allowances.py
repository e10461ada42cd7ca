"""Jobs of what an administrator said for one person."""

from __future__ import annotations

import json
import sqlite3


def get(connection: sqlite3.Connection, user_id: str) -> dict[str, object] | None:
    row = connection.execute("SELECT terms FROM allowances WHERE user_id = ?", (user_id,)).fetchone()
    terms: dict[str, object] | None = json.loads(row["terms"]) if row else None
    return terms


def put(connection: sqlite3.Connection, user_id: str, terms: object) -> None:
    if terms is None:
        connection.execute("DELETE FROM allowances WHERE user_id = ?", (user_id,))
        return
    connection.execute("INSERT OR REPLACE INTO allowances VALUES (?, ?)", (user_id, json.dumps(terms)))
