"""Processor time of a streamed chunk: our adapters against the official SDKs' own objects, on the same server.

    python bench/providers.py [ROUNDS]

The server (`tests/peers/llm.py`) runs in a process of its own; what counts is this process's time. Every round runs
every way once, in turn; the median of the rounds is told. `burst`: as fast as the server sends. `paced`: 32 streams at
100 chunks a second each. Ratios are within one workload; times depend on the machine.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from anthropic import AsyncAnthropic
from anthropic import DefaultAioHttpClient as AnthropicAioHttpClient
from openai import AsyncOpenAI
from openai import DefaultAioHttpClient as OpenAIAioHttpClient

from chatops.engine.events import TextDelta
from chatops.engine.messages import Message, TextPart
from chatops.engine.ports import ChatRequest, Provider
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.anthropic import AnthropicProvider
from chatops.engine.providers.direct import DirectProvider
from chatops.engine.providers.openai import OpenAIProvider

PEER = Path(__file__).parents[1] / "tests" / "peers" / "llm.py"
WORKLOADS = {"burst": ("plain-n2000", 2000, 4), "paced": ("plain-n100-d10", 100, 32)}
"""By name: the model, its chunks, and how many streams run at once."""

Answer = Callable[[str], Awaitable[str]]


def ours(provider: Provider) -> Answer:
    async def answer(model: str) -> str:
        message = Message(id="m", conversation_id="c", role="user", parts=(TextPart(text="word"),), created_at=0)
        request = ChatRequest(model=model, messages=[message])
        return "".join([event.text async for event in provider.stream(request) if isinstance(event, TextDelta)])

    return answer


def openai_objects(client: AsyncOpenAI) -> Answer:
    async def answer(model: str) -> str:
        stream = await client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "word"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return "".join([choice.delta.content or "" async for chunk in stream for choice in chunk.choices])

    return answer


def anthropic_objects(client: AsyncAnthropic) -> Answer:
    async def answer(model: str) -> str:
        stream = await client.messages.create(
            model=model, max_tokens=8192, messages=[{"role": "user", "content": "word"}], stream=True
        )
        events = [event async for event in stream]
        return "".join(
            event.delta.text
            for event in events
            if event.type == "content_block_delta" and event.delta.type == "text_delta"
        )

    return answer


async def cost(answer: Answer, model: str, chunks: int, streams: int) -> float:
    """Microseconds of processor time for a chunk."""
    before = time.process_time()
    texts = await asyncio.gather(*(answer(model) for _ in range(streams)))
    spent = time.process_time() - before
    if any(text != "word" * chunks for text in texts):
        raise RuntimeError("an answer is not whole")
    return spent / (chunks * streams) * 1e6


async def main(url: str, rounds: int) -> None:
    async with AsyncExitStack() as stack:
        openai = await stack.enter_async_context(AsyncOpenAI(api_key="k", base_url=f"{url}/v1"))
        openai_aio = await stack.enter_async_context(
            AsyncOpenAI(api_key="k", base_url=f"{url}/v1", http_client=OpenAIAioHttpClient())
        )
        anthropic = await stack.enter_async_context(AsyncAnthropic(api_key="k", base_url=url))
        anthropic_aio = await stack.enter_async_context(
            AsyncAnthropic(api_key="k", base_url=url, http_client=AnthropicAioHttpClient())
        )
        providers: list[Provider] = [
            OpenAIProvider("p", api_key="k", base_url=f"{url}/v1"),
            DirectProvider("p", openai_wire.WIRE, api_key="k", base_url=f"{url}/v1"),
            AnthropicProvider("p", api_key="k", base_url=url),
            DirectProvider("p", anthropic_wire.WIRE, api_key="k", base_url=url),
        ]
        ways: dict[str, Answer] = {
            "openai: ours": ours(providers[0]),
            "openai: ours, direct": ours(providers[1]),
            "openai: objects, aiohttp": openai_objects(openai_aio),
            "openai: objects": openai_objects(openai),
            "anthropic: ours": ours(providers[2]),
            "anthropic: ours, direct": ours(providers[3]),
            "anthropic: objects, aiohttp": anthropic_objects(anthropic_aio),
            "anthropic: objects": anthropic_objects(anthropic),
        }
        for answer in ways.values():
            await answer("plain-n10")
        for name, (model, chunks, streams) in WORKLOADS.items():
            costs: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(rounds):
                for way, answer in ways.items():
                    costs[way].append(await cost(answer, model, chunks, streams))
            report(name, costs)
        for provider in providers:
            await provider.aclose()


def report(workload: str, costs: dict[str, list[float]]) -> None:
    base = ""
    for way, found in costs.items():
        base = way if way.endswith(": ours") else base
        ratios = [cost / ours for cost, ours in zip(found, costs[base], strict=True)]
        times = f"{statistics.median(found):7.1f} us/chunk"
        print(f"{workload}  {way:28} {times}  {statistics.median(ratios):5.2f}x ({min(ratios):.2f}-{max(ratios):.2f})")


if __name__ == "__main__":
    with subprocess.Popen([sys.executable, PEER, "0"], stdout=subprocess.PIPE, text=True) as peer:
        try:
            address = peer.stdout.readline().strip() if peer.stdout else ""
            asyncio.run(main(address, int(sys.argv[1]) if len(sys.argv) > 1 else 5))
        finally:
            peer.kill()
