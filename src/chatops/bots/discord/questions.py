"""What people say on Discord, as questions for the desk."""

from __future__ import annotations

from typing import Any

import discord

from chatops.bots.ports import Person, Place, Question, Value

TITLE = 60
"""Characters of a thread's name; Discord takes 100."""
QUOTED = 4000
"""Characters of a message that somebody answered with a mention."""
Author = discord.User | discord.Member


def person_of(author: Author) -> Person:
    roles = [str(role.id) for role in author.roles] if isinstance(author, discord.Member) else []
    return Person(id=str(author.id), name=author.display_name, roles=roles)


def place_of(channel: Any, guild: discord.Guild | None, key: str | None = None) -> Place:
    """The place of a channel, thread or direct message; `key`: the message that a thread or chain begins with."""
    parents = [getattr(channel, "parent_id", None), getattr(channel, "category_id", None)]
    return Place(
        key=key or str(channel.id),
        team=str(guild.id) if guild else "",
        channels=[str(channel.id), *(str(parent) for parent in parents if parent)],
        is_direct=guild is None,
    )


def address_of(message: discord.Message, *, in_thread: bool, makes_thread: bool, title: str) -> Value:
    """Where a message is answered: where it stands, or in a thread that hangs from it."""
    user = str(message.author.id)
    channel = message.channel
    if message.guild is None:
        return {"kind": "direct", "channel": str(channel.id), "user": user}
    if in_thread:
        return {"kind": "channel", "channel": str(channel.id), "user": user}
    if not makes_thread:
        return {"kind": "channel", "channel": str(channel.id), "user": user, "reply_to": str(message.id)}
    return {
        "kind": "thread",
        "channel": str(message.id),
        "parent": str(channel.id),
        "guild": str(message.guild.id),
        "message": str(message.id),
        "title": title,
        "user": user,
    }


def title_of(text: str) -> str:
    line = " ".join(text.split()) or "chat"
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"


def text_of(message: discord.Message, me: discord.abc.Snowflake) -> str:
    """The message without our mention, others by their names; before it what it answers, when that is not ours."""
    text = _named(message, message.content)
    for mention in (f"<@{me.id}>", f"<@!{me.id}>"):
        text = text.replace(mention, "")
    answered = message.reference.resolved if message.reference else None
    if isinstance(answered, discord.Message) and answered.author.id != me.id and answered.content:
        quoted = "\n".join(f"> {line}" for line in answered.content[:QUOTED].splitlines())
        text = f"{answered.author.display_name} wrote:\n{quoted}\n\n{text.strip()}"
    return text.strip()


def _named(message: discord.Message, text: str) -> str:
    for user in message.mentions:
        for mention in (f"<@{user.id}>", f"<@!{user.id}>"):
            if not user.bot:
                text = text.replace(mention, f"@{user.display_name}")
    return text


def files_of(attachments: list[discord.Attachment]) -> list[Value]:
    return [
        {"name": file.filename, "media_type": file.content_type or "", "size": file.size, "url": file.url}
        for file in attachments
    ]


def question_of(message: discord.Message, place: Place, address: Value, text: str) -> Question:
    return Question(
        id=str(message.id),
        platform="discord",
        person=person_of(message.author),
        place=place,
        text=text,
        address=address,
        files=files_of(message.attachments),
    )
