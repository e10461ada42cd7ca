"""The app's home tab: model, system prompt, usage, conversations, help. For who opens it alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext  # noqa: TC002 - Bolt looks at them
from slack_sdk.web.async_client import AsyncWebClient  # noqa: TC002 - likewise

from chatops.bots.commands import HELP, Commands
from chatops.bots.desk import Desk
from chatops.bots.ports import Person, Place
from chatops.bots.safety import mrkdwn
from chatops.bots.slack import blocks, questions
from chatops.engine.errors import ChatopsError

NEWEST = 10
"""Conversations that are shown."""
MODELS = 100
"""Slack takes so many options in a menu."""
SECTION = 2900
"""Characters: Slack takes 3,000 in a section."""
Body = Mapping[str, Any]
Json = dict[str, Any]


class Home:
    def __init__(self, desk: Desk, commands: Commands) -> None:
        self._desk = desk
        self._commands = commands

    def register(self, app: AsyncApp) -> None:
        app.action("co_model")(self.choose_model)
        app.action("co_system")(self.ask_system)
        app.view("co_system")(self.choose_system)

    async def show(self, client: AsyncWebClient, team: str, user: str) -> None:
        person, place = _whose(team, user)
        await client.views_publish(
            user_id=user, view={"type": "home", "blocks": [*await self._blocks(person, place)][:100]}
        )

    async def choose_model(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        await ack()
        await self._run(f"model {body['actions'][0]['selected_option']['value']}", body, context, client)

    async def ask_system(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        choices = await self._desk.memory.choices(_of(body, "").id)
        await client.views_open(trigger_id=body["trigger_id"], view=blocks.system_modal(choices.system or ""))

    async def choose_system(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        await ack()
        text = str(body["view"]["state"]["values"]["system"]["prompt"].get("value") or "").strip()
        await self._run(f"system {text or 'off'}", body, context, client)

    async def _run(self, command: str, body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        team = context.team_id or ""
        person, place = _whose(team, _of(body, team).id.rpartition(":")[2])
        await self._commands.run(command, person, place)
        await self.show(client, team, person.id.rpartition(":")[2])

    async def _blocks(self, person: Person, place: Place) -> list[Json]:
        try:
            self._desk.policy.check(person, place)
            conversations = await self._conversations(person)
        except ChatopsError:
            return [_section(mrkdwn(await self._commands.run("help", person, place)))]
        usage = await self._commands.run("usage", person, place)
        system = await self._commands.run("system", person, place)
        return [
            await self._model(person),
            {**_section(mrkdwn(system)), "accessory": blocks.button("Change", "co_system")},
            {"type": "divider"},
            _section(mrkdwn(usage)),
            {"type": "divider"},
            _section(conversations),
            {"type": "divider"},
            _section(HELP),
        ]

    async def _model(self, person: Person) -> Json:
        catalog = self._desk.engine.catalog
        current = catalog.resolve((await self._desk.memory.choices(person.id)).model).id
        names = [current, *sorted(name for name in catalog.known if name != current)][:MODELS]
        options = [blocks.option(name) for name in names if len(name) <= blocks.OPTION]
        section = _section("*The model that answers you*")
        if not options:
            return _section(f"`{mrkdwn(current)}` answers you")
        chosen = {"initial_option": options[0]} if options[0]["value"] == current else {}
        return section | {"accessory": {"type": "static_select", "action_id": "co_model", "options": options, **chosen}}

    async def _conversations(self, person: Person) -> str:
        principal = await self._desk.principal(person.id, person.name)
        newest = await self._desk.engine.history.conversations(principal, limit=NEWEST)
        told = [f"• {mrkdwn(one.title or 'untitled')} — {blocks.date(one.updated_at)}" for one in newest]
        return "\n".join(["*Your newest conversations*", *(told or ["none yet: write to me"])])


def _whose(team: str, user: str) -> tuple[Person, Place]:
    return questions.person_of(team, user), Place(key=f"{team}:home:{user}", team=team, is_direct=True)


def _of(body: Body, team: str) -> Person:
    user = body["user"]
    return questions.person_of(team or str(user.get("team_id") or (body.get("team") or {}).get("id") or ""), user["id"])


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION]}}
