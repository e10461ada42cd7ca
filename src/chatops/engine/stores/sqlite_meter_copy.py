"""Jobs that copy ledger, allowances and meters from and into the embedded database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import Row
from chatops.engine.limits.ports import Spent
from chatops.engine.stores import sqlite_ledger as ledger


def put_rows(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    for row in rows:
        kept = connection.execute("SELECT hash FROM ledger WHERE n = ?", (row.n,)).fetchone()
        if kept is None:
            ledger.put(connection, row)
        elif kept["hash"] != row.hash:
            raise ConflictError(f"the usage ledger has another row {row.n}")


def allowances(connection: sqlite3.Connection, after: str, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
    found = connection.execute(
        "SELECT user_id, terms FROM allowances WHERE user_id > ? ORDER BY user_id LIMIT ?", (after, limit)
    )
    return [(row["user_id"], json.loads(row["terms"])) for row in found]


def spent(connection: sqlite3.Connection, after: str, limit: int) -> list[Spent]:
    found = connection.execute(
        "SELECT key, spent, expires_at FROM meters WHERE key > ? AND spent <> 0 ORDER BY key LIMIT ?", (after, limit)
    )
    return [Spent(*row) for row in found]


def put_spent(connection: sqlite3.Connection, meters: Sequence[Spent]) -> None:
    connection.executemany(
        "INSERT INTO meters (key, spent, expires_at) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET spent = excluded.spent",
        meters,
    )
