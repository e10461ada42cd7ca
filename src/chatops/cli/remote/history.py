"""A person's conversations on a server: `engine.history.History` over the HTTP API."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from chatops.cli.remote.http import Http, segment
from chatops.cli.remote.shapes import conversation_of, message_of
from chatops.engine.branches import Branch
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Conversation, Message, Principal, SearchHit

MAX_PAGE = 200
"""As `engine.history.MAX_PAGE`, which is what the API takes."""


class RemoteHistory:
    """The methods of `History` with their errors. The principal is not used: the credentials say who asks."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def conversation(self, principal: Principal, ref: str) -> Conversation:
        """By its id, or by a unique beginning."""
        if not ref:
            raise InvalidRequestError("the conversation's id is empty")
        return conversation_of(await self._http.json("GET", f"/api/find/{segment(ref)}"))

    async def named(self, principal: Principal, conversation_id: str) -> Conversation:
        return conversation_of(await self._http.json("GET", _path(conversation_id)))

    async def conversations(
        self,
        principal: Principal,
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

    async def branch(self, principal: Principal, conversation: Conversation) -> AsyncGenerator[Message, None]:
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
        principal: Principal,
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

    async def search(self, principal: Principal, query: str, *, limit: int) -> list[SearchHit]:
        found = await self._http.json("GET", "/api/search", query={"q": query, "limit": min(limit, MAX_PAGE)})
        return [_hit(shape) for shape in found["hits"]]

    async def branches(self, principal: Principal, conversation: Conversation, *, limit: int) -> list[Branch]:
        found = await self._http.json("GET", _path(conversation.id, "/branches"), query={"limit": limit})
        return [
            Branch(
                end=message_of(shape["end"], conversation.id),
                start=message_of(shape["start"], conversation.id),
                length=shape["length"],
            )
            for shape in found["branches"]
        ]

    async def rename(self, principal: Principal, conversation_id: str, title: str) -> Conversation:
        return await self._change(conversation_id, title=title)

    async def archive(self, principal: Principal, conversation_id: str, *, archived: bool = True) -> Conversation:
        return await self._change(conversation_id, archived=archived)

    async def set_tags(self, principal: Principal, conversation_id: str, tags: Iterable[str]) -> Conversation:
        return await self._change(conversation_id, tags=list(tags))

    async def keep(self, principal: Principal, conversation_id: str) -> Conversation:
        return await self._change(conversation_id, keep=True)

    async def switch(self, principal: Principal, conversation_id: str, message_id: str) -> Conversation:
        return await self._change(conversation_id, leaf_id=message_id)

    async def _change(self, conversation_id: str, **changes: Any) -> Conversation:
        return conversation_of(await self._http.json("PATCH", _path(conversation_id), changes))

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        await self._http.json("DELETE", _path(conversation_id))

    async def fork(self, principal: Principal, conversation_id: str, leaf_id: str | None = None) -> Conversation:
        body = {} if leaf_id is None else {"leaf_id": leaf_id}
        return conversation_of(await self._http.json("POST", _path(conversation_id, "/fork"), body))


def _hit(shape: dict[str, Any]) -> SearchHit:
    conversation = conversation_of(shape["conversation"])
    return SearchHit(conversation=conversation, message=message_of(shape["message"], conversation.id))


def _path(conversation_id: str, more: str = "") -> str:
    return f"/api/conversations/{segment(conversation_id)}{more}"


def _cursor(*values: object) -> str:
    """As `api.cursors.written`."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
