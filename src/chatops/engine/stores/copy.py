"""Copies one store into another, any kind into any kind, and looks a store over.

Everything goes through the `Store` port in pages, some conversations at a time, so memory stays bounded. A copy may be
broken off and run again, or run again later to bring the target up to date: what is there already is compared, what is
missing or has changed is written, read back and compared. So each side is read once when nothing has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, FilePart, Message
from chatops.engine.ports import Store
from chatops.engine.stores.folding import abandon

PAGE = 100
AT_ONCE = 8
"""Conversations in hand: while one waits for a disk or a network, another is put into the form of its new store."""


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


@dataclass(slots=True, kw_only=True)
class _Found:
    """What was met of one conversation. The text form of frozen values names every field and kind."""

    messages: int = 0
    faults: list[str] = field(default_factory=list)
    hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, value: Conversation | Message) -> None:
        self.hash.update(repr(value).encode("utf-8", "replace"))
        self.messages += isinstance(value, Message)

    def add_file(self, data: bytes) -> None:
        self.hash.update(hashlib.sha256(data).digest())


async def copy(source: Store, target: Store, progress: Progress = lambda _c, _m: None) -> Survey:
    """Brings everything of `source` into `target`; what else the target holds stays.

    Returns:
        What was copied, hashed as it was read back from the target; `faults` names conversations whose two sides
        differ after all: they were written to in the meantime, so copy again.

    Raises:
        ConflictError: The target has an id of the source's under another owner, or another message in its place.
    """
    return await _each(source, lambda conversation: _copy_one(source, target, conversation), progress)


async def survey(store: Store, progress: Progress = lambda _c, _m: None) -> Survey:
    """Reads everything: counts, hash, and whether each tree and its attachments are whole."""
    return await _each(store, lambda conversation: _examine(store, conversation), progress)


async def _each(store: Store, work: Callable[[Conversation], Awaitable[_Found]], progress: Progress) -> Survey:
    digest, conversations, messages, faults = hashlib.sha256(), 0, 0, list[str]()
    async for some in _conversations(store):
        for found in await _together(work, some):
            digest.update(found.hash.digest())
            messages += found.messages
            faults += found.faults
        conversations += len(some)
        progress(conversations, messages)
    return Survey(conversations=conversations, messages=messages, sha256=digest.hexdigest(), faults=tuple(faults))


async def _conversations(store: Store) -> AsyncGenerator[Sequence[Conversation], None]:
    """Everybody's, in the order of their ids, some at a time."""
    after: str | None = None
    while page := await store.every_conversation(after=after, limit=AT_ONCE):
        yield page
        after = page[-1].id


async def _together(
    work: Callable[[Conversation], Awaitable[_Found]], some: Sequence[Conversation]
) -> Sequence[_Found]:
    async def one(conversation: Conversation) -> _Found:
        return await work(conversation)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(conversation)) for conversation in some]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # one says what to do; the others were cancelled, or say the same
    return [task.result() for task in tasks]


async def _copy_one(source: Store, target: Store, conversation: Conversation) -> _Found:
    """Messages first, the conversation last: nobody meets half of it."""
    owner, found, seq, same = conversation.owner_id, _Found(), 0, True
    found.add(conversation)
    while page := await _page(source, conversation, seq):
        there = await _page(target, conversation, seq)
        for message in page:
            found.add(message)
            for file in message.files:
                await _copy_file(source, target, owner, file, found)
        if there != page:
            await _bring(target, owner, page, there)
            there = await _page(target, conversation, seq)
        same = same and there == page
        seq = page[-1].seq
    if await _conversation(target, conversation) != conversation:
        await target.put_conversation(conversation)
        same = same and await _conversation(target, conversation) == conversation
    if not same or await _page(target, conversation, seq):
        found.faults.append(f"conversation {conversation.id} changed while it was copied")
    return found


async def _bring(target: Store, owner: str, page: Sequence[Message], there: Sequence[Message]) -> None:
    known = {message.id: message for message in there}
    await target.add_messages(owner, [message for message in page if message.id not in known])
    for message in page:
        if known.get(message.id, message) != message:
            await target.finish_turn(message)


async def _copy_file(source: Store, target: Store, owner: str, file: FilePart, found: _Found) -> None:
    here, there = await _bytes(source, owner, file), await _bytes(target, owner, file)
    if here is not None and there is None:
        await target.put_blob(owner, file.sha256, here)
        there = await _bytes(target, owner, file)
    if here is None or here != there:
        found.faults.append(f"attachment {file.name} ({file.sha256}) is missing or damaged")
    found.add_file(there or b"")


async def _examine(store: Store, conversation: Conversation) -> _Found:
    found, seen, seq = _Found(), set[str](), 0
    found.add(conversation)
    while page := await _page(store, conversation, seq):
        for message in page:
            found.add(message)
            if message.parent_id is not None and message.parent_id not in seen:
                found.faults.append(f"message {message.id} has no parent {message.parent_id} before it")
            for file in message.files:
                await _examine_file(store, message, conversation.owner_id, file, found)
            seen.add(message.id)
        seq = page[-1].seq
    if conversation.leaf_id is not None and conversation.leaf_id not in seen:
        found.faults.append(f"conversation {conversation.id} ends in a message that is not there")
    return found


async def _examine_file(store: Store, message: Message, owner: str, file: FilePart, found: _Found) -> None:
    data = await _bytes(store, owner, file) or b""
    if hashlib.sha256(data).hexdigest() != file.sha256:
        found.faults.append(f"attachment {file.name} of message {message.id} is missing or damaged")
    found.add_file(data)


async def _page(store: Store, conversation: Conversation, seq: int) -> list[Message]:
    """The next messages, as they are when nobody runs them any more: a copy of a running answer is interrupted."""
    page = await store.messages(conversation.owner_id, conversation.id, after_seq=seq, limit=PAGE)
    return [abandon(message) if message.status == "streaming" else message for message in page]


async def _conversation(store: Store, conversation: Conversation) -> Conversation | None:
    try:
        return await store.conversation(conversation.owner_id, conversation.id)
    except NotFoundError:
        return None


async def _bytes(store: Store, owner: str, file: FilePart) -> bytes | None:
    try:
        return await store.blob(owner, file.sha256)
    except NotFoundError:
        return None
