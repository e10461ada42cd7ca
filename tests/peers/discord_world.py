"""The fake Discord's state: channels, messages, people and what they do. `discord_api` serves it."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from peers.discord_gateway import Gateway
from peers.journal import Journal

TOKEN = "made-up.bot.token"
ME = {"id": "100", "username": "bot", "discriminator": "0", "avatar": None, "global_name": "Bot", "bot": True}
APPLICATION = {
    "id": ME["id"],
    "name": "bot",
    "description": "",
    "icon": None,
    "bot_public": False,
    "bot_require_code_grant": False,
    "verify_key": "00",
    "owner": {"id": "1", "username": "ann", "discriminator": "0", "avatar": None},
    "flags": 0,
}
GUILD, GENERAL = "200", "300"
OTHER_GUILD, OTHER = str(1 << 22), "301"
"""A server of another shard, where there are two; and its channel."""
Json = dict[str, Any]


class World:
    """A server with one channel, people, and a bot."""

    def __init__(self, *, allow_content: bool = True) -> None:
        self.journal = Journal()
        self.gateway = Gateway(TOKEN, allow_content=allow_content)
        self.gateway.me = ME
        self.messages: dict[str, Json] = {}
        self.channels: dict[str, Json] = {
            channel: {"id": channel, "type": 0, "name": "general", "guild_id": guild}
            for channel, guild in ((GENERAL, GUILD), (OTHER, OTHER_GUILD))
        }
        self.commands: list[Json] = []
        self.forbidden: set[str] = set()
        """Channels that the bot may not write to, or make threads in (`threads:ID`);
        or `files`."""
        self.callbacks: dict[str, Json] = {}
        self.ephemeral: list[str] = []
        self.files: dict[str, bytes] = {}
        self.tokens: dict[str, Json] = {}
        self.invalid = 0
        self._ids = count(1000)
        self.base = ""

    def new_id(self) -> str:
        return str((int(time.time() * 1000 - 1_420_070_400_000) << 22) + next(self._ids))

    @staticmethod
    def user(number: str, name: str = "Ann") -> Json:
        return {"id": number, "username": name.lower(), "discriminator": "0", "avatar": None, "global_name": name}

    async def say(self, text: str, *, user: str = "1", channel: str = GENERAL, **fields: Any) -> Json:
        """A person writes a message."""
        message = self._message(channel, text, self.user(user), **fields)
        await self.gateway.dispatch("MESSAGE_CREATE", self._event(message))
        return message

    async def direct(self, text: str, *, user: str = "1", **fields: Any) -> Json:
        return await self.say(text, user=user, channel=self._direct_channel(user)["id"], **fields)

    async def slash(self, name: str, options: list[Json], *, user: str = "1", channel: str = GENERAL) -> Json:
        """A person uses a command; returns the interaction."""
        data = {"id": "900", "name": name, "type": 1, "options": options}
        return await self._interact(2, data, user=user, channel=channel)

    async def click(self, message: Json, action: str, *, user: str = "1") -> Json:
        ids = [item["custom_id"] for row in message["components"] for item in row["components"]]
        custom_id = next(id_ for id_ in ids if id_.startswith(f"co:{action}:"))
        data = {"custom_id": custom_id, "component_type": 2}
        return await self._interact(3, data, user=user, channel=message["channel_id"], message=self._event(message))

    async def _interact(self, kind: int, data: Json, *, user: str, channel: str, **more: Any) -> Json:
        interaction: Json = {
            "id": self.new_id(),
            "application_id": ME["id"],
            "type": kind,
            "data": data,
            "token": f"token{next(self._ids)}",
            "version": 1,
            "channel_id": channel,
            "channel": self._channel(channel),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10_000_000,
            **more,
        }
        if "guild_id" in self.channels[channel]:
            interaction |= {
                "guild_id": self.channels[channel]["guild_id"],
                "member": self._member(user) | {"user": self.user(user)},
            }
        else:
            interaction["user"] = self.user(user)
        self.tokens[interaction["token"]] = interaction
        await self.gateway.dispatch("INTERACTION_CREATE", interaction)
        return interaction

    async def remove(self, message: Json) -> None:
        """A person deletes a message."""
        self.messages.pop(message["id"], None)
        guild = self.channels[message["channel_id"]].get("guild_id")
        gone = {"id": message["id"], "channel_id": message["channel_id"], **({"guild_id": guild} if guild else {})}
        await self.gateway.dispatch("MESSAGE_DELETE", gone)

    def peek(self, channel: str, *, author: str = "100") -> list[Json]:
        """The bot's messages that a person sees in a channel or thread, oldest first."""
        return [
            message
            for message in self.messages.values()
            if message["channel_id"] == channel and message["author"]["id"] == author and not message.get("hidden")
        ]

    def _message(self, channel: str, text: str, author: Json, **fields: Any) -> Json:
        mentions = [ME] if f"<@{ME['id']}>" in text else []
        message: Json = {
            "id": self.new_id(),
            "channel_id": channel,
            "content": text.strip(),
            "author": author,
            "timestamp": "2026-11-24T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": mentions,
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "type": 0,
            **fields,
        }
        self.messages[str(message["id"])] = message
        return message

    def _event(self, message: Json) -> Json:
        kept = {
            key: value
            for key, value in message.items()
            if key not in {"reference", "allowed_mentions", "edited", "hidden", "files"}
        }
        if guild := self.channels[message["channel_id"]].get("guild_id"):
            kept |= {"guild_id": guild, "member": self._member(message["author"]["id"])}
        return kept

    def _member(self, user: str) -> Json:
        roles = ["700"] if user == "7" else []
        return {
            "roles": roles,
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "0",
        }

    def _channel(self, channel: str) -> Json:
        return {"position": 0, "permission_overwrites": [], "nsfw": False, "parent_id": None, **self.channels[channel]}

    def _direct_channel(self, user: str) -> Json:
        channel: Json = {"id": f"4{user}", "type": 1, "recipients": [self.user(user)]}
        if channel["id"] not in self.channels:
            self.channels[channel["id"]] = channel
        return channel

    def _guild(self, guild: str, channel: str) -> Json:
        everyone = {"id": guild, "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False}
        rest = {"managed": False, "mentionable": False, "flags": 0}
        colors = {"colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}
        return {
            "id": guild,
            "name": "Guild",
            "owner_id": "1",
            "channels": [self._channel(channel)],
            "roles": [everyone | rest | colors, {**everyone, **rest, **colors, "id": "700", "name": "banned"}],
            "members": [],
            "threads": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "presences": [],
            "voice_states": [],
            "member_count": 2,
            "large": False,
            "unavailable": False,
        }

    def _command(self, command: Json) -> Json:
        return {"id": "900", "application_id": ME["id"], "version": "1", "default_member_permissions": None, **command}
