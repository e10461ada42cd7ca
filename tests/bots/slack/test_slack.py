"""The Slack bot, with the real slack-bolt, on a fake Slack: Web API, Socket Mode, HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fakes import answer
from peers.journal import until
from peers.slack_api import FakeSlack


def is_final(messages: list[dict[str, Any]]) -> bool:
    """Whether the last message has the buttons of an answer that is over."""
    blocks = messages[-1]["blocks"] if messages else []
    elements = [e for block in blocks if block["type"] == "actions" for e in block["elements"]]
    return any(e["action_id"].startswith("co:again") for e in elements)


async def final(slack: FakeSlack, channel: str, thread: str | None = None, count: int = 1) -> str:
    await until(lambda: len(slack.peek(channel, thread)) >= count and is_final(slack.peek(channel, thread)))
    return "".join(message["text"] for message in slack.peek(channel, thread)[count - 1 :])


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_mention_is_answered_once_in_its_thread_which_goes_on_without_mentions(
    open_slack_bot: Any, http: bool
) -> None:
    async with open_slack_bot(answer("Hel", "lo"), answer("again"), http=http) as bot:
        asked = await bot.slack.events.say("<@UBOT> hi &lt;there&gt;")
        assert await final(bot.slack, "C1", asked["ts"]) == "Hello"
        await bot.slack.events.say("and more", thread=asked["ts"])
        assert await final(bot.slack, "C1", asked["ts"], count=2) == "again"

        assert len(bot.slack.peek("C1")) == 2
        assert [m.text for m in bot.rig.provider.requests[1].messages] == ["hi <there>", "Hello", "and more"]
        assert max(bot.slack.events.acks) < 3


async def test_a_direct_message_is_streamed_by_slack_itself(open_slack_bot: Any) -> None:
    gate = asyncio.Event()
    first, *rest = answer("Some words. ", "And more.")
    async with open_slack_bot([first, gate, *rest]) as bot:
        asked = await bot.slack.events.say("hi", channel="D1")
        await until(lambda: bot.slack.peek("D1"))
        assert "stream" in bot.slack.peek("D1")[0]
        assert bot.slack.statuses[0]["thread_ts"] == asked["ts"]
        gate.set()

        assert await final(bot.slack, "D1") == "Some words. And more."
        assert "stream" not in bot.slack.peek("D1")[0]
