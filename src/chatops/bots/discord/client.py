"""discord.py's client: what happens on Discord goes to the desk, and nothing else is decided here."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from chatops.bots.buttons import PATTERN, Buttons
from chatops.bots.commands import Commands
from chatops.bots.discord import questions
from chatops.bots.discord.surface import INTERACTION_SECONDS, DiscordSurface
from chatops.bots.discord.wire import Wire
from chatops.bots.files import File, check_sizes, received
from chatops.bots.ports import Place, Platform, Question, Received, Value
from chatops.engine.errors import InvalidRequestError, StoreError

if TYPE_CHECKING:
    from chatops.bots.desk import Desk

MAX_REPLY = 1900
log = logging.getLogger(__name__)


class DiscordAdapter:
    """An `Adapter` over a client."""

    name: Platform = "discord"

    def __init__(self, client: discord.Client, wire: Wire, *, pace: float) -> None:
        self._client = client
        self._wire = wire
        self._pace = pace

    def surface(self, address: Value) -> DiscordSurface:
        return DiscordSurface(self._client, self._wire, address, pace=self._pace)

    async def fetch(self, question: Question) -> Received:
        check_sizes([(file["name"], file["size"]) for file in question.files])
        files: list[File] = []
        for file in question.files:
            try:
                data = await self._client.http.get_from_cdn(file["url"])
            except (discord.HTTPException, OSError):
                raise InvalidRequestError(f"{file['name']} could not be fetched from Discord; send it again") from None
            files.append(File(name=file["name"], media_type=file["media_type"], data=data))
        return received(files)


class Handlers:
    """The client's events. `desk`, `buttons` and `commands` are set before it connects.

    Args:
        threads: Whether a mention in a channel is answered in a thread of its own; else by a reply.
    """

    desk: Desk
    buttons: Buttons
    commands: Commands

    def __init__(self, client: discord.Client, *, threads: bool) -> None:
        self._client = client
        self._threads = threads
        self.tree = app_commands.CommandTree(client)
        self._add_commands()
        for event in (self.on_message, self.on_interaction, self.on_raw_message_delete, self.on_ready, self.on_error):
            setattr(client, event.__name__, event)
        client.setup_hook = self._sync  # type: ignore[method-assign]  # the library's own hook

    async def _sync(self) -> None:
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            log.warning(
                "Discord did not take the commands /ask and /chatops: HTTP %s, code %s", error.status, error.code
            )

    async def on_ready(self) -> None:
        log.info("on Discord as %s, in %d servers", self._client.user, len(self._client.guilds))

    async def on_error(self, event: str, *_: object, **__: object) -> None:
        # discord.py calls this from its `except`.
        log.exception("the Discord event %s failed", event)  # noqa: LOG004 - see above

    async def on_message(self, message: discord.Message) -> None:
        me = self._client.user
        if (
            me is None
            or message.author.bot
            or message.type not in {discord.MessageType.default, discord.MessageType.reply}
        ):
            return
        mentioned = any(user.id == me.id for user in message.mentions)
        text = questions.text_of(message, me)
        place = await self._place(message, mentioned=mentioned)
        if place is None or not (text or message.attachments):
            return
        # Who replies to an answer in a channel stays there; a question of its own gets a thread.
        thread = self._threads and place.key == str(message.id)
        in_thread = place.key == str(message.channel.id)
        address = dict(
            questions.address_of(message, in_thread=in_thread, makes_thread=thread, title=questions.title_of(text))
        )
        if "reply_to" in address:
            address["chain"] = place.key
        await self.desk.receive(questions.question_of(message, place, address, text))

    async def _place(self, message: discord.Message, *, mentioned: bool) -> Place | None:
        """The conversation that a message belongs to; None: it is not for us."""
        channel, guild = message.channel, message.guild
        if guild is None:
            return questions.place_of(channel, None)
        # A thread that was asleep when we connected is not known to the library: it is one when we hold it.
        held = await self.desk.memory.thread(str(channel.id)) is not None
        if held or (mentioned and isinstance(channel, discord.Thread)):
            return questions.place_of(channel, guild)
        if isinstance(channel, discord.Thread):
            return None
        answered = message.reference.message_id if message.reference else None
        chain = await self.desk.memory.chain(str(answered)) if answered else None
        if chain or mentioned:
            return questions.place_of(channel, guild, key=chain or str(message.id))
        return None

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self.desk.withdraw(str(payload.message_id))

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        match = PATTERN.fullmatch(str(dict(interaction.data or {}).get("custom_id", "")))
        if match is None:
            return
        await interaction.response.defer(ephemeral=True)
        place = questions.place_of(interaction.channel, interaction.guild)
        said = await self.buttons.press(match["action"], match["turn"], questions.person_of(interaction.user), place)
        if said:
            await interaction.followup.send(said[:MAX_REPLY], ephemeral=True)

    async def _ask(self, interaction: discord.Interaction[Any], prompt: str, file: discord.Attachment | None) -> None:
        await interaction.response.defer(thinking=True)
        original = await interaction.original_response()
        channel, key = interaction.channel, None
        if interaction.guild is not None and not isinstance(channel, discord.Thread):
            key = str(original.id)
        question = Question(
            id=f"interaction {interaction.id}",
            platform="discord",
            person=questions.person_of(interaction.user),
            place=questions.place_of(channel, interaction.guild, key=key),
            text=prompt,
            files=questions.files_of([file] if file else []),
            address={
                "kind": "interaction",
                "interaction": str(interaction.id),
                "app": str(interaction.application_id),
                "token": interaction.token,
                "original": str(original.id),
                "until": str(time.time() + INTERACTION_SECONDS),
                "channel": str(interaction.channel_id),
                "user": str(interaction.user.id),
                **({"chain": key} if key else {}),
            },
        )
        try:
            await self.desk.receive(question)
        except StoreError:
            await interaction.edit_original_response(
                content="⚠ the database cannot be used right now; ask again in a moment"
            )

    async def _command(self, interaction: discord.Interaction[Any], text: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = questions.place_of(interaction.channel, interaction.guild)
        said = await self.commands.run(text, questions.person_of(interaction.user), place)
        await interaction.edit_original_response(content=said[:MAX_REPLY])

    def _add_commands(self) -> None:
        @self.tree.command(name="ask", description="Ask the model")
        @app_commands.describe(prompt="Your question", file="An image, a PDF or a text file")
        async def ask(
            interaction: discord.Interaction[Any], prompt: str, file: discord.Attachment | None = None
        ) -> None:
            await self._ask(interaction, prompt, file)

        group = app_commands.Group(name="chatops", description="Your model, system prompt, usage, account")
        for name, about, option in COMMANDS:
            group.add_command(_command(self, name, about, option))
        self.tree.add_command(group)


COMMANDS = (
    ("model", "The model that answers you", "name"),
    ("system", "Your system prompt; `off` takes it away", "text"),
    ("new", "Begin a new conversation here", ""),
    ("usage", "What you used", ""),
    ("link", "Join this chat to your chatops account", ""),
    ("unlink", "Part this chat from your chatops account", ""),
    ("forget", "Delete your conversations with me; `yes` to do it", "confirm"),
    ("help", "What I can do", ""),
)


def _command(handlers: Handlers, name: str, about: str, option: str) -> app_commands.Command[Any, Any, Any]:
    if option:

        async def with_option(interaction: discord.Interaction[Any], value: str | None = None) -> None:
            await handlers._command(interaction, f"{name} {value or ''}")  # noqa: SLF001 - one module

        renamed = app_commands.rename(value=option)(with_option)
        return app_commands.Command(name=name, description=about, callback=renamed)

    async def bare(interaction: discord.Interaction[Any]) -> None:
        await handlers._command(interaction, name)  # noqa: SLF001 - likewise

    return app_commands.Command(name=name, description=about, callback=bare)
