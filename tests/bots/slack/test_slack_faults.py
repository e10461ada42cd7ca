"""Whatever goes wrong on the way: what stands on Slack in the end is the stored answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatops.engine.events import Finished, TextDelta
from fakes import Step
from peers.journal import Fault, until
from peers.slack_api import FakeSlack


def long_answer(size: int, pause: float = 0.01) -> list[Step]:
    """Words of about `size` characters, in 60 pieces."""
    words = [f"word{n}" for n in range(size // 8)]
    steps: list[Step] = []
    piece = max(1, len(words) // 60)
    for n in range(0, len(words), piece):
        wait = asyncio.Event()
        text = " ".join(words[n : n + piece]) + " "
        steps += [TextDelta(text), lambda wait=wait: later(wait, pause), wait]  # type: ignore[misc]
    return [*steps, Finished("stop")]


def later(wait: asyncio.Event, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, wait.set)


def is_over(slack: FakeSlack, channel: str) -> bool:
    messages = slack.peek(channel)
    blocks = messages[-1]["blocks"] if messages else []
    return any(e["action_id"].startswith("co:again") for b in blocks if b["type"] == "actions" for e in b["elements"])


def shown(slack: FakeSlack, channel: str) -> list[str]:
    return " ".join(message["text"] for message in slack.peek(channel)).split()


async def stored(bot: Any) -> list[str]:
    return str((await bot.stored("T1:U1")).text).split()


FAULTS = {
    "429 while it grows": [Fault("chat.update", "429", skip=1, times=2)],
    "500s": [Fault("chat.update", "500", skip=1, times=3)],
    "resets": [Fault("chat.update", "reset", skip=1, times=2), Fault("chat.postMessage", "reset")],
    "a post that happened and was not answered": [Fault("chat.postMessage", "lost", times=2)],
    "too long": [Fault("chat.update", "msg_too_long", skip=2)],
    "an unknown error": [Fault("chat.update", "fatal_error", skip=2)],
    "a stall": [Fault("chat.update", "slow", skip=1, times=2, wait=1.0)],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
async def test_an_edited_answer_is_the_stored_one_in_the_end(open_slack_bot: Any, faults: list[Fault]) -> None:
    async with open_slack_bot(long_answer(14_000)) as bot:
        bot.slack.journal.faults = faults
        await bot.slack.events.say("<@UBOT> hi")
        await until(lambda: is_over(bot.slack, "C1"), 40)

        assert not any(fault.times for fault in faults)
        assert shown(bot.slack, "C1") == await stored(bot)


STREAMS = {
    "nothing": [],
    "429": [Fault("chat.appendStream", "429", skip=1)],
    "500s": [Fault("chat.appendStream", "500", skip=1, times=2), Fault("chat.stopStream", "500")],
    "a stream that Slack ended": [Fault("chat.appendStream", "message_not_in_streaming_state", skip=1)],
    "an end that comes too late": [Fault("chat.stopStream", "message_not_in_streaming_state")],
    "a start that is refused": [Fault("chat.startStream", "500"), Fault("chat.startStream", "reset")],
    "a start that happened and was not answered": [Fault("chat.startStream", "lost", times=2)],
    "too long": [Fault("chat.appendStream", "msg_too_long", skip=1)],
}


@pytest.mark.parametrize("faults", STREAMS.values(), ids=STREAMS.keys())
async def test_a_streamed_answer_rolls_over_and_is_the_stored_one(open_slack_bot: Any, faults: list[Fault]) -> None:
    async with open_slack_bot(long_answer(20_000)) as bot:
        bot.slack.journal.faults = faults
        await bot.slack.events.say("hi", channel="D1")
        await until(
            lambda: is_over(bot.slack, "D1") and not any("stream" in message for message in bot.slack.peek("D1")), 40
        )

        assert len(bot.slack.peek("D1")) >= 3
        assert shown(bot.slack, "D1") == await stored(bot)


async def test_a_stream_that_grew_too_old_goes_on_by_edits(open_slack_bot: Any) -> None:
    async with open_slack_bot(long_answer(4_000), fake=FakeSlack(stream_seconds=0.2)) as bot:
        await bot.slack.events.say("hi", channel="D1")
        await until(lambda: is_over(bot.slack, "D1"))

        assert shown(bot.slack, "D1") == await stored(bot)
        assert bot.slack.journal.calls("chat.update")


async def test_a_channel_that_was_closed_meanwhile_sends_the_answer_to_who_asked(open_slack_bot: Any) -> None:
    async with open_slack_bot(long_answer(4_000)) as bot:
        await bot.slack.events.say("<@UBOT> hi")
        await until(lambda: bot.slack.peek("C1"))
        bot.slack.closed.add("C1")
        await until(lambda: is_over(bot.slack, "D1"))

        told = " ".join(shown(bot.slack, "D1"))
        assert told.partition(" I may not write in <#C1>")[0].split() == await stored(bot)
        assert "`/invite` me" in told


async def test_a_workspace_without_streams_gets_edited_messages_and_is_not_asked_again(open_slack_bot: Any) -> None:
    async with open_slack_bot(long_answer(400, pause=0.001), long_answer(400, pause=0.001)) as bot:
        bot.slack.journal.faults = [Fault("chat.startStream", "unknown_method", times=99)]
        for n in ("D1", "D2"):
            await bot.slack.events.say("hi", channel=n)
            await until(lambda n=n: is_over(bot.slack, n))

        assert len(bot.slack.journal.calls("chat.startStream")) == 1


async def test_who_stops_a_stream_by_slacks_own_means_stops_the_answer(open_slack_bot: Any) -> None:
    async with open_slack_bot(long_answer(4_000, pause=0.05)) as bot:
        bot.slack.journal.faults = [Fault("chat.appendStream", "stopped_by_user", skip=1)]
        await bot.slack.events.say("hi", channel="D1")
        await until(lambda: is_over(bot.slack, "D1"))

        told = " ".join(shown(bot.slack, "D1"))
        assert (await bot.stored("T1:U1")).status == "interrupted"
        assert told.partition(" ⏹ stopped")[0].split() == await stored(bot)
        assert told.endswith("⏹ stopped")


async def test_a_very_long_answer_ends_in_a_file_that_has_all_of_it(open_slack_bot: Any) -> None:
    async with open_slack_bot(long_answer(70_000, pause=0.001), fake=FakeSlack(minute=0.6)) as bot:
        await bot.slack.events.say("<@UBOT> hi")
        await until(lambda: bot.slack.files.uploaded and is_over_before_the_file(bot.slack), 40)

        (file,) = bot.slack.files.uploaded.values()
        assert file.split() == await stored(bot)
        assert len(bot.slack.peek("C1")) == 7
        assert "in the file below" in bot.slack.peek("C1")[5]["text"]


def is_over_before_the_file(slack: FakeSlack) -> bool:
    *_, last, file = slack.peek("C1")
    return bool(file["files"]) and any(block["type"] == "actions" for block in last["blocks"])


FILES = {
    "the right to upload is missing": [Fault("files.getUploadURLExternal", "missing_scope")],
    "uploading fails for a while": [Fault("files.getUploadURLExternal", "500"), Fault("files.complete*", "reset")],
    "a file that was shared and not answered for": [Fault("files.completeUploadExternal", "lost", times=2)],
}


@pytest.mark.parametrize("faults", FILES.values(), ids=FILES.keys())
async def test_whatever_happens_to_the_file_the_whole_answer_is_there_once(
    open_slack_bot: Any, faults: list[Fault]
) -> None:
    async with open_slack_bot(long_answer(60_000, pause=0.001), fake=FakeSlack(minute=0.6)) as bot:
        bot.slack.journal.faults = faults
        await bot.slack.events.say("<@UBOT> hi")
        while not await bot.records.find("slack answer", limit=9) or not await delivered(bot):
            await asyncio.sleep(0.02)

        files = [message for message in bot.slack.peek("C1") if message["files"]]
        said = [message["text"] for message in bot.slack.peek("C1") if not message["files"]]
        whole = list(bot.slack.files.uploaded.values())[-1:] if files else [" ".join(said)]
        assert whole[0].split() == await stored(bot)
        assert len(files) <= 1


async def delivered(bot: Any) -> bool:
    """Whether no answer is on its way any more."""
    ((turn, _),) = await bot.records.find("slack answer", limit=9)
    return not await bot.rig.store.read(
        lambda db: db.execute("SELECT 1 FROM bot_records WHERE key = ? AND lease_until > 0", (turn,)).fetchone()
    )


async def test_more_streams_than_slack_allows_are_edited_messages(open_slack_bot: Any) -> None:
    told = asyncio.Event()  # holds every answer back after its first words until Slack shows each of them
    script: list[Step] = [TextDelta("the first words "), told, TextDelta("and the rest"), Finished("stop")]
    async with open_slack_bot(script) as bot:
        async with asyncio.TaskGroup() as group:
            for n in range(30):
                group.create_task(bot.slack.events.say("hi", channel=f"D{n}", user=f"U{n}"))
        await until(lambda: all(bot.slack.peek(f"D{n}") for n in range(30)), 60)
        told.set()
        await until(lambda: all(is_over(bot.slack, f"D{n}") for n in range(30)), 60)

        assert len(bot.slack.journal.calls("chat.startStream")) == 18
        assert all("and the rest" in " ".join(shown(bot.slack, f"D{n}")) for n in range(30))
        assert not [entry for entry in bot.slack.journal.entries if entry.status == 429]
