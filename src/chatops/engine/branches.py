"""Walks along a conversation's tree in bounded batches, so that length costs time but no memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import NewId, Store
from chatops.engine.window import Window

BATCH = 64
"""Messages read at a time. A batch costs one indexed range read; most turns need one or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way through a conversation's tree.

    Attributes:
        end: Its last message.
        start: Its first message that no other branch has.
        length: Messages from the root to its end.
    """

    end: Message
    start: Message
    length: int


async def to_root(store: Store, conversation: Conversation, leaf_id: str | None) -> AsyncGenerator[Message, None]:
    """The branch that ends at `leaf_id`, newest first."""
    while leaf_id is not None:
        for message in await store.tail(conversation.owner_id, conversation.id, leaf_id, limit=BATCH):
            if message.id == leaf_id:
                yield message
                leaf_id = message.parent_id


async def fill(window: Window, store: Store, conversation: Conversation) -> None:
    """Shows a window its branch from the leaf back, until it wants no more."""
    owner_id, id_ = conversation.owner_id, conversation.id
    while window.wanted is not None:
        window.take(await store.tail(owner_id, id_, window.wanted, limit=BATCH, bare=True))


async def from_root(store: Store, conversation: Conversation) -> AsyncGenerator[Message, None]:
    """The active branch, oldest first: one walk back that keeps ids only, one forward."""
    path = {message.id async for message in to_root(store, conversation, conversation.leaf_id)}
    seq = 0
    while page := await store.messages(conversation.owner_id, conversation.id, after_seq=seq, limit=BATCH):
        seq = page[-1].seq
        for message in page:
            if message.id in path:
                yield message


async def every(store: Store, conversation: Conversation, *, limit: int) -> list[Branch]:
    """The branches whose ends are newest, newest first: one walk forward that keeps ids only."""
    parents: dict[str, str | None] = {}
    children: Counter[str | None] = Counter()
    seq = 0
    while page := await store.messages(conversation.owner_id, conversation.id, after_seq=seq, limit=BATCH):
        seq = page[-1].seq
        for message in page:
            parents[message.id] = message.parent_id
            children[message.parent_id] += 1
    ends = [id_ for id_ in reversed(parents) if not children[id_]][:limit]
    return [await _branch(store, conversation, end, parents, children) for end in ends]


async def _branch(
    store: Store, conversation: Conversation, end: str, parents: dict[str, str | None], children: Counter[str | None]
) -> Branch:
    path = [end]
    while (parent := parents.get(path[-1])) is not None:
        path.append(parent)
    start = next((id_ for id_ in path if children[parents.get(id_)] > 1), path[-1])
    last = await store.message(conversation.owner_id, end)
    first = last if start == end else await store.message(conversation.owner_id, start)
    return Branch(end=last, start=first, length=len(path))


async def copy(store: Store, source: Conversation, leaf_id: str | None, *, now: int, new_id: NewId) -> Conversation:
    """Copies the branch that ends at `leaf_id` into a new conversation and returns that.

    The row of the conversation is stored last, so nobody ever sees a copy that broke off.
    """
    leaf = new_id() if leaf_id else None
    fork = replace(source, id=new_id(), leaf_id=leaf, created_at=now, updated_at=now, archived=False)
    copies: list[Message] = []
    copy_id = fork.leaf_id or ""
    async for message in to_root(store, source, leaf_id):
        parent_id = new_id() if message.parent_id else None
        status = "interrupted" if message.status == "streaming" else message.status
        copies.append(replace(message, id=copy_id, conversation_id=fork.id, parent_id=parent_id, status=status))
        copy_id = parent_id or ""
        if len(copies) == BATCH:
            await store.add_messages(source.owner_id, copies)
            copies = []
    await store.add_messages(source.owner_id, copies)
    await store.add_conversation(fork)
    return fork
