"""A span around each HTTP request, below the caller's own trace where it names one (w3.org/TR/trace-context).

Attributes: OpenTelemetry's semantic conventions for HTTP servers. Probes and scrapes leave none: they are most requests
of an idle server, and tell nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chatops import logs
from chatops.api.keys import ADDRESS, ERROR_CODE, PRINCIPAL, REQUEST_ID

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

_UNTRACED = frozenset({"/livez", "/readyz", "/metrics"})
_FAILED = 500


def tracing(tracer: Tracer) -> Middleware:
    """A middleware for inside `identify`, whose id the span has; the request's log lines get the trace's."""
    propagator = TraceContextTextMapPropagator()

    @web.middleware
    async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else None
        if route in _UNTRACED:
            return await handler(request)
        with tracer.start_as_current_span(
            f"{request.method} {route}" if route else request.method,
            context=propagator.extract({name.lower(): value for name, value in request.headers.items()}),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "chatops.request.id": request[REQUEST_ID]},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            logs.name(trace_id=f"{span.get_span_context().trace_id:032x}")
            span.set_attribute("client.address", request.config_dict[ADDRESS].of(request))
            if route:
                span.set_attribute("http.route", route)
            response = await handler(request)
            _ended(span, request, response.status)
            return response

    return trace


def _ended(span: Span, request: web.Request, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if (principal := request.get(PRINCIPAL)) is not None:
        span.set_attribute("user.id", principal.user_id)
    if status >= _FAILED:
        span.set_attribute("error.type", request.get(ERROR_CODE) or str(status))
        span.set_status(Status(StatusCode.ERROR))
