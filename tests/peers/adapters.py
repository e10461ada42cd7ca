"""Every network adapter pointed at a server of ours, and what became of an answer."""

from __future__ import annotations

from contextlib import aclosing
from typing import NamedTuple

from builders import message
from chatops.engine.errors import ProviderError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Usage
from chatops.engine.ports import ChatRequest, Provider
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.anthropic import AnthropicProvider
from chatops.engine.providers.direct import DirectProvider
from chatops.engine.providers.openai import OpenAIProvider

KEY = "acme-key-0123456789abcdef"

KINDS = ("openai-sdk", "anthropic-sdk", "openai-direct", "anthropic-direct")


def adapter(kind: str, url: str, key: str | None = KEY) -> Provider:
    """An adapter of one of `KINDS` for the server at the root URL `url`."""
    match kind:
        case "openai-sdk":
            return OpenAIProvider("acme", api_key=key, base_url=f"{url}/v1")
        case "anthropic-sdk":
            return AnthropicProvider("acme", api_key=key, base_url=url)
        case "openai-direct":
            return DirectProvider("acme", openai_wire.WIRE, api_key=key, base_url=f"{url}/v1")
        case _:
            return DirectProvider("acme", anthropic_wire.WIRE, api_key=key, base_url=url)


class Outcome(NamedTuple):
    """What a stream gave, in order, and the error that it ended with."""

    events: list[ProviderEvent]
    error: ProviderError | None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def usage(self) -> Usage | None:
        return next((event.usage for event in reversed(self.events) if isinstance(event, UsageUpdated)), None)

    @property
    def finished(self) -> list[Finished]:
        return [event for event in self.events if isinstance(event, Finished)]


def asking(model: str, text: str = "one two three", *, silence: float = 5.0) -> ChatRequest:
    return ChatRequest(model=model, messages=[message("c", text)], silence=silence)


async def outcome(provider: Provider, request: ChatRequest) -> Outcome:
    """Everything that `stream` gives; only errors that the port names are taken."""
    events: list[ProviderEvent] = []
    try:
        async with aclosing(provider.stream(request)) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401 - what came before an error counts
    except ProviderError as error:
        return Outcome(events, error)
    return Outcome(events, None)
