"""What every network adapter owes: the same events and the same errors, whatever the server does."""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from chatops.engine.errors import InvalidRequestError, ProviderError, ProviderRejectedError, ProviderUnavailableError
from chatops.engine.events import Finished, TextDelta
from chatops.engine.messages import Sampling, Usage
from chatops.engine.ports import Provider
from chatops.engine.providers.faults import causes
from peers.adapters import KEY, KINDS, adapter, asking, outcome
from peers.dialects import ANSWERED_BY, HALVES, USAGE
from peers.fixed import saying
from peers.llm import RETRY_AFTER, ModelServer, serving

UNAVAILABLE, REJECTED = ProviderUnavailableError, ProviderRejectedError


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer, None]:
    async with serving() as server:
        yield server


@pytest.fixture(params=KINDS)
async def provider(request: pytest.FixtureRequest, server: ModelServer) -> AsyncGenerator[Provider, None]:
    provider = adapter(request.param, server.url)
    yield provider
    await provider.aclose()
    await provider.aclose()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("how", ["", "-close", "-length", "-b1", "-b7", "-d1"])
async def test_a_whole_answer_comes_out_whole_however_it_is_framed(provider: Provider, how: str) -> None:
    answer = await outcome(provider, asking(f"think{how}", "Grüße 😀 dir"))

    assert answer.error is None
    assert (answer.reasoning, answer.text) == ("let me see", "Grüße 😀 dir")
    assert answer.usage == Usage(**USAGE, output_tokens=5)
    assert answer.events[-1] == Finished("stop", ANSWERED_BY)
    assert len(answer.finished) == 1


@pytest.mark.parametrize("how", ["", "-b1"])
async def test_characters_split_between_bytes_and_between_deltas_are_whole(provider: Provider, how: str) -> None:
    assert (await outcome(provider, asking(f"halves{how}"))).text == HALVES


async def test_the_body_that_is_shown_is_the_body_that_is_sent(provider: Provider, server: ModelServer) -> None:
    request = replace(
        asking("plain", "Grüße 😀"), system="Be brief.", sampling=Sampling(temperature=0.5, max_tokens=99)
    )

    await outcome(provider, request)

    assert [sent.body for sent in server.requests] == [provider.payload(request)]
    assert KEY not in str(provider.payload(request))
    assert [sent.key for sent in server.requests] == [KEY]


@pytest.mark.parametrize(
    ("model", "error", "code", "partial"),
    [
        ("cut", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("cut-close", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("drop", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("reset", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("malformed", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("scalar", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("huge", UNAVAILABLE, "provider_stream_cut", "one two three"),
        ("overload", UNAVAILABLE, "provider_unavailable", "one two three"),
        ("inband", REJECTED, "provider_rejected", "one two three"),
        ("empty", UNAVAILABLE, "provider_stream_cut", ""),
        ("html", REJECTED, "provider_rejected", ""),
        ("json", REJECTED, "provider_rejected", ""),
        ("jsonerror", UNAVAILABLE, "provider_unavailable", ""),
        ("redirect", REJECTED, "provider_rejected", ""),
        ("401", REJECTED, "provider_credentials", ""),
        ("403", REJECTED, "provider_credentials", ""),
        ("404", REJECTED, "provider_model_missing", ""),
        ("400", REJECTED, "provider_rejected", ""),
        ("429", UNAVAILABLE, "provider_rate_limited", ""),
        ("500", UNAVAILABLE, "provider_unavailable", ""),
        ("503", UNAVAILABLE, "provider_unavailable", ""),
        ("529", UNAVAILABLE, "provider_unavailable", ""),
    ],
)
async def test_every_fault_is_the_right_error_after_what_came_before_it(
    provider: Provider, model: str, error: type[ProviderError], code: str, partial: str
) -> None:
    answer = await outcome(provider, asking(model))

    assert answer.error is not None
    assert (type(answer.error), answer.error.code, answer.error.provider) == (error, code, "acme")
    assert answer.error.retry_after == (RETRY_AFTER if model == "429" else None)
    assert (answer.text, answer.finished) == (partial, [])


@pytest.mark.parametrize(("model", "partial"), [("stall", "one two three"), ("mute", "")])
async def test_silence_ends_the_call(provider: Provider, model: str, partial: str) -> None:
    answer = await outcome(provider, asking(model, silence=0.25))

    assert answer.error is not None
    assert (answer.error.code, answer.error.message) == ("provider_unreachable", "acme sent nothing for 0.25 s")
    assert answer.text == partial


async def test_a_slow_answer_is_no_silence(provider: Provider) -> None:
    assert (await outcome(provider, asking("plain-n60-d15", silence=0.7))).error is None


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_there_is_unreachable(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        provider = adapter(kind, f"http://127.0.0.1:{taken.getsockname()[1]}")
        answer = await outcome(provider, asking("plain"))
        await provider.aclose()

    assert answer.error is not None
    assert (type(answer.error), answer.error.code) == (UNAVAILABLE, "provider_unreachable")
    assert answer.error.message.startswith("acme cannot be reached: Connect")


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200", b"x" * 200_000])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_does_not_speak_http_is_unreachable(kind: str, reply: bytes) -> None:
    async with saying(reply) as url:
        provider = adapter(kind, url)
        answer = await outcome(provider, asking("plain"))
        await provider.aclose()

    assert answer.error is not None
    assert (type(answer.error), answer.error.code) == (UNAVAILABLE, "provider_unreachable")


async def test_models_are_listed(provider: Provider) -> None:
    assert await provider.models() == ["plain", "think"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_list_that_is_none_is_refused(kind: str) -> None:
    async with saying(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>") as url:
        provider = adapter(kind, url)
        with pytest.raises(ProviderRejectedError, match="no list of models"):
            await provider.models()
        await provider.aclose()


async def test_leaving_early_closes_the_connection_at_once(provider: Provider, server: ModelServer) -> None:
    async with aclosing(provider.stream(asking("stall", silence=60))) as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                break

    await until(lambda: bool(server.gone))


async def test_cancelling_ends_a_call_that_waits(provider: Provider, server: ModelServer) -> None:
    call = asyncio.create_task(outcome(provider, asking("mute", silence=60)))
    await until(lambda: bool(server.requests))

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: bool(server.gone))


async def test_many_answers_at_once_do_not_mix(provider: Provider) -> None:
    texts = [f"answer {number} of many" for number in range(20)]

    answers = await asyncio.gather(*(outcome(provider, asking("plain-d1", text)) for text in texts))

    assert [answer.text for answer in answers] == texts


@pytest.mark.parametrize("model", ["leak", "401", "mute", "drop", "malformed", "html"])
async def test_the_key_is_in_no_error_and_no_repr(provider: Provider, model: str) -> None:
    answer = await outcome(provider, asking(model, silence=0.25))

    assert answer.error is not None
    seen = "".join(traceback.format_exception(answer.error)) + repr(provider) + str(vars(provider))
    assert KEY not in seen
    assert list(causes(answer.error)) == [answer.error], "the SDK's own error would be shown by whoever logs the chain"


@pytest.mark.parametrize("extra", [{"x": float("nan")}, {"x": object()}, {"x": "\ud800"}, {"x": {1}}])
async def test_an_option_that_is_no_json_is_the_askers_mistake(provider: Provider, extra: dict[str, object]) -> None:
    request = replace(asking("plain"), sampling=Sampling(extra=extra))

    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        await outcome(provider, request)


@pytest.mark.parametrize("key", ["sk-a\r\nX-Other: b", "sk-ключ", "sk-\x00"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_that_can_be_none_is_not_sent(kind: str, key: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url, key)

    answer = await outcome(provider, asking("plain"))

    assert answer.error is not None
    assert answer.error.code == "provider_credentials"
    assert key not in answer.error.message
    assert server.requests == []
