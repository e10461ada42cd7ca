"""The SDKs' own objects, made of the same bytes, say the same as our decoders."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from chatops.engine.messages import Usage
from chatops.engine.providers import anthropic_wire
from chatops.engine.providers.storable import storable
from peers.adapters import KEY, Outcome, adapter, asking, outcome
from peers.llm import ModelServer, serving

MODELS = ["plain", "plain-n50-b11", "think", "think-close", "halves", "halves-b1"]


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer, None]:
    async with serving() as server:
        yield server


def summary(answer: Outcome) -> tuple[str, str, Usage | None, list[str | None]]:
    assert answer.error is None
    return answer.text, answer.reasoning, answer.usage, [event.model for event in answer.finished]


async def openai_objects(url: str, model: str) -> tuple[str, str, Usage | None, list[str | None]]:
    text, reasoning, usage, finished = "", "", None, list[str | None]()
    async with AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
        stream = await client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "one two three"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reasoning += (choice.delta.model_extra or {}).get("reasoning_content", "")
                finished += [chunk.model] if choice.finish_reason == "stop" else []
            if chunk.usage is not None:
                details = chunk.usage.prompt_tokens_details
                usage = Usage(
                    input_tokens=chunk.usage.prompt_tokens,
                    output_tokens=chunk.usage.completion_tokens,
                    cached_tokens=(details.cached_tokens or 0) if details else 0,
                )
    return storable(text), reasoning, usage, finished


async def anthropic_objects(url: str, model: str) -> tuple[str, str, Usage | None, list[str | None]]:
    async with AsyncAnthropic(api_key=KEY, base_url=url) as client:
        stream = client.messages.stream(
            model=model, max_tokens=8192, messages=[{"role": "user", "content": "one two three"}]
        )
        async with stream as events:
            message = await events.get_final_message()
    text = "".join(block.text for block in message.content if block.type == "text")
    reasoning = "".join(block.thinking for block in message.content if block.type == "thinking")
    told = message.usage
    cached = told.cache_read_input_tokens or 0
    usage = Usage(
        input_tokens=told.input_tokens + (told.cache_creation_input_tokens or 0) + cached,
        output_tokens=told.output_tokens,
        cached_tokens=cached,
    )
    return storable(text), reasoning, usage, [message.model] if message.stop_reason == "end_turn" else []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["openai-sdk", "openai-direct"])
async def test_chat_completions_say_what_the_sdks_objects_say(server: ModelServer, kind: str, model: str) -> None:
    provider = adapter(kind, server.url)
    answer = await outcome(provider, asking(model))
    await provider.aclose()

    assert summary(answer) == await openai_objects(server.url, model)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["anthropic-sdk", "anthropic-direct"])
async def test_messages_say_what_the_sdks_objects_say(server: ModelServer, kind: str, model: str) -> None:
    provider = adapter(kind, server.url)
    answer = await outcome(provider, asking(model))
    await provider.aclose()

    assert summary(answer) == await anthropic_objects(server.url, model)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_both_ways_to_a_server_say_the_same_of_who_asks(server: ModelServer, kind: str) -> None:
    for way in ("sdk", "direct"):
        provider = adapter(f"{kind}-{way}", server.url)
        await outcome(provider, asking("plain"))
        await provider.aclose()
    by_sdk, direct = (request.headers for request in server.requests)
    names = ("authorization", "x-api-key", "anthropic-version", "content-type", "accept-encoding")

    assert {name: by_sdk.get(name) for name in names} == {name: direct.get(name) for name in names}


def test_our_version_of_the_messages_api_is_the_sdks() -> None:
    sent = AsyncAnthropic(api_key=KEY).default_headers["anthropic-version"]

    assert anthropic_wire.headers(KEY, official=True)["anthropic-version"] == sent
