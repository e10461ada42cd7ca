"""`/chatops ...` on Slack."""

from __future__ import annotations

from typing import Any

from bots.slack.test_slack import final
from fakes import answer
from peers.journal import until


async def test_commands_are_answered_to_who_gave_them_alone(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes"), deny_users=("U3",)) as bot:
        said = [
            await bot.slack.events.slash("/chatops", text)
            for text in ("", "model other:x", "modle", "usage", "link", "system", "forget", "forget yes")
        ]
        texts = [answer["text"] for answer in said]
        assert "Regenerate" in texts[0]
        assert "`other:x`" in texts[1]
        assert "did you mean model" in texts[2]
        assert texts[3] == "In the last 30 days:\nnothing"
        assert "`chatops link " in texts[4]
        assert "no system prompt" in texts[5]
        assert "forget yes" in texts[6]
        assert "Forgotten: 0" in texts[7]
        denied = await bot.slack.events.slash("/chatops", "help", user="U3")
        assert "may not use" in denied["text"]


async def test_forget_deletes_all_conversations_choices_and_thumbs_of_one_person(open_slack_bot: Any) -> None:
    async with open_slack_bot(*[answer("yes")] * 4) as bot:
        asked = await bot.slack.events.say("<@UBOT> hi")
        await final(bot.slack, "C1", asked["ts"])
        await bot.slack.events.click(bot.slack.peek("C1")[0], "up")
        await bot.slack.events.say("in private", channel="D1")
        await final(bot.slack, "D1")
        await bot.slack.events.slash("/chatops", "new", channel="D1")
        await bot.slack.events.say("in another conversation", channel="D1")
        await final(bot.slack, "D1", count=2)
        await bot.slack.events.slash("/chatops", "system Be brief.")
        other = await bot.slack.events.say("<@UBOT> of somebody else", user="U12")
        await final(bot.slack, "C1", other["ts"])
        await until(lambda: bot.slack.ephemeral)
        said = await bot.slack.events.slash("/chatops", "forget yes")

        assert said["text"].startswith("Forgotten: 3 conversations")
        assert len(await bot.rig.store.every_conversation(limit=9)) == 1
        for kind, left in {"thread": 1, "own": 1, "answer": 1, "choices": 0, "feedback": 0}.items():
            assert len(await bot.records.find(f"slack {kind}", limit=9)) == left
        await bot.slack.events.click(bot.slack.peek("C1")[0], "again")
        await until(lambda: "too old for its buttons" in bot.slack.ephemeral[-1])
