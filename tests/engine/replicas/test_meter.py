"""Rates and slots in Redis: the same for every replica, and counted in the database while Redis is away."""

from collections.abc import AsyncGenerator

import pytest

from builders import LEASE, T0
from chatops.bootstrap import open_meter
from chatops.engine.limits.ports import Meter, Rate, Refusal
from chatops.engine.replicas.link import Link
from chatops.engine.replicas.meter import ReplicatedMeter
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock
from metering import admit, entry, hold, opened, slot
from peers.redis import RedisServer

RATE = Rate(count=2, seconds=60)


@pytest.fixture
async def store() -> AsyncGenerator[SqliteStore]:
    store = await SqliteStore.open(":memory:", clock=SetClock(T0))
    yield store
    await store.aclose()


@pytest.fixture
async def meters(redis_url: str, store: SqliteStore) -> AsyncGenerator[list[ReplicatedMeter]]:
    """Those of two replicas."""
    links = [Link(redis_url, 0.5) for _ in range(2)]
    yield [ReplicatedMeter(link, open_meter(store)) for link in links]
    for link in links:
        await link.aclose()


async def test_replicas_count_together(meters: list[ReplicatedMeter], store: SqliteStore) -> None:
    here, there = meters
    assert [await one.hit("ann", RATE, now=T0) for one in (here, there, here, there)] == [0, 0, 30, 30]
    assert await admit(here, "1", slot(), hold()) == {"turns/ann": 1, "money/x": 100}
    assert await admit(there, "2", slot()) == {"turns/ann": 1}

    assert await admit(there, "3", slot()) == Refusal(key="turns/ann", meter=Meter(0, 2))
    await here.settle(opened("1", slot(), hold()), entry("1"))
    assert await admit(there, "3", slot()) == {"turns/ann": 1}
    assert await open_meter(store).meters(["turns/ann"]) == {}
    assert [row.entry.turn_id for row in await there.rows(after=0, limit=9)] == ["1"]


async def test_a_slot_whose_budget_does_not_fit_is_given_back(meters: list[ReplicatedMeter]) -> None:
    here, there = meters
    assert isinstance(await admit(here, "1", slot(1), hold(limit=5)), Refusal)

    assert await admit(there, "2", slot(1)) == {"turns/ann": 1}


async def test_without_redis_the_database_counts_and_nobody_is_unlimited(
    meters: list[ReplicatedMeter], redis_server: RedisServer
) -> None:
    here, there = meters
    assert await admit(here, "1", slot()) == {"turns/ann": 1}
    redis_server.kill()
    try:
        assert [await one.hit("ann", RATE, now=T0) for one in (here, there, here)] == [0, 0, 30]
        assert [await admit(one, name, slot()) for one, name in ((here, "2"), (there, "3"))] == [{"turns/ann": 1}] * 2
        assert await admit(here, "4", slot()) == Refusal(key="turns/ann", meter=Meter(0, 2))
        assert not await there.renew([opened("3", slot(), until=T0 + LEASE)])
        await here.settle(opened("1", slot()), entry("1"))
        await here.settle(opened("2", slot()), entry("2"))
        assert await admit(there, "5", slot()) == {"turns/ann": 1}
    finally:
        redis_server.start()
    here._link._failed_at = there._link._failed_at = -9.0  # a second is over
    await there.renew([opened(name, slot(), until=T0 + LEASE) for name in ("3", "5")])

    assert await admit(here, "6", slot()) == Refusal(key="turns/ann", meter=Meter(0, 2))
    await there.settle(opened("5", slot()), entry("5"))
    assert await admit(here, "6", slot()) == {"turns/ann": 1}
    assert len(await here.rows(after=0, limit=9)) == 3


async def test_a_frozen_redis_costs_one_turn_a_second_and_the_others_nothing(
    meters: list[ReplicatedMeter], redis_server: RedisServer
) -> None:
    await meters[0].hit("bob", RATE, now=T0)
    redis_server.freeze()
    try:
        assert [await meters[0].hit("ann", RATE, now=T0) for _ in range(3)] == [0, 0, 30]
        assert not meters[0]._link.usable
    finally:
        redis_server.thaw()


async def test_an_emptied_redis_knows_running_turns_again_when_they_renew(
    meters: list[ReplicatedMeter], redis_server: RedisServer
) -> None:
    here, there = meters
    await admit(here, "1", slot(1))
    redis_server.ask("FLUSHALL")
    await here.renew([opened("1", slot(), until=T0 + LEASE)])

    assert await admit(there, "2", slot(1)) == Refusal(key="turns/ann", meter=Meter(0, 1))
