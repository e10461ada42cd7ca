"""The same bot on an outside peer: simcord, a Discord in memory that others wrote. It has no wire, so no limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import simcord

from chatops.bots.buttons import Buttons
from chatops.bots.commands import Commands
from chatops.bots.desk import Parts, open_desk
from chatops.bots.discord.client import DiscordAdapter, Handlers
from chatops.bots.discord.run import client_of
from chatops.bots.discord.wire import Wire
from chatops.bots.memory import Memory
from chatops.bots.policy import Policy
from chatops.bots.safety import for_discord
from chatops.engine.ids import now_ms
from chatops.engine.stores.sqlite_bots import SqliteBots
from chatops.sections import DiscordSettings
from fakes import Step, answer
from rig import Rig, open_rig


@asynccontextmanager
async def running(path: Path, *scripts: list[Step]) -> AsyncGenerator[tuple[simcord.Env, Rig]]:
    settings = DiscordSettings(pace=0.0)  # the pacing waits on a clock that simcord holds
    wire = Wire()
    client = client_of(settings, wire, content=True)
    handlers = Handlers(client, threads=True)
    async with open_rig(path / "chatops.db", *scripts) as rig:
        parts = Parts(
            engine=rig.engine,
            adapter=DiscordAdapter(client, wire, pace=settings.pace),
            memory=Memory(SqliteBots(rig.store), "discord", now_ms),
            policy=Policy(lambda: settings),
            clean=for_discord,
        )
        async with open_desk(parts, grace=0) as desk:
            handlers.desk, handlers.buttons, handlers.commands = desk, Buttons(desk), Commands(desk)
            client.tree = handlers.tree  # type: ignore[attr-defined]  # where simcord looks for it
            async with simcord.run(client, settle_timeout=0.3) as env:
                yield env, rig
        await wire.aclose()


async def unsettled(action: Awaitable[object]) -> None:
    """Does something, without waiting for a bot that never rests: it tends its leases for ever."""
    with suppress(TimeoutError):
        await action


async def settled(env: simcord.Env, condition: Callable[[], bool]) -> None:
    for _ in range(10):
        if condition():
            return
        await asyncio.sleep(0.01)
        await unsettled(env.advance_time(0.1))  # simcord's clock stands still otherwise
    raise AssertionError(env.transcript()[-1500:])


async def test_a_mention_an_ask_and_a_long_answer(tmp_path: Path) -> None:
    long = "\n\n".join(["A paragraph of some words. " * 20] * 6)
    async with running(tmp_path, answer("Hel", "lo"), answer("asked"), answer(long)) as (env, _):
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        alice = guild.add_member(env.create_user("alice"))
        me = env.bot.user
        assert me is not None
        await unsettled(alice.send(channel, f"<@{me.id}> hi"))
        await settled(env, lambda: bool(channel.threads))

        def said(number: int) -> list[str]:
            thread = channel.threads[number]
            return [message.content for message in thread.history() if message.author.id == me.id]

        await settled(env, lambda: said(0) == ["Hello"])
        await unsettled(alice.slash(channel, "ask", prompt="what?"))
        await settled(env, lambda: any(message.content == "asked" for message in channel.history()))
        await unsettled(alice.send(channel, f"<@{me.id}> more"))
        await settled(env, lambda: len(channel.threads) > 1 and " ".join(said(1)).split() == long.split())

        assert len(said(1)) == 2
