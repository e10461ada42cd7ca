"""Stop, Regenerate and thumbs as Slack has them."""

from __future__ import annotations

from typing import Any

import pytest

from bots.slack.test_slack import final
from chatops.bots.markup import Part
from chatops.bots.ports import View
from chatops.bots.slack.calls import Clients
from chatops.bots.slack.streams import Lacks, StreamBudget
from chatops.bots.slack.surface import SlackSurface
from fakes import answer
from peers.journal import Fault, until
from peers.slack_api import TOKEN, FakeSlack

TURN = "0" * 36


@pytest.mark.parametrize("channel", ["C1", "D1"])
async def test_thumbs_are_slacks_own_feedback_buttons(open_slack_bot: Any, channel: str) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        await bot.slack.events.say("<@UBOT> hi", channel=channel)
        await final(bot.slack, channel)
        (message,) = bot.slack.peek(channel)
        await bot.slack.events.click(message, "down", user="U2")
        await until(lambda: "Thank you, noted." in bot.slack.ephemeral)

        assert [block["type"] for block in message["blocks"]][-2:] == ["actions", "context_actions"]
        ((key, value),) = await bot.records.find("slack feedback", limit=9)
        assert (key.partition("/")[0], value["verdict"]) == ("T1:U2", "down")


@pytest.mark.parametrize("channel", ["C1", "D1"])
async def test_where_slack_knows_none_they_are_plain_buttons(open_slack_bot: Any, channel: str) -> None:
    async with open_slack_bot(answer("yes"), answer("again")) as bot:
        bot.slack.knows_thumbs = False
        await bot.slack.events.say("<@UBOT> hi", channel=channel)
        await final(bot.slack, channel)
        await bot.slack.events.click(bot.slack.peek(channel)[0], "up")
        await until(lambda: "Thank you, noted." in bot.slack.ephemeral)
        await bot.slack.events.click(bot.slack.peek(channel)[0], "again")
        await until(lambda: len(bot.slack.peek(channel)) == 2)
        await final(bot.slack, channel, count=2)

        refused = [e for e in bot.slack.journal.entries if "context_actions" in str(e.body.get("blocks"))]
        assert len(refused) == 1


async def test_a_stream_that_takes_long_has_a_stop_below_it_until_it_ends() -> None:
    now = [0.0]

    async def token_for(team: str, enterprise: str) -> str:
        return TOKEN

    address = {"team": "T1", "enterprise": "", "channel": "D1", "thread": "1.1", "user": "U1", "mode": "native"}
    async with FakeSlack().running() as slack:
        clients = Clients(slack.api_base, token_for)
        surface = SlackSurface(clients, StreamBudget(), Lacks(), address, pace=0.0, clock=lambda: now[0])

        def view(text: str, *, over: bool = False) -> View:
            controls: Any = "again" if over else "stop"
            return View(turn_id=TURN, number=0, part=Part(text), controls=controls, open=not over)

        ref = await surface.post(view("a "))
        await surface.edit(ref, view("a b "))
        assert len(slack.peek("D1")) == 1
        now[0] += 3.5
        slack.journal.faults = [Fault("chat.postMessage", "500")]
        await surface.edit(ref, view("a b c "))
        assert len(slack.peek("D1")) == 1
        await surface.edit(ref, view("a b c d "))
        await surface.edit(ref, view("a b c d e "))
        ids = [e["action_id"] for m in slack.peek("D1") for b in m["blocks"] for e in b["elements"]]
        assert ids == [f"co:stop:{TURN}"]
        await surface.edit(ref, view("a b c d e f", over=True))

        assert [message["text"] for message in slack.peek("D1")] == ["a b c d e f"]
        await clients.aclose()
