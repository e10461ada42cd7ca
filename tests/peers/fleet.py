"""Replicas for tests and benches: `chatops serve` processes on one database and one Redis, killed at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, TCPConnector

from program import Program
from serving import Serving, serving


class Replica:
    """One process and a client for it, whose addresses begin with the replica's own."""

    def __init__(self, server: Serving, http: ClientSession) -> None:
        self.server = server
        self.http = http

    @property
    def url(self) -> str:
        return self.server.url

    def kill(self) -> None:
        """As a crash would."""
        self.server.process.kill()


class Fleet:
    """`replicas` run; `add` starts one more. Who logs in nowhere is the same person everywhere.

    Args:
        folder: Each replica has its files in a folder of its own below.
        database: Shared; MongoDB's, or one SQLite file.
        redis: Shared too; empty: they share the database alone.
        env: More for each replica's environment.
    """

    def __init__(self, folder: Path, stack: AsyncExitStack, database: str, redis: str, env: dict[str, str]) -> None:
        self.replicas: list[Replica] = []
        self._folder = folder
        self._stack = stack
        self._env = {
            "CHATOPS_DATABASE": database,
            "CHATOPS_LOG_LEVEL": "warning",
            **({"CHATOPS_REDIS": redis} if redis else {}),
            **env,
        }

    async def add(self, *args: str) -> Replica:
        home = self._folder / f"replica{len(self.replicas)}"
        home.mkdir()
        program = Program(home)
        program.env.update(self._env)
        server = await self._stack.enter_async_context(serving(program, "--no-login", *args))
        http = await self._stack.enter_async_context(ClientSession(server.url, connector=TCPConnector(limit=0)))
        self.replicas.append(Replica(server, http))
        return self.replicas[-1]


@asynccontextmanager
async def fleet(folder: Path, count: int, *, database: str, redis: str = "", **env: str) -> AsyncGenerator[Fleet, None]:
    """So many replicas, started one after another."""
    async with AsyncExitStack() as stack:
        made = Fleet(folder, stack, database, redis, env)
        for _ in range(count):
            await made.add()
        yield made


async def read_all(replica: Replica, conversation: str, *, last_id: str = "") -> bytes:
    """The stream of a conversation's turn at a replica, pings left out; empty when there is none there."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with asyncio.timeout(60), replica.http.get(f"/api/chat/{conversation}/stream", headers=headers) as response:
        assert response.status in {200, 204}, await response.text()
        return (await response.read()).replace(b": ping\n\n", b"")
