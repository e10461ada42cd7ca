"""Jobs that read and write accounts as rows, for copies of a whole database."""

from __future__ import annotations

from typing import Any

from chatops.engine.auth.ports import FIELDS, Kept, Row
from chatops.engine.errors import ConflictError


async def rows(db: Any, kind: Kept, after: str | None, limit: int) -> list[Row]:
    found = db[kind].find({"_id": {"$gt": after or ""}}).sort("_id", 1).limit(limit)
    return [{name: row.get("_id" if name == "id" else name) for name in FIELDS[kind]} async for row in found]


async def put_row(db: Any, kind: Kept, row: Row) -> None:
    from pymongo.errors import DuplicateKeyError

    # An absent e-mail address must be absent: the unique index holds all that are there.
    values = {
        name: row[name] for name in FIELDS[kind] if name != "id" and (kind != "accounts" or row[name] is not None)
    }
    place = {"_id": row["id"]}
    if kind == "accounts":
        place["email"] = row["email"]  # None: not there
    try:
        await db[kind].replace_one(place, values, upsert=True)
    except DuplicateKeyError:
        raise ConflictError(
            f"the target has another account in the place of {row.get('email') or row['id']}: two teams' databases do"
            " not merge"
        ) from None
