"""Servers as a team runs them: several processes, one replica set, one Redis, one proxy before them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import subprocess
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from aiohttp.client_exceptions import ClientError

from peers.mongod import ReplicaSet, free_port
from peers.nginx import Nginx
from peers.redis import RedisServer
from program import Program

PASSWORD = "correct horse battery staple"
WORDS = 60
"""Of an answer; one in `PACE` milliseconds."""
PACE = 50
ROOMY, TIGHT = 20_000_000, 20_000
"""Tokens a month of each person, and of the first one, whose turns are soon refused."""
CONFIG = f"""\
model = "echo:plain-d{PACE}-n{WORDS}"
[limits]
requests_per_minute = 100000
http_requests_per_minute = 1000000
address_requests_per_minute = 1000000
concurrent_turns = 1000
budget = {{ tokens = {ROOMY}, period = "month" }}
[server]
trusted_proxies = ["127.0.0.1"]
"""


class Cluster:
    """`replicas` processes of `chatops serve`. Any part can be killed and started again."""

    def __init__(self, folder: Path, replicas: int = 3) -> None:
        self.mongo = ReplicaSet()
        self.redis = RedisServer()
        self.ports = [free_port() for _ in range(replicas)]
        self.nginx = Nginx(self.ports)
        self.programs = [self._program(folder / f"replica{n}") for n in range(replicas)]
        self.processes: list[asyncio.subprocess.Process | None] = [None] * replicas

    def _program(self, home: Path) -> Program:
        home.mkdir(parents=True)
        (home / "config.toml").write_text(CONFIG, "utf-8")
        return Program(home, CHATOPS_LOG_LEVEL="warning", CHATOPS_CONFIG=str(home / "config.toml"))

    async def start(self, people: int) -> list[str]:
        """Starts everything and returns the access tokens of so many new accounts."""
        await asyncio.to_thread(self.mongo.start)
        await asyncio.to_thread(self.redis.start)
        secret = secrets.token_urlsafe(48)
        for program in self.programs:
            program.env |= {
                "CHATOPS_DATABASE": self.mongo.uri("chaos"),
                "CHATOPS_REDIS": self.redis.url(),
                "CHATOPS_JWT_SECRET": secret,
            }
        emails = [f"person{n}@example.org" for n in range(people)]
        for email in emails:
            done = await asyncio.to_thread(self.programs[0].run, "users", "add", email, stdin=PASSWORD)
            assert done.code == 0, done.err
        tight = ("users", "limit", emails[0], "--budget", f"{TIGHT} tokens/month")
        done = await asyncio.to_thread(self.programs[0].run, *tight)
        assert done.code == 0, done.err
        await asyncio.gather(*(self.revive(n) for n in range(len(self.ports))))
        await asyncio.to_thread(self.nginx.start)
        return [await self._login(email) for email in emails]

    async def _login(self, email: str) -> str:
        async with (
            ClientSession(self.nginx.url) as http,
            http.post("/api/auth/login", json={"email": email, "password": PASSWORD}) as response,
        ):
            assert response.status == 200, await response.text()
            token: str = (await response.json())["access_token"]
            return token

    async def revive(self, number: int) -> None:
        """Starts a replica and returns when it is ready."""
        program, port = self.programs[number], self.ports[number]
        log = (program.home / "log").open("ab")
        with log:
            self.processes[number] = await asyncio.create_subprocess_exec(
                *program.command("serve", "--port", str(port), "--drain", "5"),
                env=program.env,
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # a Ctrl-C of the person who watches is not theirs
            )
        await self.ready(number)

    async def ready(self, number: int) -> None:
        async with ClientSession(f"http://127.0.0.1:{self.ports[number]}", timeout=ClientTimeout(5)) as http:
            for _ in range(600):
                process = self.processes[number]
                assert process is not None
                assert process.returncode is None, (self.programs[number].home / "log").read_text()
                with contextlib.suppress(ClientError, TimeoutError):
                    async with http.get("/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError((self.programs[number].home / "log").read_text()[-4000:])

    async def kill(self, number: int) -> None:
        process = self.processes[number]
        assert process is not None
        process.kill()
        await process.wait()

    async def close(self) -> None:
        for number, process in enumerate(self.processes):
            if process is not None and process.returncode is None:
                await self.kill(number)
        for part in (self.nginx, self.redis, self.mongo):
            await asyncio.to_thread(part.close)
