"""Jobs that make one user's conversations another's.

The conversation itself comes last, so that one whose move was cut off is found again; each step may be done twice.
"""

from __future__ import annotations

from typing import Any

from chatops.engine.errors import NotFoundError
from chatops.engine.stores import mongo_blobs as blobs


async def next_of(db: Any, owner_id: str) -> str | None:
    """A conversation of this owner that nobody is deleting."""
    row = await db.conversations.find_one({"owner_id": owner_id, "deleting": None}, {"_id": 1})
    return None if row is None else str(row["_id"])


async def take_over(db: Any, conversation_id: str, from_id: str, to_id: str) -> None:
    files: set[str] = set()
    async for row in db.messages.find({"conversation_id": conversation_id, "files": {"$exists": True}}, {"files": 1}):
        files.update(row["files"])
    for sha256 in files:
        try:
            # now=0: nothing has expired, so that a temporary conversation moves whole.
            await blobs.put(db, to_id, sha256, await blobs.get(db, from_id, sha256, now=0))
        except NotFoundError:  # moved before
            continue
    await db.messages.update_many(
        {"conversation_id": conversation_id, "owner_id": from_id}, {"$set": {"owner_id": to_id}}
    )
    await blobs.release(db, from_id, files)
    await db.conversations.update_one({"_id": conversation_id, "owner_id": from_id}, {"$set": {"owner_id": to_id}})
