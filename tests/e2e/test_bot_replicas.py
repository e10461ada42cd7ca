"""Two processes of one bot on MongoDB and Redis: each question is answered once, and by the other when one dies."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from peers.discord_api import FakeDiscord
from peers.discord_world import TOKEN
from peers.journal import until
from program import Program

LONG = " ".join(f"word{n}" for n in range(300))


def said(fake: FakeDiscord, question: dict[str, Any]) -> list[str]:
    """What the bot wrote below a question."""
    return [message["content"] for message in fake.peek(question["id"])]


def expire_leases(client: MongoClient[dict[str, Any]]) -> None:
    """Makes a dead process' leases run out now instead of in 20 seconds."""
    db = client.get_default_database()
    db.messages.update_many({"status": "streaming"}, {"$set": {"lease_expires_at": 1}})
    db.bot_records.update_many({"lease_until": {"$type": "number"}}, {"$set": {"lease_until": 1}})


def configure(home: Path, fake: FakeDiscord) -> None:
    home.mkdir()
    places = f'api_base = "{fake.base}/api/v10"\ngateway = "{fake.gateway.url}"'
    (home / "config.toml").write_text(f'model = "echo:plain-d20"\n[discord]\n{places}\npace = 0.2\n')


async def start(home: Path, database: str, redis: str) -> Process:
    program = Program(home, DISCORD_TOKEN=TOKEN, CHATOPS_DATABASE=database, CHATOPS_REDIS=redis)
    process = await asyncio.create_subprocess_exec(*program.command("bot", "discord"), env=program.env, stderr=PIPE)
    assert process.stderr is not None
    while b"chatops: on" not in (line := await process.stderr.readline()):
        assert line
    return process


@pytest.mark.slow
async def test_two_processes_answer_each_question_once_and_one_takes_over_from_the_other(
    tmp_path: Path, mongo_uri: str, redis_url: str
) -> None:
    async with FakeDiscord(window=1.0).running() as fake:
        for name in ("a", "b"):
            configure(tmp_path / name, fake)
        first, second = await asyncio.gather(*(start(tmp_path / name, mongo_uri, redis_url) for name in ("a", "b")))
        asked = [await fake.say(f"<@100> question {n}") for n in range(4)]
        for n, question in enumerate(asked):
            await until(lambda: said(fake, question) == [f"question {n}"], 30)  # noqa: B023

        second.send_signal(signal.SIGSTOP)  # so that the first one answers
        long = await fake.say(f"<@100> {LONG}")
        await until(lambda: any("word20" in text for text in said(fake, long)), 30)
        second.send_signal(signal.SIGCONT)
        first.kill()
        await first.wait()
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            expire_leases(client)
            await until(lambda: "bot was restarted" in said(fake, long)[-1], 30)
            assert client.get_default_database().messages.count_documents({"role": "assistant"}) == 5
        second.terminate()
        assert await second.wait() == 143
        assert [said(fake, question) for question in asked] == [[f"question {n}"] for n in range(4)]
