"""A conversation as a tree, and as what the next call of a model would be sent of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.routes.conversations import FORBID, TAG
from chatops.api.tree_shapes import Branches, Context
from chatops.engine.branches import Branch
from chatops.engine.codec import message_json
from chatops.engine.inspection import ContextView
from chatops.engine.messages import Message, Sampling
from chatops.engine.requests import TurnRequest

EXCERPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchesQuery:
    __pydantic_config__ = FORBID

    limit: Annotated[int, Field(ge=1, le=100)] = 30


@operation(
    "GET",
    "/api/conversations/{id}/branches",
    summary="The branches of a conversation",
    tag=TAG,
    query=BranchesQuery,
    answers={200: Answer(says="Those whose ends are newest, newest first.", shape=Branches)},
    errors=(404,),
)
async def branches(call: Call[BranchesQuery, Nothing]) -> Reply:
    """Edits and second answers make them. `PATCH /api/conversations/{id}` with `leaf_id` goes to another one's end."""
    history = call.engine.history
    conversation = await history.named(call.principal, call.path("id"))
    found = await history.branches(call.principal, conversation, limit=call.query.limit)
    return {"branches": [_branch(one) for one in found]}


def _branch(branch: Branch) -> Json:
    return {"end": message_json(branch.end), "start": message_json(branch.start), "length": branch.length}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextBody:
    """The next turn without its text, as in `POST /api/chat`.

    Attributes:
        id: The conversation; none: one that has not begun.
        leaf_id: The message at which the branch ends; none: the active one's end.
        count_all: Count also the messages that would not be sent.
    """

    __pydantic_config__ = FORBID

    id: str | None = None
    model: str | None = None
    system: str | None = None
    max_tokens: int | None = None
    leaf_id: str | None = None
    count_all: bool = False


@operation(
    "POST",
    "/api/context",
    summary="What the next call of a model would be sent",
    tag=TAG,
    body=ContextBody,
    answers={200: Answer(says="The window, part by part.", shape=Context)},
    errors=(404,),
    large=True,
)
async def context(call: Call[Nothing, ContextBody]) -> Reply:
    """Nothing is sent or stored. Sizes are tokens, as the server counts them; texts are cut."""
    body = call.body
    request = TurnRequest(
        conversation_id=body.id,
        model=body.model,
        system=body.system,
        sampling=Sampling(max_tokens=body.max_tokens),
        message_id=body.leaf_id,
    )
    return _context(await call.engine.context(call.principal, request, count_all=body.count_all))


def _context(view: ContextView) -> Json:
    shape: Json = {
        "model": view.model,
        "window": view.window,
        "is_known": view.is_known,
        "reserve": view.reserve,
        "system": view.system,
        "used": view.used,
        "left": view.left,
        "is_cut": view.is_cut,
        "messages": [_sent(message) for message in view.messages],
    }
    if view.passed_over is not None:
        messages, tokens = view.passed_over
        shape["passed_over"] = {"messages": messages, "tokens": tokens}
    return shape


def _sent(message: Message) -> Json:
    shape = message_json(message)
    return {
        "id": message.id,
        "role": message.role,
        "tokens": message.tokens,
        "text": message.text[:EXCERPT],
        "created_at": shape["created_at"],
        "files": [file.name for file in message.files],
    }


OPERATIONS: tuple[Operation[Any, Any], ...] = (branches, context)
