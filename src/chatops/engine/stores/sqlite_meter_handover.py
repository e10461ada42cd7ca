"""Jobs that make what one person has spent and holds another's.

What is held is spent at once, by the other; here it stands below zero until the turn that holds it ends. So a turn that
runs through a link goes on as it was, and the rest of its hold is handed back after it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def is_due(connection: sqlite3.Connection, user_id: str, meters: Sequence[tuple[str, str]]) -> bool:
    if connection.execute("SELECT 1 FROM allowances WHERE user_id = ?", (user_id,)).fetchone() is not None:
        return True
    return any(_used(connection, source) is not None for source, _ in meters)


def hand_over(connection: sqlite3.Connection, user_id: str, meters: Sequence[tuple[str, str]]) -> None:
    """In one transaction, so that it needs no marks."""
    for source, target in meters:
        found = _used(connection, source)
        if found is not None:
            connection.execute("UPDATE meters SET spent = spent - ? WHERE key = ?", (found["used"], source))
            connection.execute(
                "INSERT INTO meters (key, spent, expires_at) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET spent = spent + excluded.spent",
                (target, found["used"], found["expires_at"]),
            )
    connection.execute("DELETE FROM allowances WHERE user_id = ?", (user_id,))


def _used(connection: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    """What is spent and held and not handed over yet; None: nothing."""
    held = "coalesce((SELECT sum(amount) FROM holds WHERE holds.key = meters.key), 0)"
    found = connection.execute(
        f"SELECT spent + {held} AS used, expires_at FROM meters WHERE key = ? AND spent + {held} <> 0",  # noqa: S608 - the text above
        (key,),
    )
    row: sqlite3.Row | None = found.fetchone()
    return row
