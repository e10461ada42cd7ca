"""Jobs of the usage ledger. Rows are only ever added."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from chatops.engine.limits.ledger import EMPTY, By, Entry, Head, Row, chain

if TYPE_CHECKING:
    from chatops.engine.limits.reports import Line

_ENTRY = tuple(field.name for field in fields(Entry))
_INSERT = (
    f"INSERT INTO ledger (n, {', '.join(_ENTRY)}, previous, hash)"  # noqa: S608 - our own names
    f" VALUES (:n, {', '.join(f':{name}' for name in _ENTRY)}, :previous, :hash)"
)
_MEMBERS = "SELECT value FROM json_each(:user_ids)"
_KEYS: dict[By, str] = {
    "model": "provider || ':' || model",
    "day": "date(at / 1000, 'unixepoch')",
    "user": "user_id",
    "surface": "surface",
}


def append(connection: sqlite3.Connection, entry: Entry) -> Entry:
    """The turn's row: this one, or the one that it has already."""
    kept = connection.execute("SELECT * FROM ledger WHERE turn_id = ?", (entry.turn_id,)).fetchone()
    if kept is not None:
        return _row(kept).entry
    row = chain(head(connection), entry)
    put(connection, row)
    return entry


def put(connection: sqlite3.Connection, row: Row) -> None:
    """The next row, as it is."""
    connection.execute(_INSERT, {"n": row.n, **asdict(row.entry), "previous": row.previous, "hash": row.hash})
    connection.execute("INSERT OR REPLACE INTO ledger_head VALUES (1, ?, ?)", (row.n, row.hash))


def head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT n, hash FROM ledger_head").fetchone()
    return EMPTY if row is None else Head(row["n"], row["hash"])


def rows(connection: sqlite3.Connection, *, after: int, limit: int) -> list[Row]:
    found = connection.execute("SELECT * FROM ledger WHERE n > ? ORDER BY n LIMIT ?", (after, limit))
    return [_row(row) for row in found]


def _row(row: sqlite3.Row) -> Row:
    values = {name: row[name] for name in _ENTRY}
    return Row(row["n"], Entry(**{**values, "estimated": bool(values["estimated"])}), row["previous"], row["hash"])


def usage(connection: sqlite3.Connection, user_ids: Sequence[str] | None, *, since: int, by: By) -> list[Line]:
    found = connection.execute(
        f"SELECT {_KEYS[by]} AS key, count(*) AS turns, sum(input_tokens) AS input_tokens,"  # noqa: S608 - our own words
        " sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens, coalesce(sum(cost), 0) AS cost,"
        " sum(cost IS NULL) AS unpriced, sum(estimated) AS estimated"
        f" FROM ledger WHERE at >= :since {'' if user_ids is None else f'AND user_id IN ({_MEMBERS})'}"
        f" GROUP BY 1 ORDER BY {'key DESC' if by == 'day' else 'turns DESC, key'}",
        {"since": since, "user_ids": json.dumps(user_ids)},
    )
    from chatops.engine.limits.reports import Line

    return [Line(**dict(row)) for row in found]
