"""Messages by their words, and conversations by the beginnings of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.routes.conversations import FORBID, TAG, Limit, with_leaf
from chatops.api.shapes import OneConversation
from chatops.api.tree_shapes import Hits
from chatops.engine.codec import conversation_json, message_json
from chatops.engine.messages import SearchHit


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """`q`: every word must occur in a message."""

    __pydantic_config__ = FORBID

    q: str
    limit: Limit = 20


@operation(
    "GET",
    "/api/search",
    summary="Search messages",
    tag=TAG,
    query=SearchQuery,
    answers={200: Answer(says="Messages that hold all the words, newest first.", shape=Hits)},
)
async def search(call: Call[SearchQuery, Nothing]) -> Reply:
    """`GET /api/conversations?q=` finds conversations instead, each once."""
    hits = await call.engine.history.search(call.principal, call.query.q, limit=call.query.limit)
    return {"hits": [_hit(hit) for hit in hits]}


def _hit(hit: SearchHit) -> Json:
    return {"conversation": conversation_json(hit.conversation), "message": message_json(hit.message)}


@operation(
    "GET",
    "/api/find/{beginning}",
    summary="The conversation whose id begins so",
    tag=TAG,
    answers={200: Answer(says="The one that there is.", shape=OneConversation)},
    errors=(404,),
)
async def find(call: Call[Nothing, Nothing]) -> Reply:
    """Four characters or more; it must fit one conversation only."""
    return with_leaf(await call.engine.history.conversation(call.principal, call.path("beginning")))


OPERATIONS: tuple[Operation[Any, Any], ...] = (search, find)
