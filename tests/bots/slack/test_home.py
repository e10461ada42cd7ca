"""The home tab: what a person sees of the bot, and sets."""

from __future__ import annotations

import json
from typing import Any

from bots.slack.test_slack import final
from fakes import answer
from peers.journal import until


async def opened(bot: Any, user: str = "U1") -> dict[str, Any]:
    bot.slack.homes.clear()
    await bot.slack.events.event({"type": "app_home_opened", "tab": "home", "user": user, "channel": "D1"})
    await until(lambda: user in bot.slack.homes)
    view: dict[str, Any] = bot.slack.homes[user]
    return view


def select(view: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = view["blocks"][0]["accessory"]
    return found


async def test_it_shows_model_prompt_usage_conversations_and_help(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        await bot.slack.events.say("<@UBOT> what is <!channel>?")
        await final(bot.slack, "C1")
        view = await opened(bot)
        text = json.dumps(view, ensure_ascii=False)

        assert select(view)["initial_option"]["value"] == "fake:m"
        assert "fake:m: 1 answers" in text
        assert "• what is @channel? — <!date^" in text
        assert "`/chatops link`" in text
        assert "none yet" in json.dumps(await opened(bot, "U2"))


async def test_the_model_and_the_system_prompt_are_chosen_there(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        choice = {"action_id": "co_model", "block_id": "b", "selected_option": {"value": "other:x"}}
        home = {"view": {"type": "home", "id": "V1"}}
        await bot.slack.events.interact(
            {"type": "block_actions", "actions": [choice | {"type": "static_select"}]} | home
        )
        await until(lambda: bot.slack.homes)
        assert select(bot.slack.homes["U1"])["initial_option"]["value"] == "other:x"

        change = {"action_id": "co_system", "block_id": "b", "type": "button"}
        await bot.slack.events.interact({"type": "block_actions", "actions": [change]} | home)
        await until(lambda: bot.slack.views)
        state = {"values": {"system": {"prompt": {"type": "plain_text_input", "value": "Be <brief>."}}}}
        bot.slack.homes.clear()
        await bot.slack.events.interact(
            {"type": "view_submission", "view": bot.slack.views[0] | {"id": "V2", "state": state}}
        )
        await until(lambda: bot.slack.homes)
        assert "Be &lt;brief&gt;." in json.dumps(bot.slack.homes["U1"])
        await bot.slack.events.say("<@UBOT> hi")
        await final(bot.slack, "C1")

        assert bot.rig.other.requests[0].system == "Be <brief>."


async def test_who_is_denied_sees_why_and_nothing_else(open_slack_bot: Any) -> None:
    async with open_slack_bot(deny_users=("U1",)) as bot:
        view = await opened(bot)

        assert len(view["blocks"]) == 1
        assert "may not use this bot" in view["blocks"][0]["text"]["text"]
