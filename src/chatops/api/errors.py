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
    "model_not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "request_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "conflict": HTTPStatus.CONFLICT,
    "other_settings": HTTPStatus.SERVICE_UNAVAILABLE,
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


class OtherSettingsError(ChatopsError):
    """A program of this machine looks for a server with its own settings, and this one has others."""

    code = "other_settings"


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


_OPENAI_CODES = {
    "unauthenticated": "invalid_api_key",
    "rate_limited": "rate_limit_exceeded",
    "budget_exceeded": "insufficient_quota",
    "provider_model_missing": "model_not_found",
}
"""Where OpenAI has a word of its own for it (platform.openai.com/docs/guides/error-codes)."""
_OPENAI_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


def openai_status(error: ChatopsError) -> HTTPStatus:
    """As `status_of`; what is wrong with a request is 400 there."""
    status = status_of(error)
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status


def openai_body(error: ChatopsError) -> dict[str, object]:
    """`{"error": {"message", "type", "param", "code"}}`, which OpenAI's clients read."""
    status = openai_status(error)
    kind = (
        "server_error"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else _OPENAI_TYPES.get(status, "invalid_request_error")
    )
    code = _OPENAI_CODES.get(error.code, error.code)
    return {"error": {"message": error.message, "type": kind, "param": None, "code": code}}


_PLAIN = {
    HTTPStatus.NOT_FOUND: ("not_found", "there is nothing at {path}: /docs lists what there is"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "{path} does not take {method}: /docs lists what there is"),
}


def from_framework(error: web.HTTPException, request: web.Request) -> ChatopsError:
    """The error for one that aiohttp raised before a handler of ours was reached."""
    code, sentence = _PLAIN.get(HTTPStatus(error.status), ("invalid_request", "the request cannot be understood"))
    return ChatopsError(sentence.format(path=request.path[:200], method=request.method), code=code)
