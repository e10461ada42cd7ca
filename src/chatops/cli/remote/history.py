"""A person's conversations on a server: `engine.history.History` over the HTTP API."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from chatops.cli.remote.http import Http, segment
from chatops.cli.remote.shapes import conversation_of, message_of
from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.history import MAX_PAGE, MIN_PREFIX
from chatops.engine.messages import Conversation, Message, Principal, SearchHit

_WHOLE = 36
_AT_ONCE = 8


class RemoteHistory:
    """The methods of `History` with their errors. The principal is not used: the credentials say who asks."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def conversation(self, principal: Principal, ref: str) -> Conversation:
        """By its id, or by a unique beginning: looked for among all conversations, page by page."""
        if len(ref) < MIN_PREFIX:
            raise InvalidRequestError(
                f"{ref!r} is too short for a conversation id: give {MIN_PREFIX} characters or more"
            )
        try:
            return await self.named(principal, ref)
        except NotFoundError:
            if len(ref) >= _WHOLE:
                raise
        found = [one async for one in self._every() if one.id.startswith((ref, ref.lower()))]
        if not found:
            raise NotFoundError(f"no conversation {ref!r}")
        if len(found) > 1:
            raise InvalidRequestError(
                f"{ref!r} fits several conversations, {found[0].id} among them: give more of the id"
            )
        return found[0]

    async def _every(self) -> AsyncGenerator[Conversation, None]:
        query: dict[str, Any] = {"limit": MAX_PAGE, "archived": "any"}
        while True:
            page = await self._http.json("GET", "/api/conversations", query=query)
            for shape in page["conversations"]:
                yield conversation_of(shape)
            if "next_cursor" not in page:
                return
            query["cursor"] = page["next_cursor"]

    async def named(self, principal: Principal, conversation_id: str) -> Conversation:  # noqa: ARG002 - History's form
        return conversation_of(await self._http.json("GET", _path(conversation_id)))

    async def conversations(
        self,
        principal: Principal,  # noqa: ARG002 - History's form
        *,
        limit: int,
        before: Conversation | None = None,
        archived: bool | None = False,
        tag: str | None = None,
    ) -> list[Conversation]:
        said = {True: "true", False: "false", None: "any"}[archived]
        query: dict[str, Any] = {"limit": min(limit, MAX_PAGE), "archived": said}
        if tag is not None:
            query["tag"] = tag
        if before is not None:
            query["cursor"] = _cursor(before.updated_at, before.id)
        page = await self._http.json("GET", "/api/conversations", query=query)
        return [conversation_of(shape) for shape in page["conversations"]]

    async def branch(self, principal: Principal, conversation: Conversation) -> AsyncGenerator[Message, None]:  # noqa: ARG002 - History's form
        """The active branch, oldest first. The API reads it back from its end, so all of it is held."""
        path = _path(conversation.id, "/messages")
        pages: list[list[Any]] = []
        query: dict[str, Any] = {"limit": MAX_PAGE}
        while True:
            page = await self._http.json("GET", path, query=query)
            pages.append(page["messages"])
            if "next_cursor" not in page:
                break
            query["cursor"] = page["next_cursor"]
        for shapes in reversed(pages):
            for shape in shapes:
                yield message_of(shape, conversation.id)

    async def recent(
        self,
        principal: Principal,  # noqa: ARG002 - History's form
        conversation: Conversation,
        *,
        limit: int,
        leaf_id: str | None = None,
    ) -> list[Message]:
        query: dict[str, Any] = {"limit": min(limit, MAX_PAGE)}
        if leaf_id is not None:
            query["leaf_id"] = leaf_id
        page = await self._http.json("GET", _path(conversation.id, "/messages"), query=query)
        return [message_of(shape, conversation.id) for shape in page["messages"]]

    async def search(self, principal: Principal, query: str, *, limit: int) -> list[SearchHit]:  # noqa: ARG002 - History's form
        """The newest match of each conversation: the API tells no more of them."""
        page = await self._http.json("GET", "/api/conversations", query={"q": query, "limit": min(limit, MAX_PAGE)})
        gate = asyncio.Semaphore(_AT_ONCE)
        return list(await asyncio.gather(*(self._hit(shape, gate) for shape in page["conversations"])))

    async def _hit(self, shape: dict[str, Any], gate: asyncio.Semaphore) -> SearchHit:
        """The match with its message, which the list cuts."""
        conversation, query = conversation_of(shape), {"limit": 1, "leaf_id": shape["match"]["message_id"]}
        async with gate:
            page = await self._http.json("GET", _path(conversation.id, "/messages"), query=query)
        return SearchHit(conversation=conversation, message=message_of(page["messages"][-1], conversation.id))

    async def rename(self, principal: Principal, conversation_id: str, title: str) -> Conversation:  # noqa: ARG002
        return await self._change(conversation_id, title=title)

    async def archive(self, principal: Principal, conversation_id: str, *, archived: bool = True) -> Conversation:  # noqa: ARG002
        return await self._change(conversation_id, archived=archived)

    async def set_tags(self, principal: Principal, conversation_id: str, tags: Iterable[str]) -> Conversation:  # noqa: ARG002
        return await self._change(conversation_id, tags=list(tags))

    async def keep(self, principal: Principal, conversation_id: str) -> Conversation:  # noqa: ARG002
        return await self._change(conversation_id, keep=True)

    async def switch(self, principal: Principal, conversation_id: str, message_id: str) -> Conversation:  # noqa: ARG002
        return await self._change(conversation_id, leaf_id=message_id)

    async def _change(self, conversation_id: str, **changes: Any) -> Conversation:
        return conversation_of(await self._http.json("PATCH", _path(conversation_id), changes))

    async def delete(self, principal: Principal, conversation_id: str) -> None:  # noqa: ARG002 - History's form
        await self._http.json("DELETE", _path(conversation_id))

    async def fork(self, principal: Principal, conversation_id: str, leaf_id: str | None = None) -> Conversation:  # noqa: ARG002
        body = {} if leaf_id is None else {"leaf_id": leaf_id}
        return conversation_of(await self._http.json("POST", _path(conversation_id, "/fork"), body))


def _path(conversation_id: str, more: str = "") -> str:
    return f"/api/conversations/{segment(conversation_id)}{more}"


def _cursor(*values: object) -> str:
    """As `api.cursors.written`."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
