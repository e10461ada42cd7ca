"""A span around each call of a provider.

Names and attributes: OpenTelemetry's semantic conventions for generative AI, client spans
(opentelemetry.io/docs/specs/semconv/gen-ai). Nothing of what was said is in them.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from chatops.engine.errors import ChatopsError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.ports import ChatRequest, Provider


class TracedProviders(Mapping[str, Provider]):
    """Providers by name, each with spans around its calls; made, and closed, where they come from."""

    def __init__(self, inner: Mapping[str, Provider], tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def __getitem__(self, name: str) -> Provider:
        return TracedProvider(self._inner[name], self._tracer)

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


class TracedProvider:
    """A provider whose calls leave spans. Everything else is the provider's own."""

    def __init__(self, inner: Provider, tracer: Tracer) -> None:
        self.name = inner.name
        self._inner = inner
        self._tracer = tracer

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Yields and raises what the provider does."""
        # Not made the current span: a generator's steps need not run in one context.
        span = self._tracer.start_span(
            f"chat {request.model}", kind=SpanKind.CLIENT, attributes=_asked(self.name, request)
        )
        begun = time.perf_counter()
        first = True
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    if first and isinstance(event, TextDelta | ReasoningDelta):
                        first = False
                        span.set_attribute("gen_ai.response.time_to_first_chunk", time.perf_counter() - begun)
                    _answered(span, event)
                    yield event
        except ChatopsError as error:
            span.set_attribute("error.type", error.code)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.end()

    async def models(self) -> list[str]:
        return await self._inner.models()

    def payload(self, request: ChatRequest) -> dict[str, object]:
        return self._inner.payload(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _asked(provider: str, request: ChatRequest) -> dict[str, str | int | float | bool | tuple[str, ...]]:
    sampling = request.sampling
    asked: dict[str, str | int | float | bool | tuple[str, ...] | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": request.model,
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": sampling.max_tokens,
        "gen_ai.request.temperature": sampling.temperature,
        "gen_ai.request.top_p": sampling.top_p,
        "gen_ai.request.stop_sequences": sampling.stop or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _answered(span: Span, event: ProviderEvent) -> None:
    match event:
        case UsageUpdated(usage):
            span.set_attribute("gen_ai.usage.input_tokens", usage.input_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", usage.output_tokens)
            if usage.cached_tokens:
                span.set_attribute("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens)
        case Finished(reason, model):
            span.set_attribute("gen_ai.response.finish_reasons", (reason,))
            if model is not None:
                span.set_attribute("gen_ai.response.model", model)
