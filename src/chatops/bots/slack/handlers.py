"""Bolt's listeners: what happens on Slack goes to the desk, and nothing else is decided here.

Bolt is told to process before it answers, so Slack is told that an event arrived when the question is stored: what was
not stored is sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext  # noqa: TC002 - Bolt looks at them
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient  # noqa: TC002 - likewise

from chatops.bots.buttons import PATTERN, Buttons
from chatops.bots.commands import Commands
from chatops.bots.desk import Desk
from chatops.bots.ports import Person, Place
from chatops.bots.safety import mrkdwn
from chatops.bots.slack import blocks, questions
from chatops.bots.slack.calls import code_of
from chatops.bots.slack.home import Home
from chatops.bots.slack.names import Names
from chatops.bots.slack.names import mentioned as mentioned_in

_PEOPLE_SAY = {None, "file_share", "thread_broadcast"}
"""Subtypes of messages that a person wrote."""
log = logging.getLogger(__name__)
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where an event happened."""

    team: str
    enterprise: str
    bot_user: str


class Handlers:
    """`native`: where Slack's own streaming is used."""

    def __init__(self, desk: Desk, buttons: Buttons, commands: Commands, home: Home, *, native: str) -> None:
        self._desk = desk
        self._buttons = buttons
        self._commands = commands
        self._home = home
        self._native = native
        self._names = Names()
        self._grid: set[str] = set()

    def register(self, app: AsyncApp) -> None:
        app.event("message")(self.message)
        app.event("app_mention")(self.message)
        app.event("app_home_opened")(self.opened)
        app.event("assistant_thread_started")(self.pane)
        app.event("assistant_thread_context_changed")(_nothing)
        app.command("/ask")(self.ask)
        app.command("/chatops")(self.command)
        app.action(PATTERN)(self.press)
        app.shortcut("chatops_about")(self.about)
        app.shortcut("chatops_ask")(self.open_modal)
        app.view("chatops_ask")(self.submitted)

    async def message(self, event: Body, context: AsyncBoltContext, body: Body) -> None:
        """A message, with or without our mention; Slack sends one with a mention twice, as two events."""
        seen = _seen(context, body)
        if event.get("subtype") == "message_deleted":
            await self._desk.withdraw(_id(seen.team, event["channel"], event["deleted_ts"]))
            return
        user = event.get("user")
        if event.get("subtype") not in _PEOPLE_SAY or event.get("bot_id") or not user or user == seen.bot_user:
            return
        raw = str(event.get("text") or "")
        mentioned = event.get("type") == "app_mention" or f"<@{seen.bot_user}" in raw
        is_direct = event.get("channel_type") in {"im", "mpim"} or str(event["channel"]).startswith("D")
        if not (raw.strip() or event.get("files")) or not (is_direct or mentioned or event.get("thread_ts")):
            return
        await self._note_grid(seen)
        key, known = await self._place(seen, event, is_direct=is_direct)
        if not (is_direct or mentioned or known):
            return
        home = str(event.get("user_team") or event.get("team") or seen.team)
        names = await self._names.of(context.client, home, [user, *mentioned_in(raw, seen.bot_user)])
        text = questions.text_of(raw, seen.bot_user, names)
        if not (text or event.get("files")):
            return
        thread = str(event.get("thread_ts") or event["ts"])
        address = questions.address_of(
            team=seen.team,
            enterprise=seen.enterprise,
            channel=event["channel"],
            thread=thread,
            user=user,
            native=self._native == "everywhere" or (is_direct and self._native == "direct"),
            direct="yes" if is_direct else "",
            middle="yes" if event.get("thread_ts") and not known and not is_direct else "",
        )
        person = questions.person_of(home, user, names.get(user, ""))
        place = questions.place_of(seen.team, event["channel"], key, is_direct=is_direct)
        event_id = _id(seen.team, event["channel"], event["ts"])
        question = questions.question_of(
            event_id, person=person, place=place, text=text, address=address, files=event.get("files")
        )
        if await self._desk.receive(question) and address["mode"] == "native":
            self._desk.spawn(_status(context.client, event["channel"], thread))

    async def _note_grid(self, seen: Seen) -> None:
        """Should an organisation uninstall the app, its workspaces must be known."""
        if seen.enterprise and seen.team not in self._grid:
            await self._desk.memory.join_grid(seen.enterprise, seen.team)
            self._grid.add(seen.team)

    async def _place(self, seen: Seen, event: Body, *, is_direct: bool) -> tuple[str, bool]:
        """The conversation's key, and whether one is held there."""
        thread = f"{seen.team}:{event['channel']}:{event.get('thread_ts') or event['ts']}"
        if not is_direct:
            return thread, await self._desk.memory.thread(thread) is not None
        # A thread of the assistant's pane is a conversation of its own; other direct messages are one conversation.
        if event.get("thread_ts") and await self._desk.memory.chain(thread) is not None:
            return thread, True
        return f"{seen.team}:{event['channel']}", True

    async def opened(self, event: Body, context: AsyncBoltContext, body: Body, client: AsyncWebClient) -> None:
        if event.get("tab") == "home":
            await self._home.show(client, _seen(context, body).team, event["user"])
        elif event.get("tab") == "messages":
            await _suggest(client, event["channel"], None)

    async def pane(self, event: Body, context: AsyncBoltContext, body: Body, client: AsyncWebClient) -> None:
        started = event["assistant_thread"]
        key = f"{_seen(context, body).team}:{started['channel_id']}:{started['thread_ts']}"
        await self._desk.memory.join_chain([key], key)
        await _suggest(client, started["channel_id"], started["thread_ts"])

    async def ask(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        text = str(body.get("text") or "").strip()
        if not text:
            await ack("Write your question behind it: `/ask how do I ...`")
            return
        seen = _seen(context, body)
        said = f"<@{body['user_id']}> asks: {mrkdwn(text)}"
        try:
            sent = await client.chat_postMessage(channel=body["channel_id"], text=said, unfurl_links=False)
            channel, thread, is_direct = str(sent["channel"]), str(sent["ts"]), str(sent["channel"]).startswith("D")
        except SlackApiError as error:
            log.info("/ask in a channel that we may not write to: %s", code_of(error))
            opened = await client.conversations_open(users=body["user_id"])
            channel, thread, is_direct = str(opened["channel"]["id"]), "", True
        await self._receive(seen, body, text, channel=channel, thread=thread, is_direct=is_direct)
        await ack()

    async def _receive(self, seen: Seen, body: Body, text: str, *, channel: str, thread: str, is_direct: bool) -> None:
        user = body.get("user_id") or body["user"]["id"]
        name = str(body.get("user_name") or (body.get("user") or {}).get("name") or user)
        key = f"{seen.team}:{channel}" if is_direct else f"{seen.team}:{channel}:{thread}"
        address = questions.address_of(
            team=seen.team,
            enterprise=seen.enterprise,
            channel=channel,
            thread=thread,
            user=user,
            native=self._native == "everywhere",
            direct="yes" if is_direct else "",
        )
        place = questions.place_of(seen.team, channel, key, is_direct=is_direct)
        person = questions.person_of(seen.team, user, name)
        asked = str(body["trigger_id"])
        await self._desk.receive(questions.question_of(asked, person=person, place=place, text=text, address=address))

    async def command(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        person, place = _who(body, context)
        await ack(await self._commands.run(str(body.get("text") or ""), person, place))

    async def press(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        match = PATTERN.fullmatch(str(body["actions"][0]["action_id"]))
        if match is not None:
            person, place = _who(body, context)
            action = str(body["actions"][0].get("value")) if match["action"] == "rate" else match["action"]
            self._desk.spawn(self._press((action, match["turn"]), person, place, body, client))
        await ack()

    async def _press(
        self, pressed: tuple[str, str], person: Person, place: Place, body: Body, client: AsyncWebClient
    ) -> None:
        action, turn = pressed
        said = await self._buttons.press(action, turn, person, place)
        if said:
            thread = (body.get("message") or {}).get("thread_ts")
            channel = body["channel"]["id"]
            await client.chat_postEphemeral(channel=channel, user=body["user"]["id"], text=said, thread_ts=thread)

    async def about(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """The message shortcut: explains a message in its thread."""
        message, channel, seen = body["message"], body["channel"]["id"], _seen(context, body)
        quoted = questions.text_of(str(message.get("text") or ""), seen.bot_user)[: questions.QUOTED]
        text = "Explain this message:\n\n" + "\n".join(f"> {line}" for line in quoted.splitlines())
        thread = str(message.get("thread_ts") or message["ts"])
        await self._receive(seen, body, text, channel=channel, thread=thread, is_direct=channel.startswith("D"))
        await ack()

    async def open_modal(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=blocks.modal())

    async def submitted(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        text = str(body["view"]["state"]["values"]["question"]["prompt"]["value"] or "").strip()
        opened = await client.conversations_open(users=body["user"]["id"])
        seen, channel = _seen(context, body), str(opened["channel"]["id"])
        quoted = "\n".join(f"> {line}" for line in mrkdwn(text).splitlines())
        sent = await client.chat_postMessage(channel=channel, text=quoted, unfurl_links=False)
        known = dict(body) | {"trigger_id": body["view"]["id"]}
        await self._receive(seen, known, text, channel=channel, thread=str(sent["ts"]), is_direct=True)
        await ack()


async def _nothing() -> None:
    """An event that is subscribed to, and needs no answer."""


def _seen(context: AsyncBoltContext, body: Body) -> Seen:
    team = context.team_id or body.get("team_id") or (body.get("team") or {}).get("id") or ""
    return Seen(team=str(team), enterprise=context.enterprise_id or "", bot_user=context.bot_user_id or "")


def _who(body: Body, context: AsyncBoltContext) -> tuple[Person, Place]:
    """The person and place of a command or a click."""
    team = _seen(context, body).team
    user = body.get("user_id") or body["user"]["id"]
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id") or ""
    place = questions.place_of(team, channel, f"{team}:{channel}", is_direct=str(channel).startswith("D"))
    return questions.person_of(team, user, str(body.get("user_name") or "")), place


def _id(team: str, channel: str, ts: str) -> str:
    return f"{team}:{channel}:{ts}"


async def _status(client: AsyncWebClient, channel: str, thread: str) -> None:
    """Shows that work goes on until the first word; whether it is shown matters to nothing."""
    try:
        await client.assistant_threads_setStatus(channel_id=channel, thread_ts=thread, status="is thinking …")
    except SlackApiError as error:
        log.debug("no status: %s", code_of(error))


async def _suggest(client: AsyncWebClient, channel: str, thread: str | None) -> None:
    try:
        await client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, prompts=blocks.PROMPTS, **({"thread_ts": thread} if thread else {})
        )
    except SlackApiError as error:
        log.debug("no suggestions: %s", code_of(error))
