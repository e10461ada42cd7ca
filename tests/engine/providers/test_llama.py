"""The bridge between llama.cpp's thread and the event loop, and what really happens when a prompt is being read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from chatops.engine.errors import ProviderRejectedError
from chatops.engine.events import TextDelta
from chatops.engine.messages import Message, TextPart
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import llama
from chatops.engine.providers.local import LocalProvider
from chatops.engine.providers.weights import SMOLLM2
from chatops.engine.providers.wire import Json
from peers import local_model


class ScriptedServer:
    """Stands where xllamacpp's server stands: calls back with some chunks, then waits until it is told to stop."""

    def __init__(self, *chunks: Json, then: Exception | None = None) -> None:
        self.chunks = chunks
        self.then = then
        self.sent = threading.Event()
        self.stopped = threading.Event()

    def handle_chat_completions(self, _body: Json, callback: Callable[[Json], bool]) -> None:
        stop = [callback(chunk) for chunk in self.chunks]
        self.sent.set()
        if self.then is not None:
            raise self.then
        while not any(stop):
            stop.append(callback({}))
        self.stopped.set()


def asking(text: str) -> ChatRequest:
    message = Message(id="m", conversation_id="c", role="user", parts=(TextPart(text=text),), created_at=0)
    return ChatRequest(model=SMOLLM2.model, messages=[message])


async def test_chunks_that_wait_are_read_together() -> None:
    server = ScriptedServer({"n": 1}, {"n": 2}, {"n": 3})
    batches = llama.Call(server, {}).batches(silence=60)
    # The loop stands still from the thread's start until all three are sent.
    asyncio.get_running_loop().call_soon(server.sent.wait)

    batch = await anext(batches)

    assert batch[:3] == [{"n": 1}, {"n": 2}, {"n": 3}]
    await batches.aclose()
    assert await asyncio.to_thread(server.stopped.wait, 30)


async def test_a_refused_request_becomes_an_error_chunk_after_what_came() -> None:
    server = ScriptedServer({"n": 1}, then=ValueError("Expected 'messages' to be an array"))

    chunks = [chunk async for batch in llama.Call(server, {}).batches(silence=60) for chunk in batch]

    assert chunks == [
        {"n": 1},
        {"error": {"type": "invalid_request_error", "message": "Expected 'messages' to be an array"}},
    ]


def test_a_call_ends_when_the_event_loop_is_closed() -> None:
    server = ScriptedServer({"n": 1})

    async def first_batch() -> AsyncGenerator[list[Json], None]:
        batches = llama.Call(server, {}).batches(silence=60)
        await anext(batches)
        return batches

    loop = asyncio.new_event_loop()
    unfinished = loop.run_until_complete(first_batch())
    loop.close()

    assert server.stopped.wait(30)
    del unfinished


async def test_what_came_before_an_error_is_told(tmp_path: Path) -> None:
    provider = LocalProvider(cache_dir=tmp_path)
    provider._server = ScriptedServer({"choices": [{"delta": {"content": "Half"}}]}, then=RuntimeError("gone"))
    answer = provider.stream(asking("Hello"))

    assert await anext(answer) == TextDelta("Half")
    with pytest.raises(ProviderRejectedError, match="gone"):
        await anext(answer)


class Watched:
    """The real server, with a look at how far the reading of the prompt came."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.progress: list[Json] = []

    def handle_chat_completions(self, body: Json, callback: Callable[[Json], bool]) -> None:
        def watch(chunk: Json) -> bool:
            self.progress.append(chunk["prompt_progress"])
            return callback(chunk)

        self.server.handle_chat_completions(body, watch)


@pytest.fixture(scope="module")
def weights() -> Path:
    return local_model.weights()


async def test_the_reading_of_a_long_prompt_can_be_stopped(weights: Path) -> None:
    server = Watched(llama.load(weights, slots=1, context=2048, threads=1))
    body = LocalProvider(cache_dir=weights.parent).payload(asking("word and another thing " * 380))
    call = llama.Call(server, body)
    batches = call.batches(silence=60)
    await anext(batches)

    await batches.aclose()

    await asyncio.to_thread(call._thread.join, 30)
    assert not call._thread.is_alive()
    assert server.progress[-1]["processed"] < server.progress[-1]["total"]
