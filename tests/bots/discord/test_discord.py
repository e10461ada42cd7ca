"""The Discord bot, with the real discord.py, on a fake Discord: REST, gateway, rate limits."""

from __future__ import annotations

import asyncio
from typing import Any

from fakes import answer
from peers.discord_api import FakeDiscord
from peers.journal import until


def is_final(messages: list[dict[str, Any]]) -> bool:
    """Whether the last message has the buttons of an answer that is over."""
    rows = messages[-1]["components"] if messages else []
    return any(item["custom_id"].startswith("co:again") for row in rows for item in row["components"])


async def final(fake: FakeDiscord, channel: str) -> str:
    await until(lambda: is_final(fake.peek(channel)))
    return "".join(message["content"] for message in fake.peek(channel))


async def test_a_mention_is_answered_in_a_thread_that_goes_on_without_mentions(open_discord: Any) -> None:
    async with open_discord(answer("Hel", "lo"), answer("again")) as bot:
        asked = await bot.discord.say("<@100> hi there")
        assert await final(bot.discord, asked["id"]) == "Hello"
        assert bot.discord.channels[asked["id"]]["name"] == "hi there"
        await bot.discord.say("and more", channel=asked["id"])
        await until(lambda: len(bot.discord.peek(asked["id"])) == 2)
        await final(bot.discord, asked["id"])

        assert [message["content"] for message in bot.discord.peek(asked["id"])] == ["Hello", "again"]
        assert [m.text for m in bot.rig.provider.requests[1].messages] == ["hi there", "Hello", "and more"]
        assert bot.discord.invalid == 0


async def test_what_is_said_without_a_mention_is_not_for_us(open_discord: Any) -> None:
    async with open_discord() as bot:
        await bot.discord.say("hello all")
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])

        assert len(bot.rig.provider.requests) == 1
        assert len(bot.discord.messages) == 3


def steps(*words: str, gate: asyncio.Event | None = None) -> list[Any]:
    """An answer that waits for the gate before its last word."""
    *first, last, end = answer(*words)
    return [*first, *([gate] if gate else []), last, end]


async def test_a_direct_message_needs_no_mention_and_new_begins_another_conversation(open_discord: Any) -> None:
    async with open_discord(answer("one"), answer("two"), answer("three")) as bot:
        asked = await bot.discord.direct("first")
        channel = asked["channel_id"]
        await final(bot.discord, channel)
        await bot.discord.direct("second")
        await until(lambda: len(bot.discord.peek(channel)) == 2 and is_final(bot.discord.peek(channel)))
        await bot.discord.slash("chatops", [{"name": "new", "type": 1, "options": []}], channel=channel)
        await until(lambda: any("begins a new" in text for text in bot.discord.ephemeral))
        await bot.discord.direct("third")
        await until(lambda: len(bot.rig.provider.requests) == 3)

        requests = [[m.text for m in request.messages] for request in bot.rig.provider.requests]
        assert requests == [["first"], ["first", "one", "second"], ["third"]]


async def test_an_ask_is_deferred_and_answered_in_its_place_and_a_reply_goes_on(open_discord: Any) -> None:
    async with open_discord(answer("an", "swer"), answer("more")) as bot:
        options = [{"name": "prompt", "type": 3, "value": "what?"}]
        interaction = await bot.discord.slash("ask", options)
        await until(lambda: is_final(bot.discord.peek("300")))
        (message,) = bot.discord.peek("300")
        assert bot.discord.callbacks[interaction["id"]]["type"] == 5
        assert message["content"] == "answer"
        while not await bot.records.find("discord chain", limit=1):
            await asyncio.sleep(0.01)
        reference = {"message_id": message["id"], "channel_id": "300", "guild_id": "200", "type": 0}
        await bot.discord.say("go on", message_reference=reference, type=19)
        await until(lambda: len(bot.discord.peek("300")) == 2 and is_final(bot.discord.peek("300")))

        assert bot.discord.peek("300")[-1]["content"] == "more"
        assert bot.rig.provider.requests[1].messages[0].text == "what?"


async def test_stop_keeps_what_came_and_only_who_asked_may_press_it(open_discord: Any) -> None:
    gate = asyncio.Event()
    async with open_discord(steps("some words ", "never", gate=gate)) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: any(m["content"] == "some words" for m in bot.discord.peek(asked["id"])))
        (message,) = bot.discord.peek(asked["id"])
        await bot.discord.click(message, "stop", user="2")
        await until(lambda: bot.discord.ephemeral)
        assert "only who asked" in bot.discord.ephemeral[0]
        await bot.discord.click(message, "stop")

        assert await final(bot.discord, asked["id"]) == "some words\n\n⏹ stopped"
        stored = await bot.stored("1")
        assert (stored.status, stored.text) == ("interrupted", "some words ")


async def test_buttons_work_after_a_restart(open_discord: Any) -> None:
    async with open_discord(answer("first"), answer("second")) as bot:
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])
        await bot.stop()
        await bot.start()
        (message,) = bot.discord.peek(asked["id"])
        await bot.discord.click(message, "up", user="2")
        await until(lambda: "Thank you, noted." in bot.discord.ephemeral)
        await bot.discord.click(message, "again")
        await until(lambda: len(bot.discord.peek(asked["id"])) == 2 and is_final(bot.discord.peek(asked["id"])))

        assert [m["content"] for m in bot.discord.peek(asked["id"])] == ["first", "second"]
        assert [value["verdict"] for _, value in await bot.records.find("discord feedback", limit=9)] == ["up"]


async def test_without_the_message_content_intent_mentions_and_direct_messages_work(open_discord: Any) -> None:
    async with open_discord(answer("yes"), allow_content=False) as bot:
        asked = await bot.discord.say("<@100> hi")
        assert await final(bot.discord, asked["id"]) == "yes"
        direct = await bot.discord.direct("hello")
        assert await final(bot.discord, direct["channel_id"]) == "yes"


async def test_an_event_delivered_again_after_a_resume_is_answered_once(open_discord: Any) -> None:
    async with open_discord(answer("yes")) as bot:
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])
        await bot.discord.gateway.drop()
        await bot.discord.gateway.dispatch("MESSAGE_CREATE", bot.discord._event(asked))
        await until(lambda: bot.discord.gateway.resumed == 1)
        for _ in range(3):
            await bot.discord.gateway.dispatch("MESSAGE_CREATE", bot.discord._event(asked))
        later = await bot.discord.say("<@100> later")
        await final(bot.discord, later["id"])

        assert len(bot.discord.peek(asked["id"])) == 1
        assert len(bot.rig.provider.requests) == 2


async def test_two_bots_on_one_database_answer_once(open_discord: Any) -> None:
    async with open_discord(answer("yes")) as bot:
        first, bot.task = bot.task, None
        await bot.start()
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])
        later = await bot.discord.say("<@100> later", user="2")
        await final(bot.discord, later["id"])
        first.cancel()
        await asyncio.wait({first})

        assert len(bot.rig.provider.requests) == 2
        assert [len(bot.discord.peek(m["id"])) for m in (asked, later)] == [1, 1]


async def test_a_provider_that_fails_is_one_sentence(open_discord: Any) -> None:
    from chatops.engine.errors import ProviderRejectedError

    error = ProviderRejectedError("secret detail", provider="fake", code="provider_credentials")
    async with open_discord([error]) as bot:
        asked = await bot.discord.say("<@100> hi")
        said = await final(bot.discord, asked["id"])

        assert said.startswith("⚠ the model's key is missing or was refused")
        assert "secret detail" not in said


async def test_who_is_denied_is_told_and_costs_nothing(open_discord: Any) -> None:
    async with open_discord(deny_roles=("700",), direct=False) as bot:
        asked = await bot.discord.say("<@100> hi", user="7")
        await until(lambda: bot.discord.peek(asked["id"]))
        direct = await bot.discord.direct("hi")
        await until(lambda: bot.discord.peek(direct["channel_id"]))

        assert "may not use" in bot.discord.peek(asked["id"])[0]["content"]
        assert "mention it in a channel" in bot.discord.peek(direct["channel_id"])[0]["content"]
        assert bot.rig.provider.requests == []


async def test_nothing_pings_unfurls_or_hides(open_discord: Any) -> None:
    async with open_discord(answer("@everyone <@1> [bank](https://evil.example)")) as bot:
        asked = await bot.discord.say("<@100> hi")
        said = await final(bot.discord, asked["id"])
        (message,) = bot.discord.peek(asked["id"])

        assert message["allowed_mentions"] == {"parse": [], "replied_user": False} or message["allowed_mentions"] == {
            "parse": []
        }
        assert message["flags"] & 4
        assert said.replace("\u200b", "") == "@everyone <@1> bank (<https://evil.example>)"
        assert "@everyone" not in said


async def test_where_no_thread_may_be_made_the_channel_is_used(open_discord: Any) -> None:
    async with open_discord(answer("yes")) as bot:
        bot.discord.forbidden.add("threads:300")
        asked = await bot.discord.say("<@100> hi")

        assert await final(bot.discord, "300") == "yes"
        assert bot.discord.peek("300")[0]["reference"] == asked["id"]


async def test_where_nothing_may_be_written_the_asker_gets_a_direct_message(open_discord: Any) -> None:
    async with open_discord(answer("yes")) as bot:
        bot.discord.forbidden |= {"threads:300", "300"}
        await bot.discord.say("<@100> hi")

        await until(lambda: "41" in bot.discord.channels)
        said = await final(bot.discord, "41")
        assert said.startswith("yes\n\nI may not write in <#300>")
        assert "Send Messages" in said


async def test_files_go_along_as_images_and_as_text(open_discord: Any) -> None:
    async with open_discord(answer("seen")) as bot:
        bot.discord.files = {"a.png": b"\x89PNG", "b.py": b"print()"}
        files = [
            {"id": str(n), "filename": name, "size": len(data), "url": f"{bot.discord.base}/files/{name}"}
            | {"proxy_url": "", "content_type": kind}
            for n, ((name, data), kind) in enumerate(
                zip(bot.discord.files.items(), ["image/png", "text/x-python; charset=utf-8"], strict=True)
            )
        ]
        asked = await bot.discord.say("<@100> look", attachments=files)
        await final(bot.discord, asked["id"])

        (request,) = bot.rig.provider.requests
        assert request.messages[0].text == "look\n\nFile b.py:\n\n```\nprint()\n```"
        assert list(request.blobs.values()) == [b"\x89PNG"]


async def test_a_deleted_question_stops_its_answer(open_discord: Any) -> None:
    gate = asyncio.Event()
    async with open_discord(steps("some words ", "never", gate=gate)) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: any(m["content"] == "some words" for m in bot.discord.peek(asked["id"])))
        await bot.discord.remove(asked)

        assert "stopped" in await final(bot.discord, asked["id"])


async def test_another_person_goes_on_in_a_thread_under_their_name(open_discord: Any) -> None:
    async with open_discord(answer("one"), answer("two")) as bot:
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])
        await bot.discord.say("me too", user="2", channel=asked["id"])
        await until(lambda: len(bot.rig.provider.requests) == 2)

        assert bot.rig.provider.requests[1].messages[-1].text == "Ann: me too"


async def test_model_and_system_prompt_are_each_persons_own(open_discord: Any) -> None:
    async with open_discord(answer("one")) as bot:

        async def command(name: str, option: str, value: str) -> str:
            before = len(bot.discord.ephemeral)
            values = [{"name": option, "type": 3, "value": value}]
            await bot.discord.slash("chatops", [{"name": name, "type": 1, "options": values}])
            await until(lambda: len(bot.discord.ephemeral) > before)
            return str(bot.discord.ephemeral[-1])

        assert "other:x" in await command("model", "name", "other:x")
        assert "no model 'nowhere:x'" in await command("model", "name", "nowhere:x")
        assert "system prompt" in await command("system", "text", "Be brief.")
        asked = await bot.discord.say("<@100> hi")
        await final(bot.discord, asked["id"])

        (request,) = bot.rig.other.requests
        assert (request.model, request.system) == ("x", "Be brief.")
