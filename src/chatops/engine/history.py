"""A person's conversations: find, read, rename, put away, tag, fork, delete. Half of the engine's face.

Every method raises `PermissionDeniedError` when the principal lacks its scope.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace

from chatops.engine import branches
from chatops.engine.branches import Branch
from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.messages import Conversation, Message, Principal, SearchHit
from chatops.engine.ports import Clock, NewId, Store
from chatops.engine.requests import check_text
from chatops.engine.tags import normalised

MIN_PREFIX = 4
"""Characters of an id that are enough when they fit one conversation only."""
MAX_PAGE = 200
MAX_NEWER = 1000
"""Messages beyond the active branch's end that a page of the whole tree brings along."""


class History:
    """Conversations for any number of principals."""

    def __init__(self, store: Store, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def conversation(self, principal: Principal, ref: str) -> Conversation:
        """A conversation by its id or a unique beginning of it.

        Raises:
            NotFoundError: None of this person's.
            InvalidRequestError: Too short, or it fits several.
        """
        principal.require("history:read")
        if len(ref) < MIN_PREFIX:
            raise InvalidRequestError(
                f"{ref!r} is too short for a conversation id: give {MIN_PREFIX} characters or more"
            )
        ids = await self._store.conversation_ids(principal.user_id, ref, limit=2)
        if not ids and ref != ref.lower():  # ours are in lower case; those that clients choose may not be
            ids = await self._store.conversation_ids(principal.user_id, ref.lower(), limit=2)
        if not ids:
            raise NotFoundError(f"no conversation {ref!r}")
        if len(ids) > 1:
            raise InvalidRequestError(f"{ref!r} fits several conversations, {ids[0]} among them: give more of the id")
        return await self._store.conversation(principal.user_id, ids[0])

    async def named(self, principal: Principal, conversation_id: str) -> Conversation:
        """A conversation by its whole id. Raises `NotFoundError`."""
        principal.require("history:read")
        return await self._store.conversation(principal.user_id, conversation_id)

    async def conversations(
        self,
        principal: Principal,
        *,
        limit: int,
        before: Conversation | None = None,
        archived: bool | None = False,
        tag: str | None = None,
    ) -> list[Conversation]:
        """A page, newest update first.

        Args:
            principal: Whose.
            limit: The most to return; `MAX_PAGE` bounds it.
            before: The last one of the page that came earlier.
            archived: None for all, put away or not.
            tag: Only those that carry it, however it is spelt.

        Raises:
            InvalidRequestError: The tag can be nobody's.
        """
        principal.require("history:read")
        spelt = None if tag is None else normalised([tag])[0]
        return await self._store.conversations(
            principal.user_id, limit=min(limit, MAX_PAGE), before=before, archived=archived, tag=spelt
        )

    def branch(self, principal: Principal, conversation: Conversation) -> AsyncGenerator[Message, None]:
        """The active branch, oldest first, in bounded memory but for one id a message."""
        principal.require("history:read")
        return branches.from_root(self._store, replace(conversation, owner_id=principal.user_id))

    async def recent(
        self, principal: Principal, conversation: Conversation, *, limit: int, leaf_id: str | None = None
    ) -> list[Message]:
        """The last messages of the branch that ends at `leaf_id` (None: the active one), oldest first."""
        principal.require("history:read")
        own = replace(conversation, owner_id=principal.user_id)
        found: list[Message] = []
        async with aclosing(branches.to_root(self._store, own, leaf_id or conversation.leaf_id)) as messages:
            async for message in messages:
                found.append(message)
                if len(found) >= limit:
                    break
        return found[::-1]

    async def every_message(
        self, principal: Principal, conversation: Conversation, *, after_seq: int = 0, limit: int
    ) -> list[Message]:
        """A page of all branches, oldest first."""
        principal.require("history:read")
        return await self._store.messages(principal.user_id, conversation.id, after_seq=after_seq, limit=limit)

    async def latest(
        self, principal: Principal, conversation: Conversation, *, before: str | None = None, limit: int
    ) -> list[Message]:
        """A page of all branches, newest first: range reads. The first page also has what is newer than the active
        branch's end, up to `MAX_NEWER`, whatever `limit` says: there is some after a switch to an older branch.

        Args:
            principal: Whose.
            conversation: Where.
            before: The last message of the page that came earlier.
            limit: The most to return.

        Raises:
            NotFoundError: No such message in this conversation.
        """
        principal.require("history:read")
        owner, id_ = principal.user_id, conversation.id
        if before is not None:
            return (await self._store.tail(owner, id_, before, limit=limit + 1))[1:]
        if conversation.leaf_id is None:
            return []
        page = await self._store.tail(owner, id_, conversation.leaf_id, limit=limit)
        newer = await self._store.messages(owner, id_, after_seq=page[0].seq, limit=MAX_NEWER)
        return [*reversed(newer), *page]

    async def attachment(self, principal: Principal, sha256: str) -> bytes:
        """The bytes of an attached file, by their digest in hex. Raises `NotFoundError`."""
        principal.require("history:read")
        return await self._store.blob(principal.user_id, sha256)

    async def branches(self, principal: Principal, conversation: Conversation, *, limit: int) -> list[Branch]:
        """The branches whose ends are newest, newest first. Reads the whole conversation once."""
        principal.require("history:read")
        return await branches.every(self._store, replace(conversation, owner_id=principal.user_id), limit=limit)

    async def message(self, principal: Principal, message_id: str) -> Message:
        """One message; a running answer with what was journalled of it. Raises `NotFoundError`."""
        principal.require("history:read")
        return await self._store.message(principal.user_id, message_id)

    async def search(self, principal: Principal, query: str, *, limit: int) -> list[SearchHit]:
        """Messages that hold every word of the query, newest first."""
        principal.require("history:read")
        return await self._store.search(principal.user_id, query, limit=min(limit, MAX_PAGE))

    async def rename(self, principal: Principal, conversation_id: str, title: str) -> Conversation:
        principal.require("history:write")
        check_text(title, "the title")
        if not title.strip():
            raise InvalidRequestError("the title is empty")
        return await self._store.update_conversation(principal.user_id, conversation_id, title=title.strip())

    async def archive(self, principal: Principal, conversation_id: str, *, archived: bool = True) -> Conversation:
        """Puts a conversation away, or brings it back: nothing else of it changes."""
        principal.require("history:write")
        return await self._store.update_conversation(principal.user_id, conversation_id, archived=archived)

    async def set_tags(self, principal: Principal, conversation_id: str, tags: Iterable[str]) -> Conversation:
        """Replaces its tags; none takes them off. Raises `InvalidRequestError` as `tags.normalised` does."""
        principal.require("history:write")
        return await self._store.update_conversation(principal.user_id, conversation_id, tags=normalised(tags))

    async def keep(self, principal: Principal, conversation_id: str) -> Conversation:
        """Makes a temporary conversation one that stays."""
        principal.require("history:write")
        return await self._store.update_conversation(principal.user_id, conversation_id, expires_at=0)

    async def switch(self, principal: Principal, conversation_id: str, message_id: str) -> Conversation:
        """Makes the branch that ends at a message the active one; nothing else changes.

        Raises:
            NotFoundError: No such conversation of this person, or no such message in it.
        """
        principal.require("history:write")
        message = await self._store.message(principal.user_id, message_id)
        if message.conversation_id != conversation_id:
            raise NotFoundError(f"no message {message_id} in this conversation")
        return await self._store.update_conversation(principal.user_id, conversation_id, leaf_id=message_id)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Deletes it with all its messages; a turn that runs there ends."""
        principal.require("history:write")
        await self._store.delete_conversation(principal.user_id, conversation_id)

    async def fork(self, principal: Principal, conversation_id: str, leaf_id: str | None = None) -> Conversation:
        """Copies the branch that ends at `leaf_id` (None: the active one) into a new conversation."""
        principal.require("history:write")
        source = await self._store.conversation(principal.user_id, conversation_id)
        leaf_id = leaf_id or source.leaf_id
        return await branches.copy(self._store, source, leaf_id, now=self._clock(), new_id=self._new_id)
