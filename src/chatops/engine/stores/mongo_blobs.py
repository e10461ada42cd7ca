"""Jobs on attachments: bytes under their digest, once an owner, for as long as a message refers to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatops.engine.errors import NotFoundError


def _key(owner_id: str, sha256: str) -> str:
    return f"{sha256}/{owner_id}"


async def put(db: Any, owner_id: str, sha256: str, data: bytes) -> None:
    from pymongo.errors import DuplicateKeyError

    try:
        await db.blobs.update_one({"_id": _key(owner_id, sha256)}, {"$setOnInsert": {"data": data}}, upsert=True)
    except DuplicateKeyError:  # somebody put the same bytes in the same moment
        return


async def get(db: Any, owner_id: str, sha256: str) -> bytes:
    row = await db.blobs.find_one({"_id": _key(owner_id, sha256)})
    if row is None:
        raise NotFoundError(f"there is no attachment {sha256}")
    return bytes(row["data"])


async def release(db: Any, owner_id: str, digests: Iterable[str]) -> None:
    """Forgets, of these, the bytes that no message of this owner refers to any more."""
    for sha256 in digests:
        if await db.messages.find_one({"owner_id": owner_id, "files": sha256}, {"_id": 1}) is None:
            await db.blobs.delete_one({"_id": _key(owner_id, sha256)})
