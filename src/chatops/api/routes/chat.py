"""Turns: start one, read it along, stop it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatops.api.frames import UIFrames, frames_had
from chatops.api.keys import SILENCE
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.api.payloads import ChatBody, turn_request
from chatops.api.routes.conversations import FORBID
from chatops.api.shapes import Stopped
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.events import Event, TurnFinished, TurnStarted
from chatops.engine.messages import Conversation, Message
from chatops.engine.requests import Turn, named_id

if TYPE_CHECKING:
    from aiohttp import web

STREAM = Answer(
    says="The turn as an AI SDK UI message stream, version 1; each event's id is for Last-Event-ID.",
    content_types=("text/event-stream",),
)
_DIALECT = {"x-vercel-ai-ui-message-stream": "v1"}


@operation(
    "POST",
    "/api/chat",
    summary="Start a turn and read its answer",
    tag="Chat",
    body=ChatBody,
    answers={200: STREAM},
    errors=(404, 409),
    large=True,
    form=True,
    streams=True,
)
async def start(call: Call[Nothing, ChatBody]) -> Reply:
    """The turn belongs to the server: it goes on when this connection ends, and can be read again from
    `GET /api/chat/{conversation_id}/stream`. The same `client_id` (or message id) gives the same turn again. One that
    is not stored ends with its connection.
    """
    call.streams.check_room()
    request = turn_request(call.body, call.request.config_dict[SILENCE])
    turn = await call.tasks.finish(call.engine.start_turn(call.principal, request), "start a turn")
    try:
        return await _stream(call.request, call, turn)
    except NotFoundError:
        return await _again(call, turn)
    finally:
        if not request.record:
            await end(call, turn)


async def _stream(request: web.Request, call: Call[Nothing, ChatBody], turn: Turn) -> web.StreamResponse:
    engine, principal = call.engine, call.principal
    headers = {**_DIALECT, "X-Conversation-Id": turn.conversation.id, "X-Turn-Id": turn.id}
    key = (principal.user_id, turn.id, "ui")
    async with call.streams.open(
        key, lambda: engine.follow(principal, turn.id), lambda: UIFrames(turn.id)
    ) as broadcast:
        return await call.streams.respond(broadcast, request, headers)


@operation(
    "GET",
    "/api/chat/{conversation_id}/stream",
    summary="Read a running turn along",
    tag="Chat",
    answers={200: STREAM, 204: Answer(says="No turn runs, or ended within the last minutes.")},
    errors=(404,),
    streams=True,
    headers={"Last-Event-ID": "The id of the last event that the client has had: only what follows it is sent."},
)
async def attach(call: Call[Nothing, Nothing]) -> Reply:
    """All of the turn from its first event, then what comes. With the header `Last-Event-ID` only what follows that
    event. A turn that ended stays readable for some minutes.
    """
    engine, principal = call.engine, call.principal
    turn_id = await engine.latest(principal, call.path("conversation_id"))
    had = frames_had(call.request.headers.get("Last-Event-ID", ""), turn_id)
    key = (principal.user_id, turn_id, "ui")
    try:
        async with call.streams.open(
            key, lambda: engine.follow(principal, turn_id), lambda: UIFrames(turn_id)
        ) as broadcast:
            if broadcast.done and had >= broadcast.count:
                return None
            return await call.streams.respond(broadcast, call.request, {**_DIALECT, "X-Turn-Id": turn_id}, had=had)
    except NotFoundError:
        return None


async def end(call: Call[Any, Any], turn: Turn) -> None:
    """Stops a turn that nobody can read any more: it is not stored, and its client has gone."""
    with suppress(NotFoundError):
        await call.tasks.finish(call.engine.stop(call.principal, turn.id), "stop a turn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """`client_id`: of the turn to stop, also when its client has not heard yet that it began; none: the one that
    runs in the conversation.
    """

    __pydantic_config__ = FORBID

    client_id: str | None = None


@operation(
    "POST",
    "/api/chat/{conversation_id}/stop",
    summary="Stop the running turn",
    tag="Chat",
    body=Stop,
    answers={200: Answer(says="What was stopped.", shape=Stopped)},
    errors=(404,),
)
async def stop(call: Call[Nothing, Stop]) -> Reply:
    """What there is of the answer is stored before this returns, and can be continued."""
    name = call.body.client_id
    if name is None:
        turn_id = await call.engine.latest(call.principal, call.path("conversation_id"))
    else:
        turn_id = named_id(call.principal.user_id, name)
    try:
        stopped = await call.engine.stop(call.principal, turn_id)
    except NotFoundError:  # it ended long ago
        stopped = False
    return {"turn_id": turn_id, "stopped": stopped}


async def _again(call: Call[Nothing, ChatBody], turn: Turn) -> web.StreamResponse:
    """A turn that was asked for again when its events are no longer kept: its answer in one piece."""
    if turn.message.status == "streaming":
        raise ConflictError("this turn is being answered by another process; read the conversation in a moment")
    key = (call.principal.user_id, turn.id, "stored")
    headers = {**_DIALECT, "X-Conversation-Id": turn.conversation.id, "X-Turn-Id": turn.id}
    async with call.streams.open(
        key, lambda: _stored(turn.conversation, turn.message), lambda: UIFrames(turn.id, numbered=False)
    ) as broadcast:
        return await call.streams.respond(broadcast, call.request, headers)


async def _stored(conversation: Conversation, message: Message) -> AsyncGenerator[Sequence[Event], None]:
    yield [TurnStarted(conversation, message), TurnFinished(message)]


OPERATIONS: tuple[Operation[Any, Any], ...] = (start, attach, stop)
