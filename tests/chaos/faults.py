"""What is done to a cluster, one thing after another, each mended before the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chaos.cluster import Cluster

Fault = Callable[[Cluster, int], Awaitable[None]]
OUTAGE = 1.0
"""Seconds that something stays away."""


async def replica(cluster: Cluster, turn: int) -> None:
    number = turn % len(cluster.ports)
    await cluster.kill(number)
    await asyncio.sleep(OUTAGE)
    await cluster.revive(number)


async def primary(cluster: Cluster, _turn: int) -> None:
    member = await asyncio.to_thread(lambda: next(one for one in cluster.mongo.members if one.is_primary()))
    await asyncio.to_thread(member.kill)
    await asyncio.sleep(OUTAGE)
    await asyncio.to_thread(member.launch)
    await asyncio.to_thread(member.wait_until, lambda: any(one.is_primary() for one in cluster.mongo.members))


async def redis(cluster: Cluster, _turn: int) -> None:
    await asyncio.to_thread(cluster.redis.kill)
    await asyncio.sleep(OUTAGE)
    await asyncio.to_thread(cluster.redis.start)


FAULTS: tuple[Fault, ...] = (replica, primary, redis)


async def in_turn(cluster: Cluster, seconds: float, *, pause: float, tell: Callable[[str], None]) -> int:
    """Does one fault after another for so long, all of them at least once; how many there were."""
    end = asyncio.get_running_loop().time() + seconds
    done = 0
    while done < len(FAULTS) or asyncio.get_running_loop().time() < end:
        fault = FAULTS[done % len(FAULTS)]
        tell(f"kill -9 of {fault.__name__}")
        await fault(cluster, done // len(FAULTS))
        done += 1
        await asyncio.sleep(pause)
    return done
