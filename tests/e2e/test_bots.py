"""Bots in processes of their own: ended by a signal, or by kill -9 in the middle of an answer."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from peers import slack_api
from peers.discord_api import FakeDiscord
from peers.discord_world import TOKEN
from peers.journal import until
from peers.slack_api import FakeSlack
from program import Program

PROMPT = " ".join(f"word{n}" for n in range(300))
MODEL = "echo:plain-d5"


def configure(home: Path, table: str, model: str = MODEL) -> None:
    (home / "config.toml").write_text(f'model = "{model}"\n{table}')


async def start(program: Program, platform: str) -> Process:
    return await start_with(program, "bot", platform)


async def start_with(program: Program, *args: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        *program.command(*args), env=program.env, cwd=program.cwd, stderr=PIPE
    )
    assert process.stderr is not None
    seen = b""
    while b"chatops: on" not in seen:
        line = await process.stderr.readline()
        assert line, seen.decode()
        seen += line
    return process


def expire_leases(program: Program) -> None:
    """Makes the dead process's leases run out now instead of in 20 seconds."""
    with sqlite3.connect(program.home / "chatops.db") as db:
        db.execute("UPDATE runs SET lease_expires_at = 1 WHERE lease_expires_at IS NOT NULL")
        db.execute("UPDATE bot_records SET lease_until = 1 WHERE lease_until IS NOT NULL")
    db.close()


def rows(program: Program) -> list[tuple[str, str]]:
    with sqlite3.connect(program.home / "chatops.db") as db:
        found = db.execute("SELECT parts, status FROM messages WHERE role = 'assistant' ORDER BY doc").fetchall()
    db.close()
    return found


def text_of(parts: str) -> str:
    import json

    return "".join(part.get("text", "") for part in json.loads(parts))


def discord_table(fake: FakeDiscord) -> str:
    return f'[discord]\napi_base = "{fake.base}/api/v10"\ngateway = "{fake.gateway.url}"\npace = 0.2\n'


@pytest.mark.slow
async def test_kill_9_in_the_middle_leaves_the_stored_partial_with_a_note_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    async with FakeDiscord(window=1.0).running() as fake:
        configure(tmp_path, discord_table(fake))
        program = Program(tmp_path, DISCORD_TOKEN=TOKEN)
        process = await start(program, "discord")
        asked = await fake.say(f"<@100> {PROMPT}")
        await until(lambda: any("word50" in m["content"] for m in fake.peek(asked["id"])))
        process.kill()
        await process.wait()
        expire_leases(program)
        process = await start(program, "discord")
        await until(lambda: "bot was restarted" in fake.peek(asked["id"])[-1]["content"])

        ((parts, status),) = rows(program)
        shown = " ".join(message["content"] for message in fake.peek(asked["id"]))
        assert status == "interrupted"
        assert shown.partition("⚠")[0].split() == text_of(parts).split()
        components = fake.peek(asked["id"])[-1]["components"]
        assert components[0]["components"][0]["custom_id"].startswith("co:again:")
        await fake.say("short", channel=asked["id"])
        await until(lambda: fake.peek(asked["id"])[-1]["content"] == "short", 30)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 143


@pytest.mark.slow
async def test_a_question_that_was_stored_before_kill_9_is_answered_by_the_next_process(tmp_path: Path) -> None:
    async with FakeSlack().running() as fake:
        configure(tmp_path, f'[slack]\napi_base = "{fake.api_base}"\npace = 0.2\n')
        program = Program(tmp_path, SLACK_BOT_TOKEN=slack_api.TOKEN, SLACK_APP_TOKEN=slack_api.APP_TOKEN)
        process = await start(program, "slack")
        asked = await fake.events.say(f"<@UBOT> {PROMPT}")
        process.kill()
        await process.wait()
        expire_leases(program)
        process = await start(program, "slack")

        def over() -> bool:
            return any("co:again" in str(message["blocks"]) for message in seen())

        def seen() -> list[dict[str, Any]]:
            return fake.peek("C1", asked["ts"])

        await until(over, 30)
        shown = " ".join(message["text"] for message in seen()).partition("⚠")[0].split()
        assert shown == [word for parts, _ in rows(program)[-1:] for word in text_of(parts).split()]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130


@pytest.mark.slow
async def test_a_stream_that_a_dead_process_left_open_is_ended_and_its_stop_goes(tmp_path: Path) -> None:
    async with FakeSlack().running() as fake:
        configure(tmp_path, f'[slack]\napi_base = "{fake.api_base}"\npace = 0.2\n', model="echo:plain-d20")
        program = Program(tmp_path, SLACK_BOT_TOKEN=slack_api.TOKEN, SLACK_APP_TOKEN=slack_api.APP_TOKEN)
        process = await start(program, "slack")
        await fake.events.say(PROMPT, channel="D1")
        await until(lambda: len(fake.peek("D1")) == 2)
        process.kill()
        await process.wait()
        assert "stream" in fake.peek("D1")[0]
        expire_leases(program)
        process = await start(program, "slack")
        await until(lambda: "bot was restarted" in fake.peek("D1")[0]["text"] and len(fake.peek("D1")) == 1)

        ((parts, status),) = rows(program)
        (message,) = fake.peek("D1")
        assert "stream" not in message
        assert status == "interrupted"
        assert message["text"].partition("⚠")[0].split() == text_of(parts).split()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 143


@pytest.mark.slow
async def test_a_change_of_the_rules_holds_without_a_restart(tmp_path: Path) -> None:
    async with FakeDiscord(window=1.0).running() as fake:
        configure(tmp_path, discord_table(fake))
        program = Program(tmp_path, DISCORD_TOKEN=TOKEN)
        process = await start(program, "discord")
        asked = await fake.say("<@100> one")
        await until(lambda: bool(fake.peek(asked["id"])) and fake.peek(asked["id"])[-1]["content"] == "one", 30)
        configure(tmp_path, discord_table(fake) + 'allow_users = ["1"]\ndeny_users = ["1"]\n')

        def is_refused() -> bool:
            return any("may not use this bot" in message["content"] for message in fake.peek("41"))

        for n in range(600):
            if n % 10 == 0:
                await fake.direct("two")
            await asyncio.sleep(0.05)
            if is_refused():
                break
        assert is_refused()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 143


@pytest.mark.slow
async def test_a_server_runs_a_bot_in_its_own_process(tmp_path: Path) -> None:
    async with FakeDiscord(window=1.0).running() as fake:
        configure(tmp_path, discord_table(fake))
        program = Program(tmp_path, DISCORD_TOKEN=TOKEN)
        process = await start_with(program, "serve", "--no-login", "--port", "0", "--with", "discord")
        asked = await fake.say("<@100> one two")
        await until(lambda: bool(fake.peek(asked["id"])) and fake.peek(asked["id"])[-1]["content"] == "one two", 30)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

    assert [status for _, status in rows(program)] == ["complete"]


def test_a_server_that_cannot_run_its_bot_says_why(tmp_path: Path) -> None:
    program = Program(tmp_path)
    missing = program.run("serve", "--port", "0", "--with", "discord")
    unknown = program.run("serve", "--port", "0", "--with", "irc")

    assert (missing.code, "DISCORD_TOKEN" in missing.err) == (3, True)
    assert (unknown.code, "there are discord and slack" in unknown.err) == (2, True)


@pytest.mark.parametrize(("platform", "variable"), [("discord", "DISCORD_TOKEN"), ("slack", "SLACK_BOT_TOKEN")])
def test_a_missing_token_is_named(tmp_path: Path, platform: str, variable: str) -> None:
    done = Program(tmp_path).run("bot", platform)

    assert done.code == 3
    assert variable in done.err


async def test_a_refused_token_is_named_and_not_shown(tmp_path: Path) -> None:
    async with FakeDiscord().running() as fake, FakeSlack().running() as slack:
        tables = f'{discord_table(fake)}[slack]\napi_base = "{slack.api_base}"\n'
        configure(tmp_path, tables)
        program = Program(tmp_path, DISCORD_TOKEN="wrong-secret", SLACK_BOT_TOKEN="xoxb-wrong-secret")
        for platform in ("discord", "slack"):
            done = await asyncio.to_thread(program.run, "bot", platform)
            assert (done.code, "refuses the" in done.err) == (3, True)
            assert "wrong-secret" not in done.err


def test_the_libraries_of_a_platform_are_imported_by_its_bot_alone() -> None:
    import subprocess

    code = "import chatops.cli.main, sys; print([m for m in ('discord', 'slack_bolt', 'aiohttp') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
