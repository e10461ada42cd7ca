"""What an SDK's client does on the way, and must not do."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import ModuleType
from typing import Any

import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import TextDelta
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import anthropic, openai
from chatops.engine.providers.anthropic import AnthropicProvider
from chatops.engine.providers.beat import Beat
from chatops.engine.providers.exchange import HttpProvider
from chatops.engine.providers.openai import OpenAIProvider
from chatops.engine.providers.sdk import NO_LIMIT
from peers.adapters import KEY, adapter, asking, outcome
from peers.fixed import saying
from peers.llm import ModelServer, serving

SDKS = ["openai-sdk", "anthropic-sdk"]


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer, None]:
    async with serving() as server:
        yield server


MAKE = """
import sys
from chatops.engine.providers import anthropic, openai
from chatops.engine.providers.anthropic import AnthropicProvider
from chatops.engine.providers.openai import OpenAIProvider

OpenAIProvider("o", api_key="k", base_url=None)
AnthropicProvider("a", api_key="k", base_url=None)
print([name for name in ("openai", "anthropic", "httpx2", "aiohttp", "pydantic") if name in sys.modules])
"""


def test_an_sdk_is_not_imported_before_it_is_needed() -> None:
    made = subprocess.run([sys.executable, "-c", MAKE], capture_output=True, text=True, check=True)

    assert made.stdout == "[]\n"


@pytest.mark.parametrize("kind", SDKS)
async def test_without_a_key_a_server_of_ones_own_is_not_sent_the_environments(
    kind: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "sk-from-the-environment")
    provider = adapter(kind, server.url, key=None)
    await outcome(provider, asking("plain"))
    await provider.models()
    await provider.aclose()

    assert [request.key for request in server.requests] == ["no-key", "no-key"]
    assert "sk-from-the-environment" not in str(server.requests)


@pytest.mark.parametrize("kind", SDKS)
async def test_an_accounts_headers_go_to_no_other_server(
    kind: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-the-environment")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Team: from-the-environment\nAuthorization: from-the-environment\n\nnonsense")
    provider = adapter(kind, server.url)
    answer = await outcome(provider, asking("plain"))
    await provider.aclose()

    assert answer.error is None
    assert [request.key for request in server.requests] == [KEY]
    assert "from-the-environment" not in str(server.requests)


async def test_an_accounts_headers_go_to_the_official_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: seven")
    provider = OpenAIProvider("acme", api_key=KEY, base_url=None)

    client = openai._connect(provider._endpoint)
    await client.http.aclose()
    sent = client.headers

    assert (sent["openai-organization"], sent["x-team"]) == ("org", "seven")


@pytest.mark.parametrize("kind", SDKS)
async def test_the_address_in_the_environment_does_not_replace_ours(
    kind: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    provider = adapter(kind, server.url)
    answer = await outcome(provider, asking("plain"))
    await provider.aclose()

    assert answer.error is None


@pytest.mark.parametrize("provider", [OpenAIProvider, AnthropicProvider])
async def test_without_a_key_the_official_service_is_not_called(
    provider: type[OpenAIProvider | AnthropicProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-from-the-environment")

    answer = await outcome(provider("acme", api_key=None, base_url=None), asking("m"))

    assert answer.error is not None
    assert answer.error.code == "provider_credentials"
    assert "_API_KEY" in answer.error.message


@pytest.mark.parametrize("kind", SDKS)
async def test_a_connection_serves_one_answer_after_the_other(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url)
    for _ in range(5):
        # The end of the body comes after the last event, in a packet of its own.
        assert (await outcome(provider, asking("plain-t5"))).error is None
    await provider.aclose()

    assert (len(server.requests), server.connections) == (5, 1)


@pytest.mark.parametrize("kind", SDKS)
async def test_a_kept_connection_that_the_server_closed_after_all_is_replaced(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url)
    for _ in range(3):
        assert (await outcome(provider, asking("plain-leave"))).error is None
    await provider.aclose()

    assert (len(server.requests), server.connections) == (3, 3)


@pytest.mark.parametrize("kind", SDKS)
async def test_a_server_that_never_ends_its_body_does_not_hold_the_answer(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url)
    async with asyncio.timeout(5):
        answer = await outcome(provider, asking("plain-t60000"))
    await provider.aclose()

    assert (answer.error, answer.text) == (None, "one two three")


@pytest.mark.parametrize("kind", SDKS)
async def test_a_request_is_sent_once(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url)
    for model in ("500", "429", "drop"):
        assert (await outcome(provider, asking(model))).error is not None
    await provider.aclose()

    assert [request.body["model"] for request in server.requests] == ["500", "429", "drop"]


@pytest.mark.parametrize("kind", SDKS)
async def test_a_closed_provider_can_be_used_again(kind: str, server: ModelServer) -> None:
    provider = adapter(kind, server.url)
    await provider.models()
    await provider.aclose()

    assert await provider.models() == ["plain", "think"]
    await provider.aclose()


@pytest.mark.parametrize("sdk", [anthropic, openai])
async def test_no_answer_waits_for_another_ones_connection(sdk: ModuleType) -> None:
    # The SDKs' own pools end at 1,000 connections, and who is next waits in silence.
    provider = {anthropic: AnthropicProvider, openai: OpenAIProvider}[sdk]("acme", api_key=KEY, base_url=None)
    http = sdk._connect(provider._endpoint).http
    session = http._transport.get_client()
    limit = session.connector.limit
    await session.close()
    await http.aclose()

    assert limit == NO_LIMIT


@pytest.mark.parametrize("kind", SDKS)
async def test_the_way_goes_over_the_proxy_of_the_environment(
    kind: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The model server takes the part of the proxy: nobody else answers for this host.
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1").replace("://", "://me:word@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    provider: Any = adapter(kind, "http://model.example/v1" if kind == "openai-sdk" else "http://model.example")
    answer = await outcome(provider, asking("plain"))
    shown = repr((provider._transport._line, provider._transport._client))
    await provider.aclose()

    assert answer.error is None
    assert shown.count("session=") == 1
    assert not any(secret in shown for secret in (KEY, "word", "bWU6d29yZA=="))
    (request,) = server.requests
    assert request.headers["host"] == "model.example"
    assert request.headers["proxy-authorization"] == "Basic bWU6d29yZA=="


@pytest.mark.parametrize("kind", SDKS)
async def test_what_came_before_a_connection_broke_is_not_lost(kind: str) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    got = b""
    async with saying(head + b"5\r\nhello\r\n6\r\n there\r\n") as url:
        provider: Any = adapter(kind, url)
        async with provider._transport.open("/x", b"{}", silence=5) as answer:
            await asyncio.sleep(0.2)  # as an answer does that waits for its beat
            with pytest.raises(ProviderUnavailableError):
                async for data in answer.chunks:
                    got += data
        await provider.aclose()

    assert got == b"hello there"


@pytest.mark.parametrize("kind", SDKS)
async def test_a_held_answer_that_breaks_loses_nothing(kind: str, server: ModelServer) -> None:
    provider: Any = adapter(kind, server.url)
    request = asking("reset-n6-d20", "a b c d e f")
    body, got = provider.payload(request), b""
    path = provider._endpoint.wire.path
    async with provider._transport.open(path, json.dumps(body).encode(), silence=5) as answer:
        got += await anext(answer.chunks)
        answer.flow.pause()
        before = asyncio.ensure_future(anext(answer.chunks))
        await asyncio.sleep(0.3)  # the connection is broken by now
        assert not before.done()

        answer.flow.resume()
        got += await before
        with pytest.raises(ProviderUnavailableError):
            async for data in answer.chunks:
                got += data
    await provider.aclose()

    assert all(f'{word}"' in got.decode() for word in "abcdef")


async def _first_words(provider: HttpProvider, request: ChatRequest) -> None:
    """Reads them, and leaves an answer that is held."""
    async with aclosing(provider.stream(request)) as events:
        while not isinstance(await anext(events), TextDelta):
            continue
        held = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.1)
        assert not held.done()
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)


@pytest.mark.parametrize("make", [OpenAIProvider, AnthropicProvider])
async def test_who_leaves_a_held_answer_leaves_no_connection_that_is_held(
    make: type[OpenAIProvider | AnthropicProvider], server: ModelServer
) -> None:
    beat = Beat(share=3600)
    url = f"{server.url}/v1" if make is OpenAIProvider else server.url
    provider = make("acme", api_key=KEY, base_url=url, beat=beat)
    beat.join()  # company, so that there are beats
    await _first_words(provider, asking("plain-n20-d20"))
    beat.leave()
    answers = [await outcome(provider, asking("plain-n3-d20")) for _ in range(2)]
    await provider.aclose()

    assert [answer.error for answer in answers] == [None, None]
    assert server.connections == 2


@pytest.mark.parametrize("make", [OpenAIProvider, AnthropicProvider])
async def test_answers_that_keep_step_are_whole_and_their_connections_serve_again(
    make: type[OpenAIProvider | AnthropicProvider], server: ModelServer
) -> None:
    url = f"{server.url}/v1" if make is OpenAIProvider else server.url
    provider = make("acme", api_key=KEY, base_url=url, beat=Beat(share=0.01))
    request = asking("plain-n40-d5", "one two three")
    for _ in range(2):
        for answer in await asyncio.gather(*(outcome(provider, request) for _ in range(3))):
            assert answer.error is None
            assert answer.text == "one two three" * 13 + "one"
    await provider.aclose()

    assert server.connections == 3
