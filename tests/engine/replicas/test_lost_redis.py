"""Redis is killed, emptied or frozen under a turn: readers here notice nothing, those elsewhere miss nothing."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatops.engine.errors import ConflictError, InterruptedTurnError, NotFoundError, StoreError
from chatops.engine.events import TextDelta
from fakes import Step, answer
from peers.redis import RedisServer
from replica_rig import Replica, open_replica, until
from rig import ME

WORDS = [f"w{n} " for n in range(40)]


@pytest.fixture
def flags() -> list[asyncio.Event]:
    """Each lets ten words more come."""
    return [asyncio.Event() for _ in range(4)]


@pytest.fixture
async def home(tmp_path: Path, redis_url: str, flags: list[asyncio.Event]) -> AsyncGenerator[Replica]:
    """The replica that runs the turn."""
    steps: list[Step] = []
    for n, word in enumerate(WORDS):
        if n % 10 == 0:
            steps.append(flags[n // 10])
        steps.append(TextDelta(word))
    async with open_replica(tmp_path / "chatops.db", redis_url, [*steps, *answer()]) as replica:
        yield replica
        for flag in flags:
            flag.set()


def events_at(replica: Replica, turn_id: str) -> int:
    feed = replica.turn_log._inbox._feeds.get(turn_id)
    return len(feed.events) if feed else 0


async def begun(
    home: Replica, other: Replica, flags: list[asyncio.Event]
) -> tuple[str, list[asyncio.Task[list[object]]]]:
    """A turn with ten words, and its readers: one here, two elsewhere."""
    turn_id = await home.start()
    readers = [asyncio.create_task(one.records(turn_id)) for one in (home, other, other)]
    flags[0].set()
    await until(lambda: events_at(other, turn_id) == 11)
    return turn_id, readers  # type: ignore[return-value]  # records are objects


async def test_a_turn_goes_on_here_and_is_made_up_for_elsewhere_when_redis_comes_back_empty(
    home: Replica, other: Replica, flags: list[asyncio.Event], redis_server: RedisServer
) -> None:
    turn_id, readers = await begun(home, other, flags)
    redis_server.kill()
    flags[1].set()
    await until(lambda: home.turn_log.link.trouble and other.turn_log.link.trouble)
    run = home.engine._runs[turn_id]
    await until(lambda: "w19" in "".join(run._transcript._chunks))
    assert "no connection" in home.turn_log.status()
    assert events_at(other, turn_id) == 11
    redis_server.start()
    await until(lambda: events_at(other, turn_id) == 21)
    for flag in flags[2:]:
        flag.set()

    first, *rest = [await reader for reader in readers]
    assert len(first) == 42
    assert rest == [first, first]
    assert await other.records(turn_id, after=5) == first[5:]
    assert (home.turn_log.status(), other.turn_log.status()) == ("ok", "ok")


async def test_an_emptied_redis_gets_all_of_a_running_turn_again(
    home: Replica, other: Replica, flags: list[asyncio.Event], redis_server: RedisServer
) -> None:
    turn_id, readers = await begun(home, other, flags)
    redis_server.ask("FLUSHALL")
    flags[1].set()
    await until(lambda: events_at(other, turn_id) == 21)
    redis_server.ask("FLUSHALL")  # now nothing more comes for a while: the renewal notices it
    other.turn_log._inbox._feeds.clear()
    late = asyncio.create_task(other.records(turn_id))
    await until(lambda: events_at(other, turn_id) == 21)
    for flag in flags[2:]:
        flag.set()

    first, *rest = [await reader for reader in [readers[0], late]]
    assert rest == [first]
    for reader in readers[1:]:
        reader.cancel()


async def test_a_redis_that_took_over_without_the_newest_events_gets_them_again(
    home: Replica, other: Replica, flags: list[asyncio.Event], redis_server: RedisServer
) -> None:
    turn_id, readers = await begun(home, other, flags)
    key = f"chatops:turn:{turn_id}"
    flags[1].set()
    await until(lambda: events_at(other, turn_id) == 21)
    earliest = redis_server.ask("XRANGE", key, "-", "+")[0]
    redis_server.ask("DEL", key)
    redis_server.ask("XADD", key, earliest[0], "e", earliest[1][b"e"])
    other.turn_log._inbox._feeds.clear()
    late = asyncio.create_task(other.records(turn_id))
    for flag in flags[2:]:
        flag.set()

    assert await late == await readers[0]
    for reader in readers[1:]:
        reader.cancel()


async def test_a_turn_that_ended_while_redis_was_away_is_read_from_the_store(
    home: Replica, other: Replica, flags: list[asyncio.Event], redis_server: RedisServer
) -> None:
    turn_id, (here, *elsewhere) = await begun(home, other, flags)
    redis_server.kill()
    try:
        with pytest.raises(StoreError, match=r"cannot use Redis at 127\.0\.0\.1"):
            await other.engine.stop(ME, turn_id)
        for flag in flags:
            flag.set()
        assert len(await here) == 42
        for reader in elsewhere:  # not all of it came: they are told so, and miss nothing that they were shown
            with pytest.raises(StoreError, match="read it again"):
                await reader
        with pytest.raises(NotFoundError, match="cannot be read along from here just now"):
            await other.records(turn_id)
        assert (await other.message(turn_id)).text == "".join(WORDS)
        assert not await other.engine.stop(ME, turn_id)
    finally:
        redis_server.start()
    await until(lambda: redis_server.ask("EXISTS", f"chatops:turn:{turn_id}"))

    assert await other.records(turn_id) == await home.records(turn_id)


async def test_a_frozen_redis_holds_nobody_up(
    home: Replica, other: Replica, flags: list[asyncio.Event], redis_server: RedisServer
) -> None:
    turn_id, readers = await begun(home, other, flags)
    redis_server.freeze()
    try:
        for flag in flags:
            flag.set()
        assert len(await readers[0]) == 42
        await until(lambda: other.turn_log.link.trouble)
        assert "no answer in time" in other.turn_log.status()
    finally:
        redis_server.thaw()

    for reader in readers[1:]:  # the store said that it had ended, before Redis could speak again
        with pytest.raises(StoreError):
            await reader
    await until(lambda: redis_server.ask("PTTL", f"chatops:turn:{turn_id}") > 200_000)
    assert await other.records(turn_id) == await home.records(turn_id)


async def test_a_process_begins_without_redis_and_finds_it_later(
    tmp_path: Path, other: Replica, redis_server: RedisServer, redis_url: str
) -> None:
    redis_server.kill()
    try:
        async with open_replica(tmp_path / "chatops.db", redis_url) as late:
            turn_id = await late.start()
            assert len(await late.records(turn_id)) == 4
            await until(lambda: late.turn_log.link.trouble)
            redis_server.start()
            await until(lambda: redis_server.ask("EXISTS", f"chatops:turn:{turn_id}"))
            assert len(await other.records(turn_id)) == 4
    finally:
        if not redis_server._answers():
            redis_server.start()


async def test_a_turn_whose_process_is_gone_ends_for_readers_elsewhere_as_its_lease_does(
    home: Replica, other: Replica, flags: list[asyncio.Event]
) -> None:
    turn_id, (here, *elsewhere) = await begun(home, other, flags)
    here.cancel()
    run = home.engine._runs[turn_id]
    run._journal._closed = True  # type: ignore[union-attr]  # as a process that does nothing any more
    other.store._clock = lambda: 2**53

    for reader in elsewhere:
        with pytest.raises(InterruptedTurnError) as told:
            await reader
        assert told.value.code == "abandoned"
    assert (await other.message(turn_id)).status == "interrupted"
    with pytest.raises(InterruptedTurnError):
        await other.records(turn_id)


async def test_a_turn_that_cannot_be_told_is_no_turn_that_is_over(
    home: Replica,
    other: Replica,
    flags: list[asyncio.Event],
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn_id = await home.start()
    alone = other.engine._elsewhere
    alone._replicas = None

    with pytest.raises(ConflictError, match="another process writes this answer"):
        await other.engine.stop(ME, turn_id)
