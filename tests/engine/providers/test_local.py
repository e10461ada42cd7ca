"""The real model, with its real weights: none of these may be skipped."""

from __future__ import annotations

import asyncio
import gc
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatops.engine.errors import (
    PROVIDER_MODEL_MISSING,
    PROVIDER_STREAM_CUT,
    PROVIDER_UNREACHABLE,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
    SettingsError,
)
from chatops.engine.events import Finished, ProviderEvent, TextDelta, UsageUpdated
from chatops.engine.messages import FilePart, Message, Part, Sampling, TextPart
from chatops.engine.ports import ChatRequest, Provider
from chatops.engine.providers.local import SYSTEM, LocalProvider
from chatops.engine.providers.weights import SMOLLM2
from peers import local_model

ENDLESS = Sampling(extra={"ignore_eos": True})


@pytest.fixture(scope="module")
def weights() -> Path:
    return local_model.weights()


@pytest.fixture
async def provider(weights: Path) -> AsyncGenerator[LocalProvider, None]:
    provider = LocalProvider(cache_dir=weights.parent, slots=1)
    yield provider
    await provider.aclose()


def asking(
    *parts: str | Part,
    model: str = SMOLLM2.model,
    system: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
) -> ChatRequest:
    """A request with one message of these parts."""
    content = tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)
    message = Message(id="m1", conversation_id="c1", role="user", parts=content, created_at=0)
    sampling = Sampling(max_tokens=max_tokens, temperature=temperature)
    return ChatRequest(model=model, messages=[message], system=system, sampling=sampling)


async def collect(provider: Provider, request: ChatRequest) -> list[ProviderEvent]:
    return [event async for event in provider.stream(request)]


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def model_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "chatops-model"]


async def model_threads_end() -> None:
    """Fails when an answer is still being made long after it was stopped."""
    for thread in model_threads():
        await asyncio.to_thread(thread.join, 30)
    assert model_threads() == []


async def test_the_capital_of_france_is_paris(provider: LocalProvider) -> None:
    events = await collect(provider, asking("What is the capital of France?"))

    assert "Paris" in text_of(events)
    usage, finished = events[-2:]
    assert finished == Finished("stop", SMOLLM2.model)
    assert isinstance(usage, UsageUpdated)
    assert usage.usage.input_tokens > 0
    assert usage.usage.output_tokens > 0


async def test_an_answer_is_cut_at_max_tokens(provider: LocalProvider) -> None:
    events = await collect(provider, asking("Write a long story about ships.", max_tokens=5))

    assert events[-1] == Finished("length", SMOLLM2.model)
    assert UsageUpdated in map(type, events)
    assert 0 < len(text_of(events).split()) <= 5


async def test_two_answers_are_made_at_once(weights: Path) -> None:
    provider = LocalProvider(cache_dir=weights.parent, slots=2)

    answers = await asyncio.gather(
        collect(provider, asking("What is the capital of France?")),
        collect(provider, asking("What is the capital of Japan?")),
    )

    assert ["Paris" in text_of(answers[0]), "Tokyo" in text_of(answers[1])] == [True, True]
    await provider.aclose()


async def test_a_prompt_that_does_not_fit_is_refused_with_both_sizes(provider: LocalProvider) -> None:
    with pytest.raises(ProviderRejectedError, match=r"can take 2048 tokens, and this prompt .* has \d{4}"):
        await collect(provider, asking("word " * 4000))


async def test_an_image_is_refused(provider: LocalProvider) -> None:
    image = FilePart(name="a.png", media_type="image/png", sha256="0" * 64, size=3)
    request = asking("What is it?", image)
    seen = ChatRequest(model=request.model, messages=request.messages, blobs={"0" * 64: b"png"})

    with pytest.raises(ProviderRejectedError, match="image input is not supported"):
        await collect(provider, seen)


async def test_an_unknown_model_is_refused(provider: LocalProvider) -> None:
    with pytest.raises(ProviderRejectedError, match=r"no model llama-70b, only smollm2-135m-instruct") as caught:
        await collect(provider, asking("Hello", model="llama-70b"))

    assert caught.value.code == PROVIDER_MODEL_MISSING


async def test_missing_weights_are_told_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    provider = LocalProvider(cache_dir=tmp_path)

    assert provider.weights_path() is None
    with pytest.raises(ProviderRejectedError, match="chatops models pull") as caught:
        await collect(provider, asking("Hello"))
    assert caught.value.code == PROVIDER_MODEL_MISSING


async def test_a_file_that_is_no_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.gguf"
    file.write_text("GGUF, but not really")

    with pytest.raises(SettingsError, match=r"notes\.gguf"):
        await LocalProvider(cache_dir=tmp_path, model_path=file).load()


async def test_silence_is_an_error(provider: LocalProvider) -> None:
    request = asking("Hello")
    impatient = ChatRequest(model=request.model, messages=request.messages, silence=0.0)

    with pytest.raises(ProviderUnavailableError) as caught:
        await collect(provider, impatient)

    assert caught.value.code == PROVIDER_UNREACHABLE
    await model_threads_end()


async def test_closing_an_answer_stops_it(provider: LocalProvider) -> None:
    request = asking("Write a long story about ships.")
    answer = provider.stream(ChatRequest(model=request.model, messages=request.messages, sampling=ENDLESS))
    await anext(answer)

    await answer.aclose()

    await model_threads_end()
    assert "Paris" in text_of(await collect(provider, asking("What is the capital of France?")))


async def test_closing_the_provider_ends_its_answers_as_cut(provider: LocalProvider) -> None:
    answer = provider.stream(asking("Write a long story about ships."))
    await anext(answer)

    await provider.aclose()

    with pytest.raises(ProviderError) as caught:
        async for _ in answer:
            pass
    assert caught.value.code == PROVIDER_STREAM_CUT
    await provider.aclose()


async def test_a_closed_provider_loads_again_when_it_is_asked_again(provider: LocalProvider) -> None:
    await provider.load()
    await provider.aclose()

    assert "Paris" in text_of(await collect(provider, asking("What is the capital of France?")))


async def test_a_closed_provider_gives_the_model_back_at_once(provider: LocalProvider) -> None:
    await provider.load()
    address = urlsplit(provider._server.listening_address)
    gc.disable()
    try:
        await provider.aclose()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address.hostname, address.port)
    finally:
        gc.enable()


async def test_the_model_is_loaded_once(provider: LocalProvider) -> None:
    await asyncio.gather(provider.load(), provider.load())
    server = provider._server

    await collect(provider, asking("Hello", max_tokens=1))

    assert provider._server is server


async def test_its_http_listener_is_closed_to_others(provider: LocalProvider) -> None:
    await provider.load()
    url = f"{provider._server.listening_address}/v1/chat/completions"

    with pytest.raises(urllib.error.HTTPError) as caught:
        await asyncio.to_thread(urllib.request.urlopen, url, data=b"{}")

    assert caught.value.code == 401
    caught.value.close()


async def test_the_embedded_model_is_the_only_one_listed(provider: LocalProvider) -> None:
    assert await provider.models() == ["smollm2-135m-instruct"]


def test_the_request_may_say_otherwise_than_our_defaults(tmp_path: Path) -> None:
    provider = LocalProvider(cache_dir=tmp_path)
    plain = provider.payload(asking("Hello"))
    said = provider.payload(asking("Hello", system="Speak like a pirate.", temperature=1))

    assert (plain["temperature"], plain["dry_multiplier"]) == (0, 0.8)
    assert plain["messages"] == [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Hello"}]
    assert said["temperature"] == 1
    assert said["messages"] == [
        {"role": "system", "content": "Speak like a pirate."},
        {"role": "user", "content": "Hello"},
    ]


async def test_another_gguf_file_is_used_as_it_is_under_any_name(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.symlink_to(weights)
    provider = LocalProvider("mine", cache_dir=tmp_path, model_path=file, slots=1)

    events = await collect(provider, asking("Hello", model="whatever", max_tokens=2))

    assert await provider.models() == ["mine"]
    assert events[-1] == Finished("length", "mine")
    assert provider.payload(asking("Hello"))["messages"] == [{"role": "user", "content": "Hello"}]
    await provider.aclose()
