"""Around every request: its id, one shape for every error, headers that keep browsers from harm, a line in the log."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from chatops import logs
from chatops.api.cors import add_origin
from chatops.api.errors import (
    BadBodyError,
    error_body,
    error_headers,
    from_framework,
    openai_body,
    openai_status,
    status_of,
)
from chatops.api.keys import ADDRESS, ERROR_CODE, METRICS, ORIGINS, PRINCIPAL, REQUEST_ID
from chatops.api.operations import encode
from chatops.engine.errors import ChatopsError
from chatops.engine.ids import new_id

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

REQUEST_ID_HEADER = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
"""Pages of ours replace the last one (OWASP Secure Headers, REST Security cheat sheet)."""

log = logging.getLogger(__name__)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the request an id, the client's own where it has sent a sane one; logs how it ended."""
    told = request.headers.get(REQUEST_ID_HEADER, "")
    request[REQUEST_ID] = told if _ID.fullmatch(told) else new_id()
    begun = time.perf_counter()
    status = 499  # nginx's number for a client that left before its answer
    logs.name(request_id=request[REQUEST_ID])  # a request has its task to itself
    try:
        response = await handler(request)
        status = response.status
    finally:
        _report(request, status, time.perf_counter() - begun)
    return response


def _report(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else None
    method = request.method if route is not None else "any"
    request.config_dict[METRICS].request(method, route or "none", status, request.get(ERROR_CODE))
    if not log.isEnabledFor(logging.INFO):
        return
    principal = request.get(PRINCIPAL)
    figures = {
        "request_id": request[REQUEST_ID],
        "method": request.method,
        "route": route,
        "status": status,
        "duration_ms": round(seconds * 1000),
        "client": request.config_dict[ADDRESS].of(request),
        "principal_id": principal.user_id if principal else None,
        "error": request.get(ERROR_CODE),
    }
    log.info("request", extra={"figures": figures})


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error, expected or not, leaves in the one shape; what is a defect is told no more than that it is one."""
    try:
        return await handler(request)
    except ChatopsError as error:
        failure = error
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirect
            raise
        failure = from_framework(error, request)
    except ConnectionError:
        raise
    except Exception:
        log.exception("request %s failed", request[REQUEST_ID])
        failure = ChatopsError("chatops failed inside; its log has the details under this request's id")
    return error_response(request, failure)


def error_response(request: web.Request, failure: ChatopsError) -> web.Response:
    request[ERROR_CODE] = failure.code
    openai = request.path.startswith("/v1/")
    response = web.json_response(
        openai_body(failure) if openai else error_body(failure, request[REQUEST_ID]),
        status=openai_status(failure) if openai else status_of(failure),
        headers=error_headers(failure),
        dumps=encode,
    )
    if isinstance(failure, BadBodyError):
        response.force_close()  # what is left of the body is not worth reading
    return response


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every response, when its headers are about to leave."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers.pop(hdrs.SERVER, None)
    add_origin(request.config_dict[ORIGINS], request, response)
    if REQUEST_ID in request:
        response.headers[REQUEST_ID_HEADER] = request[REQUEST_ID]
