"""A person's conversations: lists, search, changes, forks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chatops.api import cursors
from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.shapes import Conversations, Messages, OneConversation
from chatops.engine.codec import conversation_json, message_json
from chatops.engine.messages import Conversation, SearchHit
from chatops.engine.search import excerpt

TAG = "Conversations"
Limit = Annotated[int, Field(ge=1, le=200)]
FORBID = ConfigDict(extra="forbid")
MATCH_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """`q` finds conversations by the words of their messages, newest match first, in one page."""

    __pydantic_config__ = FORBID

    cursor: str | None = None
    limit: Limit = 50
    q: str | None = None
    archived: Literal["true", "false", "any"] = "false"
    tag: str | None = None


@operation(
    "GET",
    "/api/conversations",
    summary="List or search conversations",
    tag=TAG,
    query=ListQuery,
    answers={200: Answer(says="A page, newest update first.", shape=Conversations)},
)
async def listed(call: Call[ListQuery, Nothing]) -> Reply:
    """A cursor stays right whatever is added meanwhile. A search looks at all conversations, archived ones too."""
    if call.query.q is not None:
        return await _search(call, call.query.q)
    query = call.query
    before = None
    if query.cursor is not None:
        updated_at, id_ = cursors.read(query.cursor, int, str)
        before = Conversation(
            id=str(id_), owner_id=call.principal.user_id, title="", created_at=0, updated_at=int(updated_at)
        )
    archived = {"true": True, "false": False, "any": None}[query.archived]
    page = await call.engine.history.conversations(
        call.principal, limit=query.limit + 1, before=before, archived=archived, tag=query.tag
    )
    reply: Json = {"conversations": [conversation_json(one) for one in page[: query.limit]]}
    if len(page) > query.limit:
        last = page[query.limit - 1]
        reply["next_cursor"] = cursors.written(last.updated_at, last.id)
    return reply


async def _search(call: Call[ListQuery, Nothing], words: str) -> Json:
    hits = await call.engine.history.search(call.principal, words, limit=200)
    newest: dict[str, SearchHit] = {}
    for hit in hits:
        newest.setdefault(hit.conversation.id, hit)
    return {"conversations": [_found(hit, words) for hit in list(newest.values())[: call.query.limit]]}


def _found(hit: SearchHit, words: str) -> Json:
    message = hit.message
    match = {"message_id": message.id, "role": message.role, "text": excerpt(message.text, words, MATCH_CHARS)}
    return {**conversation_json(hit.conversation), "match": match}


ONE = {200: Answer(says="The conversation.", shape=OneConversation)}


def with_leaf(conversation: Conversation) -> Json:
    """One conversation with the end of its active branch, which is the place where it goes on."""
    leaf = {} if conversation.leaf_id is None else {"leaf_id": conversation.leaf_id}
    return {**conversation_json(conversation), **leaf}


@operation("GET", "/api/conversations/{id}", summary="One conversation", tag=TAG, answers=ONE, errors=(404,))
async def one(call: Call[Nothing, Nothing]) -> Reply:
    return with_leaf(await call.engine.history.named(call.principal, call.path("id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is absent stays as it is. `keep` makes a temporary conversation one that stays; `leaf_id` is the message at
    whose branch the conversation goes on.
    """

    __pydantic_config__ = FORBID

    title: str | None = None
    archived: bool | None = None
    tags: tuple[str, ...] | None = None
    keep: Literal[True] | None = None
    leaf_id: str | None = None


@operation(
    "PATCH",
    "/api/conversations/{id}",
    summary="Rename, archive, tag, keep, switch the branch",
    tag=TAG,
    body=Changes,
    answers=ONE,
    errors=(404,),
)
async def change(call: Call[Nothing, Changes]) -> Reply:
    history, principal, changes = call.engine.history, call.principal, call.body
    id_ = call.path("id")
    conversation = await history.named(principal, id_)
    if changes.title is not None:
        conversation = await history.rename(principal, id_, changes.title)
    if changes.tags is not None:
        conversation = await history.set_tags(principal, id_, changes.tags)
    if changes.leaf_id is not None:
        conversation = await history.switch(principal, id_, changes.leaf_id)
    if changes.keep:
        conversation = await history.keep(principal, id_)
    if changes.archived is not None:
        conversation = await history.archive(principal, id_, archived=changes.archived)
    return with_leaf(conversation)


@operation(
    "DELETE",
    "/api/conversations/{id}",
    summary="Delete a conversation",
    tag=TAG,
    answers={204: Answer(says="It is gone.")},
    errors=(404,),
)
async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """With all its messages. A turn that runs there ends."""
    await call.engine.history.delete(call.principal, call.path("id"))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """`leaf_id`: the message at which the copied branch ends; none: the active branch."""

    __pydantic_config__ = FORBID

    leaf_id: str | None = None


@operation(
    "POST",
    "/api/conversations/{id}/fork",
    summary="Copy a branch into a new conversation",
    tag=TAG,
    body=Fork,
    answers={201: Answer(says="The new conversation.", shape=OneConversation)},
    errors=(404,),
)
async def fork(call: Call[Nothing, Fork]) -> Reply:
    copy = await call.engine.history.fork(call.principal, call.path("id"), call.body.leaf_id)
    return with_leaf(copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesQuery:
    """`branch=active` reads the active branch (or the one that ends at `leaf_id`) back from its end, each page oldest
    first; `branch=all` reads the whole tree, oldest first, or with `order=newest` from its newest message back.
    """

    __pydantic_config__ = FORBID

    cursor: str | None = None
    limit: Limit = 50
    branch: Literal["active", "all"] = "active"
    order: Literal["oldest", "newest"] = "oldest"
    leaf_id: str | None = None


@operation(
    "GET",
    "/api/conversations/{id}/messages",
    summary="Messages of a conversation, by pages",
    tag=TAG,
    query=MessagesQuery,
    answers={200: Answer(says="A page.", shape=Messages)},
    errors=(404,),
)
async def messages(call: Call[MessagesQuery, Nothing]) -> Reply:
    conversation = await call.engine.history.named(call.principal, call.path("id"))
    if call.query.branch == "all":
        return await (_latest if call.query.order == "newest" else _tree)(call, conversation)
    query = call.query
    leaf = query.leaf_id if query.cursor is None else str(cursors.read(query.cursor, str)[0])
    page = await call.engine.history.recent(call.principal, conversation, limit=query.limit, leaf_id=leaf)
    reply: Json = {"messages": [message_json(message) for message in page]}
    if page and page[0].parent_id is not None:
        reply["next_cursor"] = cursors.written(page[0].parent_id)
    return reply


async def _latest(call: Call[MessagesQuery, Nothing], conversation: Conversation) -> Json:
    query = call.query
    before = None if query.cursor is None else str(cursors.read(query.cursor, str)[0])
    page = await call.engine.history.latest(call.principal, conversation, before=before, limit=query.limit)
    reply: Json = {"messages": [message_json(message) for message in page]}
    if conversation.leaf_id is not None:
        reply["leaf_id"] = conversation.leaf_id
    if page and page[-1].seq > 1:
        reply["next_cursor"] = cursors.written(page[-1].id)
    return reply


async def _tree(call: Call[MessagesQuery, Nothing], conversation: Conversation) -> Json:
    query = call.query
    seq = 0 if query.cursor is None else int(cursors.read(query.cursor, int)[0])
    page = await call.engine.history.every_message(call.principal, conversation, after_seq=seq, limit=query.limit + 1)
    reply: Json = {"messages": [message_json(message) for message in page[: query.limit]]}
    if len(page) > query.limit:
        reply["next_cursor"] = cursors.written(page[query.limit - 1].seq)
    return reply


OPERATIONS: tuple[Operation[Any, Any], ...] = (listed, one, change, delete, fork, messages)
