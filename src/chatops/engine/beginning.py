"""Stores what a turn begins with."""

from __future__ import annotations

from chatops.engine.messages import Message
from chatops.engine.planning import Plan
from chatops.engine.ports import Store


async def begin(store: Store, plan: Plan, lease_expires_at: int) -> list[Message]:
    """Stores a plan's attachments and rows; `lease_expires_at` in Unix milliseconds.

    Returns:
        The rows as they are stored.

    Raises:
        ConflictError: A turn already runs in the conversation.
        NotFoundError: The conversation was deleted meanwhile.
        StoreError: The database cannot be used.
    """
    await _put_blobs(store, plan)
    rows = await store.begin_turn(
        plan.conversation.owner_id, plan.conversation, plan.rows, lease_expires_at=lease_expires_at
    )
    # Again: until these rows refer to the bytes, they go with the last other message that does.
    await _put_blobs(store, plan)
    return rows


async def _put_blobs(store: Store, plan: Plan) -> None:
    for digest, data in plan.blobs.items():
        await store.put_blob(plan.conversation.owner_id, digest, data)
