"""What a turn log is: the suite over every adapter, read where it is written and by another replica."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from chatops.engine.errors import NotFoundError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted, UsageUpdated
from chatops.engine.messages import Attempt, Conversation, ErrorInfo, Message, ReasoningPart, TextPart, Usage
from chatops.engine.ports import TurnLog
from chatops.engine.replicas.opening import open_replicas
from chatops.engine.replicas.turn_log import ReplicatedTurnLog
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.turnlogs.memory import MemoryTurnLog

CONVERSATION = Conversation(
    id="c", owner_id="ann", title="Tüte", created_at=1, updated_at=2, system="s", tags=("a", "b"), expires_at=3
)
BEGUN = Message(id="t", conversation_id="c", role="assistant", parts=(), created_at=1, seq=2, status="streaming")
ENDED = Message(
    id="t",
    conversation_id="c",
    role="assistant",
    parts=(ReasoningPart(text="hm"), TextPart(text="well")),
    created_at=1,
    seq=2,
    status="failed",
    usage=Usage(input_tokens=1, output_tokens=2, cost=3),
    error=ErrorInfo(code="provider_unreachable", message="gone", retry_after=1.5),
    attempts=(Attempt(provider="p", model="m", started_at=1, duration_ms=2, ttft_ms=1, error=None),),
)
EVENTS: list[Event] = [
    TurnStarted(CONVERSATION, BEGUN),
    ReasoningDelta("h"),
    ReasoningDelta("m\ud83d"),  # half a pair: a model was cut
    TextDelta("wörds "),
    TextDelta("\u2028\n\n\x00"),
    UsageUpdated(Usage(input_tokens=1, output_tokens=2, cached_tokens=1)),
    *(TextDelta(f"w{n} ") for n in range(20)),
    TurnFinished(ENDED),
]


@dataclass
class Pair:
    """A log that is written, and one that is read; both may be the same."""

    writer: TurnLog
    reader: TurnLog
    _opened: list[ReplicatedTurnLog] = field(default_factory=list)

    async def read(self, after: int = 0) -> list[Event]:
        async with aclosing(self.reader.read("t", after=after)) as batches:
            return [event async for batch in batches for event in batch]

    async def there(self, number: int) -> None:
        """Waits until that event can be read."""
        while True:
            try:
                async with aclosing(self.reader.read("t", after=number - 1)) as batches:
                    await anext(batches)
                    return
            except NotFoundError:
                await asyncio.sleep(0.005)


@pytest.fixture(params=["memory", "redis-here", "redis-elsewhere"])
async def pair(request: pytest.FixtureRequest) -> AsyncGenerator[Pair]:
    if request.param == "memory":
        one = MemoryTurnLog()
        yield Pair(one, one)
        return
    url = request.getfixturevalue("redis_url")
    store = await SqliteStore.open(":memory:")
    logs = [open_replicas(url, MemoryTurnLog(), store, lives=True) for _ in range(2)]
    yield Pair(logs[0], logs[0 if request.param == "redis-here" else 1])
    for log in logs:
        await log.aclose()
    await store.aclose()


async def write(log: TurnLog, events: Sequence[Event]) -> None:
    for event in events:
        await log.append("t", event)


async def test_a_late_reader_gets_every_event_as_it_was_written(pair: Pair) -> None:
    await write(pair.writer, EVENTS)
    await pair.there(len(EVENTS))

    assert await pair.read() == EVENTS


async def test_a_reader_that_comes_back_at_any_event_gets_exactly_the_rest(pair: Pair) -> None:
    await write(pair.writer, EVENTS)
    await pair.there(len(EVENTS))
    for had in range(len(EVENTS) + 1):
        assert await pair.read(after=had) == EVENTS[had:]


async def test_readers_of_any_pace_get_the_same_while_it_is_written(pair: Pair) -> None:
    async def slowly() -> list[Event]:
        seen: list[Event] = []
        async with aclosing(pair.reader.read("t")) as batches:
            async for batch in batches:
                seen += batch
                await asyncio.sleep(0.01)
        return seen

    await pair.writer.append("t", EVENTS[0])
    await pair.there(1)
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(pair.read()), group.create_task(slowly())]
        for event in EVENTS[1:]:
            await pair.writer.append("t", event)
            await asyncio.sleep(0.003)
            if event == EVENTS[10]:
                readers += [group.create_task(pair.read()), group.create_task(pair.read(after=7))]

    assert [reader.result() for reader in readers[:3]] == [EVENTS] * 3
    assert readers[3].result() == EVENTS[7:]


async def test_a_reader_that_leaves_disturbs_nobody(pair: Pair) -> None:
    await write(pair.writer, EVENTS[:5])
    await pair.there(5)
    leaver, stayer = asyncio.create_task(pair.read()), asyncio.create_task(pair.read())
    await asyncio.sleep(0.01)
    leaver.cancel()
    await write(pair.writer, EVENTS[5:])

    assert await stayer == EVENTS


async def test_append_tells_the_events_number(pair: Pair) -> None:
    assert [await pair.writer.append("t", event) for event in EVENTS[:3]] == [1, 2, 3]


async def test_an_unknown_turn_is_not_found(pair: Pair) -> None:
    with pytest.raises(NotFoundError):
        await pair.read()
