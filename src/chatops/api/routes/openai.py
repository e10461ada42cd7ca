"""The OpenAI-compatible half: any client of Chat Completions, with our accounts, limits and budgets."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from chatops.api.completion_frames import CompletionFrames, completion
from chatops.api.completions import CompletionBody, turn_request
from chatops.api.keys import OFFERS, SILENCE
from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, encode, operation
from chatops.api.routes.chat import end
from chatops.api.shapes import Completion, OpenAIError, OpenAIModel, OpenAIModels
from chatops.engine.errors import ChatopsError, NotFoundError
from chatops.engine.events import TurnFinished

if TYPE_CHECKING:
    from chatops.engine.models import ModelSpec
    from chatops.engine.requests import Turn

TAG = "OpenAI"
CONVERSATION = "X-Conversation-Id"
ANSWER = Answer(
    says="The answer, or with `stream` its chunks as server-sent events.",
    shape=Completion,
    content_types=("text/event-stream",),
)


@operation(
    "POST",
    "/v1/chat/completions",
    summary="Chat completion",
    tag=TAG,
    body=CompletionBody,
    answers={200: ANSWER},
    errors=(400, 404, 409, 502),
    large=True,
    streams=True,
    error_shape=OpenAIError,
    headers={
        CONVERSATION: "Stores the turn in this conversation, which is begun when there is none.",
        "Idempotency-Key": "With a stored turn: the same key gives the same turn again.",
    },
)
async def complete(call: Call[Nothing, CompletionBody]) -> Reply:
    """The model is shown the messages that are sent. With `X-Conversation-Id` or `store` the question and the answer
    are stored; without, nothing is, and the answer ends when the client leaves.
    """
    call.streams.check_room()
    headers = call.request.headers
    request = turn_request(
        call.body,
        conversation_id=headers.get(CONVERSATION),
        client_id=headers.get("Idempotency-Key"),
        silence=call.request.config_dict[SILENCE],
    )
    turn = await call.tasks.finish(call.engine.start_turn(call.principal, request), "start a turn")
    try:
        return await (_stream if call.body.stream else _whole)(call, turn, stored=request.record)
    finally:
        if not request.record:
            await end(call, turn)


async def _stream(call: Call[Nothing, CompletionBody], turn: Turn, *, stored: bool) -> web.StreamResponse:
    engine, principal, message = call.engine, call.principal, turn.message
    model, created = f"{message.provider}:{message.model}", message.created_at // 1000
    frames = partial(CompletionFrames, turn.id, model, created, include_usage=call.body.include_usage)
    key = (principal.user_id, turn.id, f"completion {call.body.include_usage}")
    async with call.streams.open(key, lambda: engine.follow(principal, turn.id), frames) as broadcast:
        return await call.streams.respond(broadcast, call.request, _headers(turn, stored=stored))


async def _whole(call: Call[Nothing, CompletionBody], turn: Turn, *, stored: bool) -> web.StreamResponse:
    message = turn.message
    async with aclosing(call.engine.attach(call.principal, turn.id)) as records:
        async for _, event in records:
            if isinstance(event, TurnFinished):
                message = event.message
    body = completion(message, message.created_at // 1000)
    return web.json_response(body, headers=_headers(turn, stored=stored), dumps=encode)


def _headers(turn: Turn, *, stored: bool) -> dict[str, str]:
    return {CONVERSATION: turn.conversation.id, "X-Turn-Id": turn.id} if stored else {}


@operation(
    "GET",
    "/v1/models",
    summary="Models that can be asked",
    tag=TAG,
    answers={200: Answer(says="What the configured providers offer.", shape=OpenAIModels)},
    error_shape=OpenAIError,
)
async def models(call: Call[Nothing, Nothing]) -> Reply:
    call.principal.require("chat")
    found = await call.request.config_dict[OFFERS].models()
    return {"object": "list", "data": [_model(spec) for spec in found]}


@operation(
    "GET",
    "/v1/models/{id}",
    summary="One model",
    tag=TAG,
    answers={200: Answer(says="The model.", shape=OpenAIModel)},
    errors=(404,),
    error_shape=OpenAIError,
)
async def model(call: Call[Nothing, Nothing]) -> Reply:
    call.principal.require("chat")
    try:
        return _model(call.engine.catalog.resolve(call.path("id")))
    except ChatopsError as error:
        raise NotFoundError(error.message, code="model_not_found") from None


def _model(spec: ModelSpec) -> Json:
    return {"id": spec.id, "object": "model", "created": 0, "owned_by": spec.provider}


OPERATIONS: tuple[Operation[Any, Any], ...] = (complete, models, model)
