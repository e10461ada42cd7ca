"""Looks at a Redis without changing it: does it answer, does it let us in, is it new enough."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.engine.replicas.link import Link

NEEDED = (6, 2)
"""The first that can add to a stream only if it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisReport:
    """`policy`: what it throws away when its memory is full."""

    where: str
    version: str
    policy: str

    @property
    def is_new_enough(self) -> bool:
        return tuple(int(part) for part in self.version.split(".")[:2]) >= NEEDED


async def check_redis(url: str) -> RedisReport:
    """Asks the server; takes a few seconds when there is none.

    Raises:
        SettingsError: The address is malformed, or the client is not installed.
        StoreError: No server answers, or it refuses us.
    """
    link = Link(url)
    try:
        server = await link.run("INFO", "server")
        memory = await link.run("INFO", "memory")
    finally:
        await link.aclose()
    policy = str(memory.get("maxmemory_policy", "unknown"))
    return RedisReport(where=link.where, version=str(server["redis_version"]), policy=policy)
