"""One operation of the API: what it takes, what it answers, and the path that every request to it goes.

A declaration is the one source: the router, the checks of body and query, and the OpenAPI document are made from it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web

from chatops import logs
from chatops.api.addresses import is_owner
from chatops.api.bodies import parse, parse_query, read_body
from chatops.api.keys import ACCESS, ADDRESS, BOUNDS, ENGINE, LIMITS, PRINCIPAL, STREAMS, TASKS
from chatops.api.ports import NoLimits
from chatops.api.shapes import Error
from chatops.api.stream import Streams
from chatops.api.tasks import Tasks
from chatops.engine.errors import AuthenticationError
from chatops.engine.messages import Principal
from chatops.engine.service import Engine

Q = TypeVar("Q")
B = TypeVar("B")
Json = dict[str, Any]
Reply = web.StreamResponse | Json | list[Json] | None
"""What a handler returns: JSON to send with the operation's first status; None is 204."""

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Nothing:
    """No query, or no body."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request to an operation, checked."""

    request: web.Request
    query: Q
    body: B

    @property
    def engine(self) -> Engine:
        return self.request.config_dict[ENGINE]

    @property
    def principal(self) -> Principal:
        return self.request[PRINCIPAL]

    @property
    def streams(self) -> Streams:
        return self.request.config_dict[STREAMS]

    @property
    def tasks(self) -> Tasks:
        return self.request.config_dict[TASKS]

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of an operation: JSON of a `shape`, or other content types."""

    says: str
    shape: Any = None
    content_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Q, B]):
    """As declared by `operation`."""

    method: str
    path: str
    summary: str
    tag: str
    handler: Callable[[Call[Q, B]], Awaitable[Reply]]
    query: type[Q]
    body: type[B]
    answers: Mapping[int, Answer]
    errors: tuple[int, ...]
    account: bool
    large: bool
    form: bool
    streams: bool
    upload: tuple[str, ...]
    headers: Mapping[str, str]
    error_shape: Any
    about: str

    @property
    def name(self) -> str:
        return getattr(self.handler, "__name__", "")

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """The path of a request: who asks, how often, what exactly; then the handler."""
        await self._admit(request)
        query: Any = Nothing() if self.query is Nothing else parse_query(self.query, request)
        body: Any = Nothing() if self.body is Nothing else await self._body(request)
        call = Call(request, query, body)
        if self.method == "GET" or self.streams:
            return self._response(await self.handler(call))
        # What changes something is done to its end, whether its client waits or has gone.
        return self._response(await call.tasks.finish(_run(self.handler, call), self.name))

    async def _admit(self, request: web.Request) -> None:
        access, limits = request.config_dict[ACCESS], request.config_dict[LIMITS]
        if is_owner(request):  # who has the database itself is not slowed down on the way to it
            limits = NoLimits()
        address = request.config_dict[ADDRESS].of(request)
        if not self.account:
            access.check_origin(request)
            limits.check_address(address)
            return
        try:
            principal = await access.principal(request)
        except AuthenticationError:
            limits.check_address(address)  # whoever guesses is slowed down
            raise
        limits.check_request(principal)
        request[PRINCIPAL] = principal
        logs.name(principal_id=principal.user_id)

    async def _body(self, request: web.Request) -> B:
        bounds = request.config_dict[BOUNDS]
        most = bounds.body if self.large else bounds.small_body
        return parse(self.body, await read_body(request, most=most, seconds=bounds.body_seconds), request.content_type)

    def _response(self, reply: Reply) -> web.StreamResponse:
        if isinstance(reply, web.StreamResponse):
            return reply
        if reply is None:
            return web.Response(status=204)
        return web.json_response(reply, status=next(iter(self.answers)), dumps=encode)


async def _run(handler: Callable[[Call[Q, B]], Awaitable[Reply]], call: Call[Q, B]) -> Reply:
    return await handler(call)


def operation(
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    path: str,
    *,
    summary: str,
    tag: str,
    answers: Mapping[int, Answer],
    query: type[Q] = Nothing,  # type: ignore[assignment]  # the default of a type variable
    body: type[B] = Nothing,  # type: ignore[assignment]  # likewise
    errors: tuple[int, ...] = (),
    account: bool = True,
    large: bool = False,
    form: bool = False,
    streams: bool = False,
    upload: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    error_shape: Any = Error,
) -> Callable[[Callable[[Call[Q, B]], Awaitable[Reply]]], Operation[Q, B]]:
    """Declares what the decorated handler serves.

    Args:
        method: The HTTP method.
        path: With `{name}` for parameters.
        summary: One line for the document.
        tag: Its chapter there.
        answers: By status; a handler's plain JSON goes out with the first.
        query: The shape of the query, a frozen dataclass.
        body: Likewise of the body.
        errors: Statuses of errors beyond those that follow from the other arguments.
        account: Whether somebody must be behind it.
        large: Whether attachments may be in the body.
        streams: Whether it answers as things come: then it ends when its client leaves.
        upload: Content types of a body that the handler reads itself.
        form: Whether a form does for a body, as `curl -d` sends it.
        headers: Request headers that mean something here, and what.
        error_shape: Of errors, where it is not ours.
    """

    def declare(handler: Callable[[Call[Q, B]], Awaitable[Reply]]) -> Operation[Q, B]:
        return Operation(
            method=method,
            path=path,
            summary=summary,
            tag=tag,
            handler=handler,
            query=query,
            body=body,
            answers=answers,
            errors=errors,
            account=account,
            large=large,
            form=form,
            streams=streams,
            upload=upload,
            headers=headers or {},
            error_shape=error_shape,
            about=(handler.__doc__ or "").strip(),
        )

    return declare
