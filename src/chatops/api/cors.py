"""Pages of other origins: none, but for those that the settings name (fetch.spec.whatwg.org, CORS protocol)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

_METHODS = "GET, POST, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Last-Event-ID, X-Conversation-Id, X-Request-Id"
_EXPOSED = "Retry-After, X-Conversation-Id, X-Request-Id, X-Turn-Id, x-vercel-ai-ui-message-stream"
_MAX_AGE = "600"


def allowing(origins: Iterable[str]) -> Middleware:
    """A middleware that lets pages of these origins ask with a token. Cookies are never allowed along."""
    allowed = frozenset(origins)

    @web.middleware
    async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin in allowed and request.method == "OPTIONS":
            headers = {
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _HEADERS,
                hdrs.ACCESS_CONTROL_MAX_AGE: _MAX_AGE,
            }
            return web.Response(status=204, headers=headers)
        return await handler(request)

    return cors


def add_origin(origins: frozenset[str], request: web.Request, response: web.StreamResponse) -> None:
    """Tells a browser that the page that asked may read the answer."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    if origins:
        response.headers[hdrs.VARY] = hdrs.ORIGIN
    if origin in origins:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
