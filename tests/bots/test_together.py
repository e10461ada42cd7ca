"""The bots of several replicas keep to one pace together, through a real Redis, and each to its own without it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import pytest

from chatops.bots.gates import Gates, Lane, Together
from chatops.engine.replicas.lanes import RedisLanes
from chatops.engine.replicas.link import Link
from peers.redis import RedisServer

PACE = 0.03
EDITS = Lane(name="C1", pace=PACE)


@pytest.fixture
async def lanes(redis_url: str) -> AsyncGenerator[list[RedisLanes]]:
    """Those of two replicas."""
    links = [Link(redis_url, 0.5) for _ in range(2)]
    yield [RedisLanes(link) for link in links]
    for link in links:
        await link.aclose()


async def test_slots_are_given_out_one_after_another_to_whoever_asks(lanes: list[RedisLanes]) -> None:
    here, there = lanes
    waits = [await one.slot("C1", pace=10, burst=1) for one in (here, there, here)]

    assert waits[0] == 0
    assert 9 < waits[1] <= 10
    assert 19 < waits[2] <= 20
    assert await there.slot("C2", pace=10, burst=1) == 0
    assert [await here.slot("C3", pace=10, burst=3) for _ in range(3)] == [0, 0, 0]
    assert 9 < await there.slot("C3", pace=10, burst=3) <= 10


async def test_a_bucket_that_was_refused_is_closed_for_all(lanes: list[RedisLanes]) -> None:
    here, there = lanes
    await here.close("C1", 30)

    assert 29 < await there.slot("C1", pace=1, burst=1) <= 30
    assert 30 < await there.slot("C1", pace=1, burst=1) <= 31


class Tasks:
    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    def spawn(self, work: Coroutine[Any, Any, object]) -> object:
        return self._group.create_task(work)


async def test_gates_of_two_replicas_grant_no_faster_than_one_would(lanes: list[RedisLanes]) -> None:
    loop, granted = asyncio.get_running_loop(), []

    async def calls(gates: Gates, key: str) -> None:
        for _ in range(5):
            async with gates[EDITS].slot(key, urgent=False):
                granted.append(loop.time())

    begun = loop.time()
    async with asyncio.TaskGroup() as group:
        for one in lanes:
            gates = Gates(Together(lanes=one, prefix="slack", spawn=Tasks(group).spawn))
            group.create_task(calls(gates, "t1"))
            group.create_task(calls(gates, "t2"))

    assert len(granted) == 20
    assert all(at - begun > n * PACE - 0.005 for n, at in enumerate(sorted(granted)))


async def test_finals_go_first_when_the_slots_time_has_come(lanes: list[RedisLanes]) -> None:
    order: list[str] = []

    async def call(gates: Gates, key: str, *, urgent: bool) -> None:
        async with gates[EDITS].slot(key, urgent=urgent):
            order.append(key)

    async with asyncio.TaskGroup() as group:
        gates = Gates(Together(lanes=lanes[0], prefix="slack", spawn=Tasks(group).spawn))
        await call(gates, "first", urgent=False)
        for n in range(3):
            group.create_task(call(gates, f"edit{n}", urgent=False))
        await asyncio.sleep(0.01)
        group.create_task(call(gates, "final", urgent=True))

    assert order == ["first", "final", "edit0", "edit1", "edit2"]


async def test_without_redis_each_keeps_to_the_pace_by_itself(
    lanes: list[RedisLanes], redis_server: RedisServer
) -> None:
    redis_server.kill()
    try:
        async with asyncio.TaskGroup() as group:
            gates = Gates(Together(lanes=lanes[0], prefix="slack", spawn=Tasks(group).spawn))
            for _ in range(3):
                async with gates[EDITS].slot("t", urgent=False):
                    pass
            gates[EDITS].refused(0.01)
            async with gates[EDITS].slot("t", urgent=True):
                pass
    finally:
        redis_server.start()
