"""The Slack bot, with the real slack-bolt, on a fake Slack: Web API, Socket Mode, HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fakes import answer
from peers.journal import Fault, until
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


async def test_direct_messages_are_one_conversation_until_new(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("one"), answer("two"), answer("three")) as bot:
        first = await bot.slack.events.say("first", channel="D1")
        await final(bot.slack, "D1")
        second = await bot.slack.events.say("second", channel="D1")
        await final(bot.slack, "D1", second["ts"])
        said = await bot.slack.events.slash("/chatops", "new", channel="D1")
        assert "begins a new" in said["text"]
        third = await bot.slack.events.say("third", channel="D1")
        await final(bot.slack, "D1", third["ts"])

        assert [[m.text for m in request.messages] for request in bot.rig.provider.requests] == [
            ["first"],
            ["first", "one", "second"],
            ["third"],
        ]
        assert first["ts"] == bot.slack.peek("D1")[0]["thread_ts"]


async def test_a_thread_of_the_assistants_pane_is_a_conversation_of_its_own(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("one")) as bot:
        await bot.slack.events.say("elsewhere", channel="D1")
        await final(bot.slack, "D1")
        started = {"channel_id": "D1", "thread_ts": "5.000005", "user_id": "U1", "context": {}}
        await bot.slack.events.event({"type": "assistant_thread_started", "assistant_thread": started, "event_ts": "5"})
        await bot.slack.events.say("in the pane", channel="D1", thread="5.000005")
        await final(bot.slack, "D1", "5.000005")

        assert bot.slack.prompts[0]["thread_ts"] == "5.000005"
        assert [m.text for m in bot.rig.provider.requests[1].messages] == ["in the pane"]


async def test_an_ask_is_said_in_the_channel_and_answered_below(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("an", "swer")) as bot:
        await bot.slack.events.slash("/ask", "what <!channel>?")
        await until(lambda: len(bot.slack.peek("C1")) == 2 and is_final(bot.slack.peek("C1")))

        asked, said = bot.slack.peek("C1")
        assert asked["text"] == "<@U1> asks: what &lt;!channel&gt;?"
        assert (said["text"], said["thread_ts"]) == ("answer", asked["ts"])


async def test_an_ask_where_the_bot_may_not_write_is_answered_directly(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        bot.slack.closed.add("C1")
        await bot.slack.events.slash("/ask", "hi")

        assert await final(bot.slack, "D1") == "yes"


async def test_buttons_work_after_a_restart_and_stop_is_the_askers(open_slack_bot: Any) -> None:
    gate = asyncio.Event()
    first, *rest = answer("some words ", "never")
    async with open_slack_bot([first, gate, *rest], answer("second")) as bot:
        asked = await bot.slack.events.say("<@UBOT> hi")
        await until(lambda: any(m["text"].startswith("some") for m in bot.slack.peek("C1")))
        (message,) = bot.slack.peek("C1")
        await bot.slack.events.click(message, "stop", user="U2")
        await until(lambda: bot.slack.ephemeral)
        assert "only who asked" in bot.slack.ephemeral[0]
        await bot.slack.events.click(message, "stop")
        assert await final(bot.slack, "C1") == "some words\n\n⏹ stopped"
        await bot.stop()
        await bot.start()
        await bot.slack.events.click(bot.slack.peek("C1")[0], "again")

        assert await final(bot.slack, "C1", asked["ts"], count=2) == "second"


async def test_the_word_stop_stops_a_streamed_answer(open_slack_bot: Any) -> None:
    gate = asyncio.Event()
    first, *rest = answer("some words ", "never")
    async with open_slack_bot([first, gate, *rest]) as bot:
        await bot.slack.events.say("hi", channel="D1")
        await until(lambda: bot.slack.peek("D1"))
        await bot.slack.events.say("Stop.", channel="D1")

        assert "stopped" in await final(bot.slack, "D1")
        assert len(bot.rig.provider.requests) == 1


async def test_an_event_delivered_four_times_or_to_two_workers_is_answered_once(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        first, bot.task = bot.task, None
        await bot.start()
        assert bot.slack.events.connections == 2
        bot.slack.events.ignored = 3
        asked = await bot.slack.events.say("<@UBOT> hi")
        await final(bot.slack, "C1", asked["ts"])
        later = await bot.slack.events.say("<@UBOT> later")
        await final(bot.slack, "C1", later["ts"])
        first.cancel()
        await asyncio.wait({first})

        assert len(bot.slack.peek("C1")) == 2
        assert len(bot.rig.provider.requests) == 2


async def test_an_event_that_could_not_be_stored_is_sent_again(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes"), http=True) as bot:
        with bot.rig.store.refusing():
            saying = asyncio.ensure_future(bot.slack.events.say("<@UBOT> hi"))
            await until(lambda: bot.rig.store.refused >= 1)
        asked = await saying

        assert await final(bot.slack, "C1", asked["ts"]) == "yes"
        assert len(bot.slack.peek("C1")) == 1


async def test_a_forged_request_is_refused(open_slack_bot: Any) -> None:
    import aiohttp

    async with open_slack_bot(answer("yes"), http=True) as bot, aiohttp.ClientSession() as session:
        sign = bot.slack.events.signature
        unsigned: dict[str, str] = {}
        for headers in (sign("{}", secret="other"), sign("{}", at=1), unsigned):
            async with session.post(bot.slack.events.url, data="{}", headers=headers) as response:
                assert response.status == 401


async def test_a_connection_that_slack_wants_anew_is_made_anew(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        await bot.slack.events.ask_to_reconnect()
        await until(lambda: bot.slack.journal.calls("apps.connections.open")[1:])
        await until(lambda: bot.slack.events.connections >= 1)
        asked = await bot.slack.events.say("<@UBOT> hi")

        assert await final(bot.slack, "C1", asked["ts"]) == "yes"


async def test_nothing_pings_unfurls_or_hides(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("<!channel> `<@U1>` [bank](https://evil.example)")) as bot:
        asked = await bot.slack.events.say("<@UBOT> hi")
        said = await final(bot.slack, "C1", asked["ts"])

        assert "<!channel>" not in said
        assert "<@U1>" not in said
        assert said.endswith("bank (https://evil.example)")
        assert bot.slack.peek("C1")[0]["unfurl"] == (False, False)


async def test_a_provider_that_is_hostile_in_its_error_pings_nobody_either(open_slack_bot: Any) -> None:
    from chatops.engine.errors import ProviderRejectedError

    error = ProviderRejectedError("<!channel> [bank](https://evil.example)", provider="fake", code="provider_rejected")
    async with open_slack_bot([error]) as bot:
        asked = await bot.slack.events.say("<@UBOT> hi")
        said = await final(bot.slack, "C1", asked["ts"])

        assert said == "⚠ <\u200b!channel> bank (https://evil.example)"


async def test_files_go_along_and_the_token_goes_to_slack_alone(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("seen")) as bot:
        bot.slack.files.given = {"a.png": b"\x89PNG"}
        url = f"{bot.slack.base}/files/a.png"
        image = {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 4, "url_private_download": url}
        asked = await bot.slack.events.say("<@UBOT> look", subtype="file_share", files=[image])
        await final(bot.slack, "C1", asked["ts"])
        foreign = image | {"url_private_download": "http://127.0.0.2:1/steal"}
        refused = await bot.slack.events.say("<@UBOT> look", subtype="file_share", files=[foreign])
        await until(lambda: bot.slack.peek("C1", refused["ts"]))

        assert list(bot.rig.provider.requests[0].blobs.values()) == [b"\x89PNG"]
        assert "could not be fetched" in bot.slack.peek("C1", refused["ts"])[0]["text"]


async def test_people_have_names_and_those_nobody_says_are_no_hindrance(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("one"), answer("two"), answer("three")) as bot:
        asked = await bot.slack.events.say("<@UBOT> ask <@U1> and <@U99>", user="U2")
        await final(bot.slack, "C1", asked["ts"])
        await bot.slack.events.say("me too", thread=asked["ts"])
        await final(bot.slack, "C1", asked["ts"], count=2)
        bot.slack.journal.faults = [Fault("users.info", "slow", wait=2.0)]
        await bot.slack.events.say("and me", thread=asked["ts"], user="U3")
        await final(bot.slack, "C1", asked["ts"], count=3)

        asked_for = [entry.body["user"] for entry in bot.slack.journal.calls("users.info")]
        texts = [request.messages[-1].text for request in bot.rig.provider.requests]
        assert texts == ["ask @Ann and @U99", "Ann: me too", "U3: and me"]
        assert sorted(asked_for) == ["U1", "U2", "U3", "U99"]


async def test_called_in_the_middle_of_a_thread_it_reads_what_was_said(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        root = await bot.slack.events.say("the server is down")
        await bot.slack.events.say("I know", thread=root["ts"], user="U2")
        await bot.slack.events.say("<@UBOT> why?", thread=root["ts"])
        await final(bot.slack, "C1", root["ts"])

        prompt = bot.rig.provider.requests[0].messages[0].text
        assert prompt == "why?\n\nThe thread so far:\n> U1: the server is down\n> U2: I know"


async def test_a_message_shortcut_explains_it_in_its_thread(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("it means")) as bot:
        message = {"ts": "9.000009", "text": "E = mc²", "user": "U2"}
        body = {"type": "message_action", "callback_id": "chatops_about", "message": message, "channel": {"id": "C1"}}
        await bot.slack.events.interact(body)

        assert await final(bot.slack, "C1", "9.000009") == "it means"
        assert "> E = mc²" in bot.rig.provider.requests[0].messages[0].text


async def test_the_global_shortcut_asks_in_a_modal_and_answers_directly(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes")) as bot:
        await bot.slack.events.interact({"type": "shortcut", "callback_id": "chatops_ask"})
        await until(lambda: bot.slack.views)
        state = {"values": {"question": {"prompt": {"type": "plain_text_input", "value": "what?"}}}}
        view = bot.slack.views[0] | {"id": "V1", "state": state}
        await bot.slack.events.interact({"type": "view_submission", "view": view})
        await until(lambda: len(bot.slack.peek("D1")) == 2 and is_final(bot.slack.peek("D1")))

        assert [m["text"] for m in bot.slack.peek("D1")] == ["> what?", "yes"]
