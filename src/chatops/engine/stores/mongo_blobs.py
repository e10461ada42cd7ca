"""Jobs on attachments: bytes under their digest, once an owner, for as long as a message refers to them."""

from __future__ import annotations

import asyncio
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


async def get(db: Any, owner_id: str, sha256: str, *, now: int) -> bytes:
    row, expired = await asyncio.gather(
        db.blobs.find_one({"_id": _key(owner_id, sha256)}), _is_expired(db, owner_id, sha256, now)
    )
    if row is None or expired:
        raise NotFoundError(f"there is no attachment {sha256}")
    return bytes(row["data"])


async def _is_expired(db: Any, owner_id: str, sha256: str, now: int) -> bool:
    """Whether messages refer to it, and all of them are in expired conversations."""
    refer = {"owner_id": owner_id, "files": sha256}
    expired = False
    async for row in db.messages.find(refer, {"conversation_id": 1}):
        waits = {"_id": row["conversation_id"], "expires_at": {"$lte": now}}
        expired = await db.conversations.find_one(waits, {"_id": 1}) is not None
        if not expired:
            break
    return expired


async def release(db: Any, owner_id: str, digests: Iterable[str]) -> None:
    """Forgets, of these, the bytes that no message of this owner refers to any more.

    Looking and deleting are two steps: bytes that a new message came to refer to in between are put back.
    """
    for sha256 in digests:
        if await _is_referred_to(db, owner_id, sha256):
            continue
        row = await db.blobs.find_one_and_delete({"_id": _key(owner_id, sha256)})
        if row is not None and await _is_referred_to(db, owner_id, sha256):
            await put(db, owner_id, sha256, row["data"])


async def _is_referred_to(db: Any, owner_id: str, sha256: str) -> bool:
    return await db.messages.find_one({"owner_id": owner_id, "files": sha256}, {"_id": 1}) is not None
