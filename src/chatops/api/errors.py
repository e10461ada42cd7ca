"""Errors as HTTP: the one table from error codes to statuses, and the one shape of an error's body."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

from chatops.engine.errors import ChatopsError, InvalidRequestError

if TYPE_CHECKING:
    from aiohttp import web

STATUSES = {
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "permission_denied": HTTPStatus.FORBIDDEN,
    "invalid_request": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "request_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "conflict": HTTPStatus.CONFLICT,
    "stopped": HTTPStatus.CONFLICT,
    "abandoned": HTTPStatus.CONFLICT,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "budget_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "provider_rate_limited": HTTPStatus.SERVICE_UNAVAILABLE,
    "provider_error": HTTPStatus.BAD_GATEWAY,
    "provider_unavailable": HTTPStatus.BAD_GATEWAY,
    "provider_unreachable": HTTPStatus.BAD_GATEWAY,
    "provider_stream_cut": HTTPStatus.BAD_GATEWAY,
    "provider_rejected": HTTPStatus.BAD_GATEWAY,
    "provider_credentials": HTTPStatus.BAD_GATEWAY,
    "provider_model_missing": HTTPStatus.BAD_GATEWAY,
    "shutdown": HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "invalid_settings": HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""For every code of `engine.errors`, and those that HTTP adds."""

RETRY_SECONDS = {"shutdown": 5, "overloaded": 2, "store_unavailable": 5}
"""When to come back, where the error itself does not tell."""


class OverloadedError(ChatopsError):
    """The server holds as much as it may; some other time."""

    code = "overloaded"


class BadBodyError(InvalidRequestError):
    """A body that is not read at all: too large, too slow, or of a wrong kind. The connection ends with it."""


def status_of(error: ChatopsError) -> HTTPStatus:
    return STATUSES.get(error.code) or STATUSES.get(type(error).code, HTTPStatus.INTERNAL_SERVER_ERROR)


def retry_after(error: ChatopsError) -> int | None:
    """Whole seconds, never too few; None when waiting is not known to help."""
    told: float | None = getattr(error, "retry_after", None)
    return RETRY_SECONDS.get(error.code) if told is None else max(1, math.ceil(told))


def error_headers(error: ChatopsError) -> dict[str, str]:
    headers: dict[str, str] = {}
    wait = retry_after(error)
    if wait is not None and status_of(error) in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(wait)
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="chatops"'
    return headers


def error_body(error: ChatopsError, request_id: str) -> dict[str, object]:
    """`{"error": {"code", "message", "retry_after"?, "request_id"}}`."""
    shape: dict[str, object] = {"code": error.code, "message": error.message}
    wait = retry_after(error)
    if wait is not None:
        shape["retry_after"] = wait
    return {"error": {**shape, "request_id": request_id}}


_PLAIN = {
    HTTPStatus.NOT_FOUND: ("not_found", "there is nothing at {path}: /docs lists what there is"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "{path} does not take {method}: /docs lists what there is"),
}


def from_framework(error: web.HTTPException, request: web.Request) -> ChatopsError:
    """The error for one that aiohttp raised before a handler of ours was reached."""
    code, sentence = _PLAIN.get(HTTPStatus(error.status), ("invalid_request", "the request cannot be understood"))
    return ChatopsError(sentence.format(path=request.path[:200], method=request.method), code=code)
