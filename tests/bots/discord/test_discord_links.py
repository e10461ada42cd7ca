"""A link, or its end, while answers run and stand: none is lost, and each stays whose it was."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from bots.discord.test_discord import final, is_final, steps
from fakes import answer
from peers.journal import until
from rig import ME


async def command(bot: Any, name: str, channel: str) -> str:
    told = len(bot.discord.ephemeral)
    await bot.discord.slash("chatops", [{"name": name, "type": 1, "options": []}], channel=channel)
    await until(lambda: len(bot.discord.ephemeral) > told)
    return str(bot.discord.ephemeral[-1])


async def link(bot: Any, channel: str) -> None:
    """Joins the person with the owner's account."""
    found = re.search(r"`chatops link ([A-Z0-9-]+)`", await command(bot, "link", channel))
    assert found
    await bot.rig.accounts.link(ME, found[1])


async def test_a_link_in_the_middle_of_an_answer_loses_none_of_it(open_discord: Any) -> None:
    gate = asyncio.Event()
    async with open_discord(steps("some words ", "and more", gate=gate), answer("again")) as bot:
        asked = await bot.discord.direct("hi")
        channel = asked["channel_id"]
        await until(lambda: any(m["content"] == "some words" for m in bot.discord.peek(channel)))
        await link(bot, channel)
        gate.set()
        assert await final(bot.discord, channel) == "some words and more"
        await bot.discord.direct("go on")
        await until(lambda: len(bot.discord.peek(channel)) == 2 and is_final(bot.discord.peek(channel)))

        (conversation,) = await bot.rig.engine.history.conversations(ME, limit=9)
        texts = [message.text async for message in bot.rig.engine.history.branch(ME, conversation)]
        assert texts == ["hi", "some words and more", "go on", "again"]


async def test_stop_works_on_an_answer_that_was_running_when_its_person_linked(open_discord: Any) -> None:
    gate = asyncio.Event()
    async with open_discord(steps("some words ", "never", gate=gate)) as bot:
        asked = await bot.discord.direct("hi")
        channel = asked["channel_id"]
        await until(lambda: any(m["content"] == "some words" for m in bot.discord.peek(channel)))
        await link(bot, channel)
        await bot.discord.click(bot.discord.peek(channel)[0], "stop")

        assert await final(bot.discord, channel) == "some words\n\n⏹ stopped"


async def test_after_unlink_a_thread_begins_anew_and_old_buttons_say_why_they_do_nothing(open_discord: Any) -> None:
    async with open_discord(answer("one"), answer("two")) as bot:
        asked = await bot.discord.direct("hi")
        channel = asked["channel_id"]
        await final(bot.discord, channel)
        await link(bot, channel)
        await command(bot, "unlink", channel)
        await bot.discord.click(bot.discord.peek(channel)[0], "again")
        await until(lambda: "no longer yours" in bot.discord.ephemeral[-1])
        await bot.discord.direct("me again")
        await until(lambda: len(bot.discord.peek(channel)) == 2 and is_final(bot.discord.peek(channel)))

        assert [m.text for m in bot.rig.provider.requests[1].messages] == ["me again"]
        assert [c.title for c in await bot.rig.engine.history.conversations(ME, limit=9)] == ["hi"]
