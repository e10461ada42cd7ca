"""The Discord bot's connection: limits that hold everywhere, shards, reconnects, tokens that are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bots.discord.test_discord import final, steps
from bots.discord.test_discord_faults import EDIT, is_over, shown, slow_answer
from chatops.engine.errors import SettingsError
from fakes import answer
from peers.discord_world import OTHER
from peers.journal import Fault, until


async def test_a_global_limit_stops_every_channel_and_every_answer_lands_after_it(open_discord: Any) -> None:
    async with open_discord(*[slow_answer() for _ in range(3)], window=0.6) as bot:
        bot.discord.journal.faults = [Fault(EDIT, "global", skip=3, wait=0.6)]
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(bot.discord.say("<@100> hi", user=f"{n}")) for n in (1, 2, 3)]
        asked = [task.result()["id"] for task in asking]
        await until(lambda: all(is_over(bot.discord, channel) for channel in asked), 40)

        refused = [entry.at for entry in bot.discord.journal.entries if entry.status == 429]
        after = [entry.at for entry in bot.discord.journal.entries if entry.at > refused[-1]]
        assert 1 <= len(refused) <= 3  # calls that were under way
        assert min(after) - refused[0] >= 0.55
        text = "".join(step.text for step in slow_answer() if hasattr(step, "text"))
        assert all(shown(bot.discord, channel).split() == text.split() for channel in asked)


async def test_each_shard_answers_its_servers_and_direct_messages_come_to_the_first(open_discord: Any) -> None:
    async with open_discord(answer("yes"), shards=2) as bot:
        await until(lambda: len(bot.discord.gateway.sessions) == 2)
        here = await bot.discord.say("<@100> hi")
        there = await bot.discord.say("<@100> hi", channel=OTHER)
        direct = await bot.discord.direct("hi")
        for channel in (here["id"], there["id"], direct["channel_id"]):
            assert await final(bot.discord, channel) == "yes"

        seen = {(session.shard, session.shards) for session in bot.discord.gateway.sessions.values()}
        assert seen == {(0, 2), (1, 2)}


async def test_an_answer_goes_on_while_the_gateway_is_gone_and_what_was_said_then_is_answered(
    open_discord: Any,
) -> None:
    gate = asyncio.Event()
    async with open_discord(steps("some words ", "and more", gate=gate), answer("yes")) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: any(m["content"] == "some words" for m in bot.discord.peek(asked["id"])))
        await bot.discord.gateway.drop()
        meanwhile = await bot.discord.say("<@100> are you there?", user="2")
        gate.set()
        assert await final(bot.discord, asked["id"]) == "some words and more"
        assert await final(bot.discord, meanwhile["id"]) == "yes"

        assert bot.discord.gateway.resumed == 1
        await bot.discord.gateway.ask_to_reconnect()
        await until(lambda: bot.discord.gateway.resumed == 2)


async def test_a_session_that_discord_forgot_is_begun_anew(open_discord: Any) -> None:
    async with open_discord(answer("yes")) as bot:
        (old,) = list(bot.discord.gateway.sessions)
        await bot.discord.gateway.drop()
        del bot.discord.gateway.sessions[old]
        await until(lambda: bot.discord.gateway.sessions)
        asked = await bot.discord.say("<@100> hi")

        assert await final(bot.discord, asked["id"]) == "yes"


@pytest.mark.parametrize(("code", "said"), [(4004, "DISCORD_TOKEN"), (4011, "larger `shards`")])
async def test_what_ends_the_connection_for_good_is_one_sentence(open_discord: Any, code: int, said: str) -> None:
    async with open_discord(start=False) as bot:
        bot.discord.gateway.refuses = code
        with pytest.raises(SettingsError, match=said):
            await bot.start()
        bot.task = None
