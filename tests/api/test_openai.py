"""The OpenAI-compatible half, asked by the official SDK as it is."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import openai
import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import ReasoningDelta, TextDelta
from chatops.engine.models import ModelSpec
from fakes import answer
from server import Server, open_server

HI: Any = [{"role": "user", "content": "hi"}]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    script = [ReasoningDelta("hm"), *answer("Hel", "lo", tokens=2)]
    async with open_server(tmp_path / "db", script, spec=ModelSpec(id="fake:m")) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncGenerator[openai.AsyncOpenAI, None]:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
        yield client


async def test_the_official_sdk_streams_an_answer(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="fake:m", messages=HI, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].model == "fake:m"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.total_tokens) == (1, 3)
    assert {chunk.usage for chunk in chunks[:-1]} == {None}


async def test_the_official_sdk_reads_a_whole_answer(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="m", messages=HI)

    assert done.choices[0].message.content == "Hello"
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.completion_tokens == 2


async def test_the_sdks_own_stream_helper_is_content(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="fake:m", messages=HI) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_completion()

    assert final.choices[0].message.content == "Hello"


async def test_models_are_listed_and_looked_up(client: openai.AsyncOpenAI) -> None:
    listed = [model.id async for model in client.models.list()]
    one = await client.models.retrieve("fake:one")

    assert listed == ["fake:m", "fake:one", "other:one"]
    assert (one.id, one.owned_by) == ("fake:one", "fake")
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nobody:x")


async def test_the_model_is_shown_the_messages_that_were_sent(server: Server, client: openai.AsyncOpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Very."},
        {"role": "user", "content": [{"type": "text", "text": "what?"}, image]},
        {"role": "assistant", "content": "A dot."},
        {"role": "user", "content": "and now?"},
    ]
    await client.chat.completions.create(
        model="fake:m", messages=messages, temperature=0.5, max_completion_tokens=7, stop=["x"], seed=1
    )

    (request,) = server.rig.provider.requests
    assert request.system == "Be brief.\n\nVery."
    assert [(one.role, one.text) for one in request.messages] == [
        ("user", "what?"),
        ("assistant", "A dot."),
        ("user", "and now?"),
    ]
    assert request.messages[0].files[0].media_type == "image/png"
    assert (request.sampling.temperature, request.sampling.max_tokens, request.sampling.stop) == (0.5, 7, ("x",))
    assert request.sampling.extra == {"seed": 1}
    assert (await server.json("GET", "/api/conversations"))["conversations"] == []


async def test_a_turn_is_stored_when_that_is_asked(server: Server, client: openai.AsyncOpenAI) -> None:
    messages: Any = [*HI, {"role": "assistant", "content": "hello"}, {"role": "user", "content": "and?"}]
    raw = await client.chat.completions.with_raw_response.create(model="fake:m", messages=messages, store=True)
    cid = raw.headers["X-Conversation-Id"]
    assert await server.rig.texts() == ["hi", "hello", "and?", "Hello"]

    headers = {"X-Conversation-Id": cid, "Idempotency-Key": "k1"}
    for _ in range(2):
        await client.chat.completions.create(model="fake:m", messages=HI, extra_headers=headers)
    assert await server.rig.texts() == ["hi", "hello", "and?", "Hello", "hi", "Hello"]
    assert [one.text for one in server.rig.provider.requests[-1].messages] == ["hi"]
    assert len(server.rig.provider.requests) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 2},
        {"logprobs": True},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"modalities": ["audio"]},
        {"nonsense": 1},
        {"temperature": "hot"},
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]},
        {"messages": [{"role": "assistant", "content": "x"}]},
        {"messages": []},
    ],
)
async def test_what_is_not_supported_is_refused_by_name(server: Server, wrong: dict[str, Any]) -> None:
    async with server.http.post("/v1/chat/completions", json={"model": "m", "messages": HI, **wrong}) as response:
        assert response.status == 400
        error = (await response.json())["error"]
    assert error["type"] == "invalid_request_error"
    assert next(iter(wrong)) in error["message"]
    assert not server.rig.provider.requests


async def test_errors_become_the_sdks_own(server: Server, client: openai.AsyncOpenAI, tmp_path: Path) -> None:
    with pytest.raises(openai.BadRequestError, match="no model"):
        await client.chat.completions.create(model="nobody:x", messages=HI)

    async with open_server(tmp_path / "other", registration="open") as locked:
        async with openai.AsyncOpenAI(base_url=f"{locked.url}/v1", api_key="wrong", max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError) as caught:
                await stranger.models.list()
        assert caught.value.code == "invalid_api_key"


async def test_a_failure_before_and_after_the_first_token_is_told(tmp_path: Path) -> None:
    gone = ProviderUnavailableError("the model is gone", provider="fake", code="provider_stream_cut")
    async with (
        open_server(tmp_path / "db", [TextDelta("Hel"), gone]) as server,
        openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client,
    ):
        stream = await client.chat.completions.create(model="fake:m", messages=HI, stream=True)
        said = ""
        with pytest.raises(openai.APIError, match="the model is gone"):
            async for chunk in stream:
                said += chunk.choices[0].delta.content or ""
        assert said == "Hel"
        with pytest.raises(openai.InternalServerError, match="the model is gone"):
            await client.chat.completions.create(model="fake:m", messages=HI)


async def test_nobody_pays_for_an_unstored_answer_that_nobody_reads(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", [TextDelta("Hel"), never]) as server:
        body = {"model": "fake:m", "messages": HI, "stream": True}
        async with server.http.post("/v1/chat/completions", json=body) as response:
            await response.content.readuntil(b"Hel")
        while not server.rig.provider.closed:
            await asyncio.sleep(0.001)

        async with server.http.post("/v1/chat/completions", json={**body, "store": True}) as response:
            await response.content.readuntil(b"Hel")
            cid = response.headers["X-Conversation-Id"]
        while server.app_streams.readers:
            await asyncio.sleep(0.001)
        assert server.rig.provider.closed == 1
        await server.json("POST", f"/api/chat/{cid}/stop")
