"""Copies one store into another, any kind into any kind, and looks a store over.

Everything goes through the `Store` port in pages, so memory stays bounded. A copy may be broken off and run again, or
run again later to bring the target up to date: what is there already is compared, what is missing or has changed is
written, and every conversation is read back from both sides and compared by a hash of its whole content.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Store
from chatops.engine.stores.folding import abandon

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a store holds.

    Attributes:
        sha256: Over every conversation, message and attachment in the order of their ids; equal for equal content,
            whatever the store.
        faults: What is wrong, a sentence each.
    """

    conversations: int = 0
    messages: int = 0
    sha256: str = ""
    faults: tuple[str, ...] = ()


Progress = Callable[[int, int], None]
"""Called with conversations and messages so far."""


async def conversations(store: Store) -> AsyncGenerator[Conversation, None]:
    """Everybody's, in the order of their ids."""
    after: str | None = None
    while page := await store.every_conversation(after=after, limit=PAGE):
        for conversation in page:
            yield conversation
        after = page[-1].id


async def copy(source: Store, target: Store, progress: Progress = lambda _c, _m: None) -> Survey:
    """Brings everything of `source` into `target`; what else the target holds stays.

    Returns:
        What was copied, hashed as it was read back from the target; `faults` names conversations whose two sides
        differ after all: they were written to in the meantime, so copy again.

    Raises:
        ConflictError: The target has an id of the source's under another owner, or another message in its place.
    """
    total, faults, digest, count = 0, [], hashlib.sha256(), 0
    async for conversation in conversations(source):
        count += 1
        total += await _copy_one(source, target, conversation)
        here = await _fingerprint(source, conversation)
        there = await _fingerprint(target, await target.conversation(conversation.owner_id, conversation.id))
        digest.update(there)
        if here != there:
            faults.append(f"conversation {conversation.id} changed while it was copied")
        progress(count, total)
    return Survey(conversations=count, messages=total, sha256=digest.hexdigest(), faults=tuple(faults))


async def survey(store: Store, progress: Progress = lambda _c, _m: None) -> Survey:
    """Reads everything: counts, hash, and whether each tree and its attachments are whole."""
    total, faults, digest, count = 0, list[str](), hashlib.sha256(), 0
    async for conversation in conversations(store):
        count += 1
        number, found = await _examine(store, conversation)
        total += number
        faults += found
        digest.update(await _fingerprint(store, conversation))
        progress(count, total)
    return Survey(conversations=count, messages=total, sha256=digest.hexdigest(), faults=tuple(faults))


async def _copy_one(source: Store, target: Store, conversation: Conversation) -> int:
    owner, count, seq = conversation.owner_id, 0, 0
    while page := await _page(source, conversation, seq):
        there = {message.id: message for message in await _page(target, conversation, seq)}
        for message in page:
            for file in message.files:
                await target.put_blob(owner, file.sha256, await source.blob(owner, file.sha256))
        await target.add_messages(owner, [message for message in page if message.id not in there])
        for message in page:
            if there.get(message.id, message) != message:
                await target.finish_turn(message)
        count += len(page)
        seq = page[-1].seq
    try:
        known = await target.conversation(owner, conversation.id)
    except NotFoundError:
        await target.add_conversation(conversation)
        return count
    if known != conversation:
        await target.update_conversation(
            owner,
            conversation.id,
            title=conversation.title,
            model=conversation.model,
            system=conversation.system,
            leaf_id=conversation.leaf_id,
            updated_at=conversation.updated_at,
            archived=conversation.archived,
            tags=conversation.tags,
            expires_at=conversation.expires_at or 0,
        )
    return count


async def _page(store: Store, conversation: Conversation, seq: int) -> list[Message]:
    """The next messages, as they are when nobody runs them any more: a copy of a running answer is interrupted."""
    page = await store.messages(conversation.owner_id, conversation.id, after_seq=seq, limit=PAGE)
    return [abandon(message) if message.status == "streaming" else message for message in page]


async def _fingerprint(store: Store, conversation: Conversation) -> bytes:
    """A hash of a conversation's whole content. The text form of frozen values names every field and kind."""
    digest = hashlib.sha256(repr(conversation).encode("utf-8", "replace"))
    seq = 0
    while page := await _page(store, conversation, seq):
        for message in page:
            digest.update(repr(message).encode("utf-8", "replace"))
            for file in message.files:
                digest.update(hashlib.sha256(await _bytes(store, conversation, file.sha256)).digest())
        seq = page[-1].seq
    return digest.digest()


async def _bytes(store: Store, conversation: Conversation, sha256: str) -> bytes:
    try:
        return await store.blob(conversation.owner_id, sha256)
    except NotFoundError:
        return b""


async def _bad_attachments(store: Store, conversation: Conversation, message: Message) -> AsyncGenerator[str, None]:
    for file in message.files:
        if hashlib.sha256(await _bytes(store, conversation, file.sha256)).hexdigest() != file.sha256:
            yield f"attachment {file.name} of message {message.id} is missing or damaged"


async def _examine(store: Store, conversation: Conversation) -> tuple[int, list[str]]:
    seen: set[str] = set()
    faults: list[str] = []
    seq = 0
    while page := await _page(store, conversation, seq):
        for message in page:
            if message.parent_id is not None and message.parent_id not in seen:
                faults.append(f"message {message.id} has no parent {message.parent_id} before it")
            faults += [fault async for fault in _bad_attachments(store, conversation, message)]
            seen.add(message.id)
        seq = page[-1].seq
    if conversation.leaf_id is not None and conversation.leaf_id not in seen:
        faults.append(f"conversation {conversation.id} ends in a message that is not there")
    return len(seen), faults
