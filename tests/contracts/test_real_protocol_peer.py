"""Our network providers against a server that we did not write: llama.cpp's own, with a real model behind it.

It speaks Chat Completions and Messages, and so finds what a fake of our own would share with our misreadings.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import pytest

from chatops.engine.errors import PROVIDER_CREDENTIALS, ProviderRejectedError
from chatops.engine.events import Finished, ProviderEvent, TextDelta, UsageUpdated
from chatops.engine.messages import Message, Role, Sampling, TextPart
from chatops.engine.ports import ChatRequest, Provider
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.anthropic import AnthropicProvider
from chatops.engine.providers.direct import DirectProvider
from chatops.engine.providers.local import SYSTEM
from chatops.engine.providers.openai import OpenAIProvider
from peers import local_model
from peers.local_model import ModelServer

ADAPTERS = ("openai", "anthropic", "direct openai", "direct anthropic")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with local_model.model_server(local_model.weights()) as server:
        yield server


def adapter(kind: str, server: ModelServer, key: str) -> Provider:
    match kind:
        case "openai":
            return OpenAIProvider("peer", api_key=key, base_url=server.openai_url)
        case "anthropic":
            return AnthropicProvider("peer", api_key=key, base_url=server.anthropic_url)
        case "direct openai":
            return DirectProvider("peer", openai_wire.WIRE, api_key=key, base_url=server.openai_url)
        case _:
            return DirectProvider("peer", anthropic_wire.WIRE, api_key=key, base_url=server.anthropic_url)


@pytest.fixture(params=ADAPTERS)
async def provider(request: pytest.FixtureRequest, server: ModelServer) -> AsyncGenerator[Provider, None]:
    provider = adapter(request.param, server, server.key)
    yield provider
    await provider.aclose()


def asking(*texts: str, system: str | None = SYSTEM, sampling: Sampling | None = None) -> ChatRequest:
    """A conversation of these messages, the user's first."""
    roles: tuple[Role, Role] = ("user", "assistant")
    messages = [
        Message(id=f"m{n}", conversation_id="c", role=roles[n % 2], parts=(TextPart(text=text),), created_at=n)
        for n, text in enumerate(texts)
    ]
    return ChatRequest(
        model="smollm2-135m-instruct",
        messages=messages,
        system=system,
        sampling=sampling or Sampling(temperature=0, max_tokens=40),
    )


async def collect(provider: Provider, request: ChatRequest) -> list[ProviderEvent]:
    return [event async for event in provider.stream(request)]


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_real_answer_streams_with_usage_and_its_end(provider: Provider) -> None:
    events = await collect(provider, asking("What is the capital of France?"))

    usages = [event.usage for event in events if isinstance(event, UsageUpdated)]
    assert "Paris" in text_of(events)
    assert sum(isinstance(event, TextDelta) for event in events) > 1
    assert usages[-1].input_tokens > usages[-1].output_tokens > 1
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "stop"


async def test_history_is_told(provider: Provider) -> None:
    request = asking("Hello, I am Ann.", "Hello, Ann.", "And I am Bob.", sampling=Sampling(max_tokens=1))
    events = await collect(provider, request)

    # The system prompt and the last message alone have 37 tokens.
    assert [event.usage.input_tokens > 45 for event in events if isinstance(event, UsageUpdated)][-1]


async def test_an_answer_follows_at_once_on_the_one_before(provider: Provider) -> None:
    """llama.cpp promises to keep a connection alive, and closes it after each stream all the same."""
    for _ in range(4):
        events = await collect(provider, asking("Hello", sampling=Sampling(max_tokens=2)))
        assert isinstance(events[-1], Finished)


async def test_an_answer_that_reaches_its_limit_says_so(provider: Provider) -> None:
    events = await collect(provider, asking("Write a long story about ships.", sampling=Sampling(max_tokens=4)))

    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "length"


async def test_a_stop_word_ends_the_answer(provider: Provider) -> None:
    sampling = Sampling(max_tokens=40, temperature=0, stop=("France",))

    events = await collect(provider, asking("What is the capital of France?", sampling=sampling))

    assert text_of(events) == "The capital of "
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "stop"


async def test_a_prompt_that_does_not_fit_is_rejected_with_the_servers_reason(provider: Provider) -> None:
    with pytest.raises(ProviderRejectedError, match="exceeds the available context size"):
        await collect(provider, asking("word " * 4000))


async def test_a_parameter_that_makes_no_sense_is_rejected(provider: Provider) -> None:
    sampling = Sampling(max_tokens=4, extra={"temperature": "hot"})

    with pytest.raises(ProviderRejectedError, match="temperature"):
        await collect(provider, asking("Hello", sampling=sampling))


async def test_a_reader_who_leaves_does_not_keep_others_waiting(provider: Provider) -> None:
    endless = Sampling(max_tokens=1900, extra={"ignore_eos": True})
    for _ in range(2):
        async with aclosing(provider.stream(asking("Write a long story about ships.", sampling=endless))) as answer:
            await anext(answer)

    assert "Paris" in text_of(await collect(provider, asking("What is the capital of France?")))


async def test_its_model_is_listed(provider: Provider) -> None:
    assert await provider.models() != []


@pytest.mark.parametrize("kind", ADAPTERS)
async def test_a_wrong_key_is_told_without_the_key(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server, "a-wrong-key-of-somebody")

    with pytest.raises(ProviderRejectedError) as caught:
        await collect(provider, asking("Hello"))

    assert caught.value.code == PROVIDER_CREDENTIALS
    assert "a-wrong-key-of-somebody" not in str(caught.value)
    await provider.aclose()
