import asyncio
from contextlib import aclosing

import pytest

from chatops.engine.errors import NotFoundError
from chatops.engine.events import Event, TextDelta, TurnFinished
from chatops.engine.messages import Message
from chatops.engine.turnlogs.memory import MemoryTurnLog

END = TurnFinished(Message(id="t", conversation_id="c", role="assistant", parts=(), created_at=0))


async def read(log: MemoryTurnLog, after: int = 0) -> list[Event]:
    async with aclosing(log.read("t", after=after)) as batches:
        return [event async for batch in batches for event in batch]


async def test_any_number_of_readers_at_any_time_get_the_same_numbered_events() -> None:
    log = MemoryTurnLog()
    events: list[Event] = [TextDelta(str(n)) for n in range(50)]
    await log.append("t", TextDelta("first"))
    readers: list[asyncio.Task[list[Event]]] = []
    async with asyncio.TaskGroup() as group:
        for n, event in enumerate(events):
            if n % 10 == 0:
                readers.append(group.create_task(read(log)))
            if n % 7 == 0:
                await asyncio.sleep(0)
            await log.append("t", event)
        await log.append("t", END)

    expected = [TextDelta("first"), *events, END]
    assert [expected] * 5 == [reader.result() for reader in readers]
    assert expected == await read(log)
    assert expected[20:] == await read(log, after=20)
    assert await read(log, after=len(expected)) == []


async def test_what_came_together_is_read_together() -> None:
    log = MemoryTurnLog()
    await log.append("t", TextDelta("a"))
    await log.append("t", TextDelta("b"))
    async with aclosing(log.read("t")) as batches:
        assert await anext(batches) == [TextDelta("a"), TextDelta("b")]
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        await log.append("t", TextDelta("c"))
        await log.append("t", END)

        assert await waiting == [TextDelta("c"), END]


async def test_append_tells_the_events_number() -> None:
    log = MemoryTurnLog()

    assert [await log.append("t", event) for event in (TextDelta("a"), TextDelta("b"), END)] == [1, 2, 3]


async def test_a_reader_that_leaves_disturbs_nobody() -> None:
    log = MemoryTurnLog()
    await log.append("t", TextDelta("a"))
    leaver, stayer = asyncio.create_task(read(log)), asyncio.create_task(read(log))
    await asyncio.sleep(0)
    leaver.cancel()
    await log.append("t", END)

    assert len(await stayer) == 2


async def test_an_unknown_turn_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        await read(MemoryTurnLog())


async def test_a_finished_turn_is_forgotten_after_its_time() -> None:
    log = MemoryTurnLog(kept=0.01)
    await log.append("t", END)
    assert len(await read(log)) == 1

    await asyncio.sleep(0.05)
    with pytest.raises(NotFoundError):
        await read(log)


async def test_the_oldest_finished_turns_go_when_there_are_too_many() -> None:
    log = MemoryTurnLog(most=10)
    await log.append("t", END)
    for n in range(9):
        await log.append(f"other {n}", END)
    assert await read(log) == [END]

    await log.append("one more", END)
    with pytest.raises(NotFoundError):
        await read(log)


async def test_the_oldest_finished_turns_go_when_they_take_too_much_memory() -> None:
    log = MemoryTurnLog(most_bytes=100_000)
    await log.append("t", TextDelta("x" * 60_000))
    await log.append("t", END)
    assert len(await read(log)) == 2

    await log.append("another", TextDelta("x" * 60_000))
    assert len(await read(log)) == 2, "a running turn counts when it is over"
    await log.append("another", END)
    with pytest.raises(NotFoundError):
        await read(log)
