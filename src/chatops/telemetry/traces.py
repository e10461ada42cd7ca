"""Where spans come from and go to: OpenTelemetry's SDK, by the environment variables that it defines.

Source: opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables. The SDK reads the rest of them itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from chatops import __version__
from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware
    from opentelemetry.sdk.trace import TracerProvider

    from chatops.engine.messages import Message
    from chatops.engine.ports import Provider
    from chatops.engine.turns import TurnRun

    Run = Callable[[TurnRun], Coroutine[Any, Any, Message]]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Traces:
    """Spans for requests, turns and calls of providers: each the child of the one before."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("chatops", __version__)

    def around_providers(self, providers: Mapping[str, Provider]) -> Mapping[str, Provider]:
        """The providers, with a span around each call. None of them is asked for before it is needed."""
        from chatops.telemetry.providers import TracedProviders

        return TracedProviders(providers, self._tracer)

    def around_turns(self, run: Run) -> Run:
        """What runs a turn (`Engine.run_turn`), with a span around it."""

        async def traced(turn: TurnRun) -> Message:
            asked = {
                "chatops.turn.id": turn.id,
                "chatops.surface": turn.principal.source,
                "gen_ai.conversation.id": turn.conversation.id,
                "user.id": turn.principal.user_id,
            }
            with self._tracer.start_as_current_span("turn", attributes=asked) as span:
                message = await run(turn)
                span.set_attribute("chatops.turn.status", message.status)
                if message.error is not None:
                    span.set_attribute("error.type", message.error.code)
                return message

        return traced

    def around_requests(self) -> Middleware:
        """A middleware of the HTTP API, for inside the one that names a request."""
        from chatops.telemetry.requests import tracing

        return tracing(self._tracer)

    async def aclose(self) -> None:
        """Sends what waits, for as long as the exporter's own time-out."""
        await asyncio.to_thread(self._provider.shutdown)


@asynccontextmanager
async def open_traces(env: Mapping[str, str]) -> AsyncGenerator[Traces | None, None]:
    """As `from_environment`; on leaving, what waits is sent."""
    traces = from_environment(env)
    try:
        yield traces
    finally:
        if traces is not None:
            await traces.aclose()


def from_environment(env: Mapping[str, str]) -> Traces | None:
    """Traces where the environment names a collector; else None, and nothing of OpenTelemetry is imported.

    Raises:
        SettingsError: The SDK is not installed, or another protocol than HTTP is wanted.
    """
    if not any(env.get(name) for name in _ENDPOINTS) or env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    protocol = env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or env.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in {None, "", "http/protobuf"}:
        raise SettingsError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: traces are sent over http/protobuf alone")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, which need OpenTelemetry: pip install 'chatops[otel]'"
        ) from None
    named = {} if env.get("OTEL_SERVICE_NAME") else {"service.name": "chatops"}
    resource = Resource.create({**named, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
