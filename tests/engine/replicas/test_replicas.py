"""Two replicas on one database and one Redis: a turn of one is read, stopped and waited for at the other."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from chatops.engine.errors import InterruptedTurnError, NotFoundError
from chatops.engine.events import Event, Record, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Principal
from fakes import Step, answer
from peers.redis import RedisServer
from replica_rig import Replica, open_replica, until
from rig import ME

WORDS = [f"w{n} " for n in range(30)]


def slowly(*flags: asyncio.Event) -> list[Step]:
    """An answer that waits for a flag after each ten words."""
    steps: list[Step] = []
    for n, word in enumerate(WORDS):
        if n % 10 == 0 and n // 10 < len(flags):
            steps.append(flags[n // 10])
        steps.append(TextDelta(word))
    return [*steps, *answer()]


def text(records: list[Record]) -> str:
    return "".join(record.event.text for record in records if isinstance(record.event, TextDelta))


async def heard(replica: Replica, turn_id: str, number: int) -> list[Event]:
    """Reads until the event of that number is there."""
    seen: list[Event] = []
    async with aclosing(replica.engine.follow(ME, turn_id)) as batches:
        async for batch in batches:
            seen += batch
            if len(seen) >= number:
                break
    return seen


async def test_readers_at_every_replica_get_the_same_numbered_events(
    tmp_path: Path, redis_url: str, other: Replica
) -> None:
    flags = [asyncio.Event() for _ in range(3)]
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(*flags)) as home:
        turn_id = await home.start()
        readers = [asyncio.create_task(one.records(turn_id)) for one in (home, other, other)]
        for flag in flags:
            await asyncio.sleep(0.02)
            readers.append(asyncio.create_task(other.records(turn_id)))
            flag.set()
        first, *rest = [await reader for reader in readers]

        assert [record.seq for record in first] == list(range(1, 33))
        assert isinstance(first[0].event, TurnStarted)
        assert first[-1].event == TurnFinished(await other.message(turn_id))
        assert rest == [first] * 5
        for had in range(len(first)):
            assert await other.records(turn_id, after=had) == first[had:]


async def test_a_turn_is_readable_elsewhere_the_moment_it_is_acknowledged(
    tmp_path: Path, redis_url: str, other: Replica
) -> None:
    flag = asyncio.Event()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(flag)) as home:
        for _ in range(20):
            flag.clear()
            reading = asyncio.create_task(other.records(await home.start()))
            await until(lambda: other.turn_log._inbox._feeds)
            flag.set()
            assert text(await reading) == "".join(WORDS)
            other.turn_log._inbox._feeds.clear()


async def test_another_persons_turn_is_not_found_anywhere(tmp_path: Path, redis_url: str, other: Replica) -> None:
    eve = Principal(user_id="eve")
    flag = asyncio.Event()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(flag)) as home:
        turn_id = await home.start()
        await heard(other, turn_id, 1)
        with pytest.raises(NotFoundError):
            await anext(other.engine.attach(eve, turn_id))
        with pytest.raises(NotFoundError):
            await other.engine.stop(eve, turn_id)
        flag.set()


async def test_any_replica_stops_a_turn_and_is_told_when_its_answer_is_stored(
    tmp_path: Path, redis_url: str, other: Replica
) -> None:
    flags = [asyncio.Event() for _ in range(2)]
    flags[0].set()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(*flags)) as home:
        turn_id = await home.start()
        await heard(other, turn_id, 11)

        assert await other.engine.stop(ME, turn_id)
        kept = await other.message(turn_id)
        assert (kept.status, kept.text) == ("interrupted", "".join(WORDS[:10]))
        with pytest.raises(InterruptedTurnError):
            await home.records(turn_id)
        assert not await other.engine.stop(ME, turn_id)


async def test_the_end_of_one_replicas_bot_stops_no_turn_of_another(
    tmp_path: Path, redis_url: str, other: Replica
) -> None:
    flag = asyncio.Event()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(flag)) as home:
        turn_id = await home.start()
        await heard(other, turn_id, 1)

        assert not await other.engine.stop(ME, turn_id, "shutdown")
        flag.set()
        assert text(await home.records(turn_id)) == "".join(WORDS)


async def test_who_waits_for_a_conversation_goes_on_at_the_end_of_its_turn_elsewhere(
    tmp_path: Path, redis_url: str, other: Replica
) -> None:
    flag = asyncio.Event()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(flag)) as home:
        turn_id = await home.start()
        conversation = (await other.message(turn_id)).conversation_id
        waiting = asyncio.create_task(other.start(conversation_id=conversation, on_busy="queue"))
        await until(lambda: other.turn_log._inbox._feeds)
        flag.set()

        await other.records(await waiting)
        assert [message.status for message in await home.store.messages(ME.user_id, conversation, limit=9)] == [
            "complete"
        ] * 4


async def test_turns_that_are_not_stored_do_not_leave_their_process(
    tmp_path: Path, redis_server: RedisServer, redis_url: str, other: Replica
) -> None:
    async with open_replica(tmp_path / "chatops.db", redis_url) as home:
        turn_id = await home.start(record=False)
        assert text(await home.records(turn_id)) == "Hello"
        await home.records(await home.start())
        await until(lambda: redis_server.ask("KEYS", "chatops:turn:*"))

        assert len(redis_server.ask("KEYS", "chatops:turn:*")) == 1


async def test_what_lies_in_redis_ends_by_itself(
    tmp_path: Path, redis_server: RedisServer, redis_url: str, other: Replica
) -> None:
    flag = asyncio.Event()
    async with open_replica(tmp_path / "chatops.db", redis_url, slowly(flag)) as home:
        turn_id = await home.start()
        await heard(other, turn_id, 1)
        key = f"chatops:turn:{turn_id}"
        assert 0 < redis_server.ask("PTTL", key) <= 60_000
        flag.set()
        await other.records(turn_id)

        assert 200_000 < redis_server.ask("PTTL", key) <= 300_000
    leftovers = [key for key in redis_server.ask("KEYS", "*") if redis_server.ask("PTTL", key) < 0]
    assert leftovers in ([], [b"chatops:stops"])
