"""What the walk-through asks Discord for is what the bot uses."""

from __future__ import annotations

import re
from pathlib import Path

import discord

from chatops.bots.discord.run import client_of
from chatops.bots.discord.wire import Wire
from chatops.sections import DiscordSettings

TEXT = (Path(__file__).parents[3] / "docs" / "discord.md").read_text()
NAMES = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
"""What the bot needs them for: reading, answering, very long answers, replies, a thread each, answers there."""


def test_the_invitation_asks_for_exactly_the_rights_that_are_named_below_it() -> None:
    (number,) = set(re.findall(r"\d{12}", TEXT))
    asked = {name for name, given in discord.Permissions(int(number)) if given}

    assert asked == {"read_messages" if name == "view_channel" else name for name in NAMES}
    assert all(name in TEXT for name in NAMES.values())
    assert "scope=bot+applications.commands" in TEXT


async def test_only_the_content_of_messages_is_a_privileged_intent() -> None:
    settings = DiscordSettings()
    for content in (True, False):
        intents = client_of(settings, Wire(), content=content).intents
        assert {name for name, wanted in intents if wanted} - {"message_content"} == {
            "guilds",
            "guild_messages",
            "dm_messages",
        }
        assert intents.message_content is content
