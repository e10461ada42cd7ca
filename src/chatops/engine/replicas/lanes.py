"""The pace at which all replicas together call a platform, kept in Redis by its own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.engine.replicas import keys
from chatops.engine.replicas.link import Link
from chatops.engine.replicas.scripts import CLOSE, SLOT

if TYPE_CHECKING:
    from chatops.engine.replica_ports import Lanes


class RedisLanes:
    """`Lanes` over a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def slot(self, name: str, *, pace: float, burst: int) -> float:
        wait = await self._link.evaluate(SLOT, [keys.lane(name)], [round(pace * 1_000_000), burst])
        return int(wait) / 1_000_000

    async def close(self, name: str, seconds: float) -> None:
        await self._link.evaluate(CLOSE, [keys.lane(name)], [round(seconds * 1_000_000)])


if TYPE_CHECKING:
    _: type[Lanes] = RedisLanes
