"""Jobs of rates: a row a key, read and written in one transaction."""

from __future__ import annotations

import sqlite3

from chatops.engine.limits.rates import Pace, step

_PURGE = 2
"""Dead rows that go for each new one: the table holds about as many keys as were used within their rates."""


def hit(connection: sqlite3.Connection, key: str, pace: Pace, now: int) -> int:
    """Microseconds to wait, 0 when it was counted; `now` in microseconds."""
    row = connection.execute("SELECT tat FROM rates WHERE key = ?", (key,)).fetchone()
    tat, wait = step(row and row["tat"], now, pace)
    connection.execute(
        "INSERT INTO rates (key, tat) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat", (key, tat)
    )
    if row is None:
        dead = "SELECT key FROM rates WHERE tat <= ? ORDER BY tat LIMIT ?"
        connection.execute(f"DELETE FROM rates WHERE key IN ({dead})", (now, _PURGE))  # noqa: S608 - the text above
    return wait


def give_back(connection: sqlite3.Connection, key: str, pace: Pace) -> None:
    connection.execute("UPDATE rates SET tat = tat - ? WHERE key = ?", (pace.interval, key))
