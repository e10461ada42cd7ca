"""Whatever goes wrong on the way: what stands on Discord in the end is the stored answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import TextDelta
from fakes import Step, answer
from peers.discord_api import FakeDiscord
from peers.journal import Fault, until

WORDS = [f"word{n} " for n in range(700)]
"""More than two messages."""


async def words(gate: asyncio.Event) -> None:
    await asyncio.sleep(0.002)
    gate.set()


def slow_answer(*, end: Step | None = None) -> list[Step]:
    """An answer that takes about a second, so that it is edited while it grows."""
    from chatops.engine.events import Finished

    steps: list[Step] = []
    for n in range(0, len(WORDS), 10):
        pause = asyncio.Event()
        steps += [TextDelta("".join(WORDS[n : n + 10])), lambda pause=pause: later(pause), pause]  # type: ignore[misc]
    return [*steps, end or Finished("stop")]


def later(pause: asyncio.Event) -> None:
    asyncio.get_running_loop().call_later(0.015, pause.set)


def shown(fake: FakeDiscord, channel: str) -> str:
    return " ".join(message["content"] for message in fake.peek(channel))


def is_over(fake: FakeDiscord, channel: str) -> bool:
    messages = fake.peek(channel)
    rows = messages[-1]["components"] if messages else []
    return any(item["custom_id"].startswith("co:again") for row in rows for item in row["components"])


async def stored(bot: Any) -> str:
    return str((await bot.stored("1")).text)


EDIT, POST = "PATCH /channels/*/messages/*", "POST /channels/*/messages"
FAULTS = {
    "429 while it grows": [Fault(EDIT, "429", skip=1, times=2)],
    "429 at its end": [Fault(EDIT, "429", skip=5, times=3, wait=0.5)],
    "500s": [Fault(EDIT, "500", skip=1, times=3), Fault(POST, "503", skip=1)],
    "resets": [Fault(EDIT, "reset", skip=1, times=2), Fault(POST, "reset", skip=1)],
    "a post that happened and was not answered": [Fault(POST, "lost", times=2)],
    "too long": [Fault(EDIT, "50035", skip=2)],
    "an archived thread": [Fault(EDIT, "50083", skip=2)],
    "a stall": [Fault(EDIT, "slow", skip=1, times=2, wait=1.0)],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
async def test_the_final_text_is_the_stored_answer(open_discord: Any, faults: list[Fault]) -> None:
    async with open_discord(slow_answer(), window=0.6) as bot:
        bot.discord.journal.faults = faults
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: is_over(bot.discord, asked["id"]), 40)

        assert not any(fault.times for fault in faults if fault.match == EDIT)
        assert shown(bot.discord, asked["id"]).split() == (await stored(bot)).split()


async def test_a_real_archived_thread_is_woken(open_discord: Any) -> None:
    async with open_discord(slow_answer()) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: bot.discord.peek(asked["id"]))
        bot.discord.channels[asked["id"]]["thread_metadata"]["archived"] = True
        await until(lambda: is_over(bot.discord, asked["id"]))

        assert shown(bot.discord, asked["id"]).split() == (await stored(bot)).split()


async def test_a_message_that_a_moderator_deletes_is_posted_anew(open_discord: Any) -> None:
    async with open_discord(slow_answer()) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: bot.discord.peek(asked["id"]))
        del bot.discord.messages[bot.discord.peek(asked["id"])[0]["id"]]
        await until(lambda: is_over(bot.discord, asked["id"]))

        assert shown(bot.discord, asked["id"]).split() == (await stored(bot)).split()


async def test_a_provider_that_breaks_off_leaves_what_came_and_a_note(open_discord: Any) -> None:
    cut = ProviderUnavailableError("cut", provider="fake", code="provider_stream_cut")
    async with open_discord(slow_answer(end=cut)) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: is_over(bot.discord, asked["id"]))

        text, _, note = shown(bot.discord, asked["id"]).partition(" ⚠ ")
        text, _, note = (text, "", note) if note else shown(bot.discord, asked["id"]).partition("\n\n⚠ ")
        assert text.split() == (await stored(bot)).split()
        assert "broke off" in note


async def test_edits_never_met_the_limit_and_no_old_text_was_sent_after_a_refusal(open_discord: Any) -> None:
    async with open_discord(slow_answer(), window=0.6) as bot:
        bot.discord.journal.faults = [Fault(EDIT, "429", skip=2, wait=0.3)]
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: is_over(bot.discord, asked["id"]))
        edits = [e for e in bot.discord.journal.calls(EDIT) if e.call.startswith("PATCH")]
        refused = next(n for n, entry in enumerate(edits) if entry.status == 429)

        assert sum(entry.status == 429 for entry in edits) == 1
        assert edits[refused + 1].at - edits[refused].at >= 0.3
        assert len(edits[refused + 1].body["content"]) > len(edits[refused].body["content"])


async def test_an_ask_whose_token_ends_goes_on_in_the_channel(open_discord: Any) -> None:
    async with open_discord(slow_answer()) as bot:
        options = [{"name": "prompt", "type": 3, "value": "what?"}]
        interaction = await bot.discord.slash("ask", options)
        await until(lambda: any("word" in m["content"] for m in bot.discord.peek("300")))
        interaction["expired"] = True
        await until(lambda: is_over(bot.discord, "300"), 40)

        assert shown(bot.discord, "300").split() == (await stored(bot)).split()


async def test_the_bots_end_lets_answers_finish_or_notes_that_they_did_not(open_discord: Any) -> None:
    async with open_discord(slow_answer(), start=False) as bot:
        await bot.start(grace=0.0)
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: bot.discord.peek(asked["id"]))
        await bot.stop()

        assert "the bot is restarting" in shown(bot.discord, asked["id"])
        assert is_over(bot.discord, asked["id"])


async def test_a_very_long_answer_ends_in_a_file_that_has_all_of_it(open_discord: Any) -> None:
    text = " ".join(f"word{n}" for n in range(2500))
    async with open_discord(answer(text), pace=0.02, window=0.01) as bot:
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: any(m.get("files") for m in bot.discord.peek(asked["id"])))

        *messages, file = bot.discord.peek(asked["id"])
        assert file["files"] == [("answer.md", text)]
        assert len(messages) == 9
        assert "in the file below" in messages[-1]["content"]


async def test_where_no_file_may_be_attached_the_rest_is_messages(open_discord: Any) -> None:
    text = " ".join(f"word{n}" for n in range(2500))
    async with open_discord(answer(text), pace=0.02, window=0.01) as bot:
        bot.discord.forbidden.add("files")
        asked = await bot.discord.say("<@100> hi")
        await until(lambda: len(bot.discord.peek(asked["id"])) > 10 and is_over(bot.discord, asked["id"]))

        assert shown(bot.discord, asked["id"]).split() == text.split()
