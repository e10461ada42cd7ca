"""What a turn begins with, and the storing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.engine.messages import Conversation, Message

if TYPE_CHECKING:
    from chatops.engine.planning import Plan
    from chatops.engine.ports import Store
    from chatops.engine.requests import TurnRequest


@dataclass(slots=True, kw_only=True)
class Beginning:
    """The rows that `Store.begin_turn` stores, for whoever can do that in one step with letting the turn in.

    Attributes:
        lease_expires_at: Unix milliseconds.
        stored: The rows as they are stored, when that was done.
    """

    conversation: Conversation
    rows: Sequence[Message]
    lease_expires_at: int
    stored: list[Message] | None = None


def at_once(plan: Plan, request: TurnRequest, lease_expires_at: int) -> Beginning | None:
    """What may be stored in one step with letting the turn in. None where files come first, where nothing is stored,
    and for who waits while a turn runs: a conflict takes the step back, and they stay counted by the rate.
    """
    if plan.blobs or not request.record or request.on_busy == "queue":
        return None
    return Beginning(conversation=plan.conversation, rows=plan.rows, lease_expires_at=lease_expires_at)


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
