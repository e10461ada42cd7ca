"""Bots to test: the real client library on a fake platform, the real engine over the embedded store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatops.bots.policy import Policy
from chatops.engine.messages import Message
from chatops.engine.models import ModelSpec
from chatops.engine.stores.sqlite_bots import SqliteBots
from chatops.sections import DiscordSettings, SlackSettings
from fakes import Step
from peers import slack_api
from peers.discord_api import FakeDiscord
from peers.discord_world import TOKEN
from peers.slack_api import FakeSlack
from rig import Rig, open_rig

SPEC = ModelSpec(id="fake:m", context=100_000, max_output=10_000)


@dataclass
class DiscordBot:
    """A bot that runs on a fake Discord."""

    discord: FakeDiscord
    rig: Rig
    records: SqliteBots
    settings: DiscordSettings
    task: asyncio.Task[None] | None = None

    async def start(self, *, lease_ms: int = 20_000, grace: float = 0.0) -> None:
        from chatops.bots.discord.run import run_discord

        ready = asyncio.Event()
        self.task = asyncio.ensure_future(
            run_discord(
                self.rig.engine,
                self.settings,
                TOKEN,
                self.records,
                policy=Policy(lambda: self.settings),
                grace=grace,
                lease_ms=lease_ms,
                ready=ready.set,
            )
        )
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.task.done():
            await self.task

    async def stored(self, person: str, turn: str | None = None) -> Message:
        """The answer that a person got, or the only one."""
        if turn is None:
            ((turn, _),) = await self.records.find("discord answer", limit=9)
        owner = await self.rig.accounts.principal_for("discord", person, display_name="Ann")
        return await self.rig.store.message(owner.user_id, turn)

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})
            self.task = None


OpenDiscord = Callable[..., Any]


@pytest.fixture
def open_discord(tmp_path: Path) -> OpenDiscord:
    @asynccontextmanager
    async def opened(
        *scripts: list[Step], window: float = 0.5, allow_content: bool = True, start: bool = True, **settings: Any
    ) -> AsyncGenerator[DiscordBot, None]:
        fake = FakeDiscord(window=window, allow_content=allow_content)
        async with fake.running(), open_rig(tmp_path / "chatops.db", *scripts, spec=SPEC) as rig:
            chosen = DiscordSettings(
                **{"api_base": f"{fake.base}/api/v10", "gateway": fake.gateway.url, "pace": 0.11, **settings}
            )
            bot = DiscordBot(fake, rig, SqliteBots(rig.store), chosen)
            if start:
                await bot.start()
            try:
                yield bot
            finally:
                await bot.stop()

    return opened


@dataclass
class SlackBot:
    """A bot that runs on a fake Slack, over Socket Mode or HTTP."""

    slack: FakeSlack
    rig: Rig
    records: SqliteBots
    settings: SlackSettings
    http: bool
    task: asyncio.Task[None] | None = None

    async def start(self, *, lease_ms: int = 20_000, grace: float = 0.0) -> None:
        ready = asyncio.Event()
        self.task = asyncio.ensure_future(self._run(ready, lease_ms, grace))
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.task.done():
            await self.task

    async def _run(self, ready: asyncio.Event, lease_ms: int, grace: float) -> None:
        from chatops.bots.slack.run import open_slack

        policy = Policy(lambda: self.settings)
        options = {"policy": policy, "grace": grace, "lease_ms": lease_ms}
        async with open_slack(self.rig.engine, self.settings, self.records, **options) as bot:  # type: ignore[arg-type]
            if not self.http:
                await bot.connect(ready.set)
                return

            def serving(address: str) -> None:
                self.slack.events.url = f"{address}/slack/events"
                ready.set()

            await bot.serve("127.0.0.1", 0, serving)

    async def stored(self, person: str, turn: str | None = None) -> Message:
        """The answer that a person got, or the only one."""
        if turn is None:
            ((turn, _),) = await self.records.find("slack answer", limit=9)
        owner = await self.rig.accounts.principal_for("slack", person, display_name="Ann")
        return await self.rig.store.message(owner.user_id, turn)

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})
            self.task = None


@pytest.fixture
def open_slack_bot(tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened(
        *scripts: list[Step], http: bool = False, fake: FakeSlack | None = None, **settings: Any
    ) -> AsyncGenerator[SlackBot, None]:
        async with (fake or FakeSlack()).running() as slack, open_rig(tmp_path / "c.db", *scripts, spec=SPEC) as rig:
            values = {
                "api_base": slack.api_base,
                "bot_token": slack_api.TOKEN,
                "app_token": slack_api.APP_TOKEN,
                "signing_secret": slack_api.SECRET,
                "pace": 0.05,
                **settings,
            }
            bot = SlackBot(slack, rig, SqliteBots(rig.store), SlackSettings(**values), http)
            await bot.start()
            try:
                yield bot
            finally:
                await bot.stop()

    return opened
