"""Jobs that read and write accounts as rows, for copies of a whole database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from chatops.engine.auth.ports import FIELDS, Kept, Row
from chatops.engine.errors import ConflictError

_SELECT: Mapping[Kept, str] = {
    "accounts": "SELECT * FROM accounts",
    "identities": "SELECT platform || '/' || platform_user_id AS id, user_id FROM identities",
    "api_tokens": "SELECT * FROM api_tokens",
}


def rows(connection: sqlite3.Connection, kind: Kept, after: str | None, limit: int) -> list[Row]:
    found = connection.execute(
        f"SELECT * FROM ({_SELECT[kind]}) WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 - ours
        (after or "", limit),
    )
    return [_row(row) for row in found]


def _row(row: sqlite3.Row) -> Row:
    values = dict(row)
    if "disabled" in values:
        values["disabled"] = bool(values["disabled"])
    if "scopes" in values:
        values["scopes"] = json.loads(values["scopes"])
    return values


def put_row(connection: sqlite3.Connection, kind: Kept, row: Row) -> None:
    values = {name: row[name] for name in FIELDS[kind]}
    if kind == "identities":
        values["platform"], _, values["platform_user_id"] = values.pop("id").partition("/")
    if kind == "accounts":
        _check_same(connection, row)
    if "scopes" in values:
        values["scopes"] = json.dumps(values["scopes"])
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    try:
        # The row with this id goes, no other: what else must be unique is looked at first.
        connection.execute(f"REPLACE INTO {kind} ({names}) VALUES ({places})", values)  # noqa: S608 - ours
    except sqlite3.IntegrityError as error:
        raise ConflictError(f"a row of {kind} does not fit into the target") from error


def _check_same(connection: sqlite3.Connection, row: Row) -> None:
    there = connection.execute(
        "SELECT 1 FROM accounts WHERE (id = :id AND email IS NOT :email) OR (id <> :id AND email = :email)",
        {"id": row["id"], "email": row["email"]},
    ).fetchone()
    if there is not None:
        raise other_account(row)


def other_account(row: Row) -> ConflictError:
    return ConflictError(
        f"the target has another account in the place of {row['email'] or row['id']}: two teams' databases do not merge"
    )
