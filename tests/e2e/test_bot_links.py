"""A platform's user and an account become one: real bots, real command line, real HTTP API, one database."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from e2e.test_bots import configure, discord_table, start
from peers import slack_api
from peers.discord_api import FakeDiscord
from peers.discord_world import TOKEN
from peers.journal import until
from peers.slack_api import FakeSlack
from program import Program
from serving import serving

CODE = re.compile(r"`chatops link ([A-Z0-9-]+)`")


def code_in(text: str) -> str:
    found = CODE.search(text)
    assert found, text
    return found[1]


async def run(program: Program, *args: str) -> str:
    done = await asyncio.to_thread(program.run, *args)
    assert done.code == 0, done.err
    return done.out


async def titles(program: Program) -> list[str]:
    """The owner's conversations, as the command line lists them."""
    return [found["title"] for found in json.loads(await run(program, "history", "ls", "--json"))]


async def test_slack_and_the_terminal_share_an_account_until_they_are_parted(tmp_path: Path) -> None:
    async with FakeSlack().running() as fake:
        configure(tmp_path, f'[slack]\napi_base = "{fake.api_base}"\npace = 0.05\n')
        program = Program(tmp_path, SLACK_BOT_TOKEN=slack_api.TOKEN, SLACK_APP_TOKEN=slack_api.APP_TOKEN)
        process = await start(program, "slack")

        async def say(text: str) -> None:
            await fake.events.say(text, channel="D1")
            await until(lambda: fake.peek("D1")[-1:] and fake.peek("D1")[-1]["text"] == text and not streams(fake))

        await say("from slack")
        assert await titles(program) == []
        code = code_in((await fake.events.slash("/chatops", "link", channel="D1"))["text"])
        assert "'Ann' (slack user T1:U1)" in await asyncio.to_thread(lambda: program.run("link", code, "--yes").err)
        assert await titles(program) == ["from slack"]

        await say("and more")
        await run(program, "ask", "-c", "from the terminal")
        (shown,) = json.loads(await run(program, "history", "ls", "--json"))
        conversation = await run(program, "history", "show", shown["id"], "--json")
        said = [text for text in ("from slack", "and more", "from the terminal") if text in conversation]
        assert said == ["from slack", "and more", "from the terminal"]
        assert "3 answers" in (await fake.events.slash("/chatops", "usage", channel="D1"))["text"]
        assert "linked with the account" in (await fake.events.slash("/chatops", "link", channel="D1"))["text"]

        assert "Unlinked" in (await fake.events.slash("/chatops", "unlink", channel="D1"))["text"]
        await say("on my own again")
        assert await titles(program) == ["from slack"]
        assert "1 conversation," in (await fake.events.slash("/chatops", "forget yes", channel="D1"))["text"]
        assert await titles(program) == ["from slack"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 143


def streams(fake: FakeSlack) -> bool:
    return any("stream" in message for message in fake.peek("D1"))


async def test_discord_and_the_api_share_an_account_and_its_budget(tmp_path: Path) -> None:
    async with FakeDiscord(window=1.0).running() as fake:
        configure(tmp_path, f'{discord_table(fake)}[limits]\nbudget = {{ tokens = 800, period = "month" }}\n')
        program = Program(tmp_path, DISCORD_TOKEN=TOKEN)
        async with serving(program, "--with", "discord") as server:
            await until(lambda: fake.gateway.sessions)
            await spend(fake, server.url)


async def spend(fake: FakeDiscord, url: str) -> None:
    asked = await fake.direct("from discord")
    channel = asked["channel_id"]

    def last() -> str:
        return str(fake.peek(channel)[-1]["content"]) if fake.peek(channel) else ""

    async def command(name: str) -> str:
        told = len(fake.ephemeral)
        await fake.slash("chatops", [{"name": name, "type": 1, "options": []}], channel=channel)
        await until(lambda: len(fake.ephemeral) > told)
        return str(fake.ephemeral[-1])

    await until(lambda: last() == "from discord")
    async with ClientSession(url) as http:
        body = {"email": "ann@example.com", "name": "Ann", "password": "correct horse"}
        async with http.post("/api/auth/register", json=body) as response:
            token = (await response.json())["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        code = code_in(await command("link"))
        async with http.post("/api/link", json={"code": code}) as response:
            pending: dict[str, Any] = await response.json()
        assert (pending["linked"], pending["identities"]) == (False, [{"platform": "discord", "user_id": "1"}])
        async with http.post("/api/link", json={"code": code, "confirm": True}) as response:
            assert response.status == 200
        async with http.get("/api/conversations") as response:
            (conversation,) = (await response.json())["conversations"]

        words = " ".join(["word"] * 60)
        async with http.post("/api/chat", json={"id": conversation["id"], "message": words}) as response:
            assert words.split()[-1] in await response.text()
        await fake.direct("one more?")
        await until(lambda: last().startswith("⚠") and "tokens" in last())
        assert "2 answers" in (used := await command("usage"))
        assert "your budget (800 tokens a month)" in used
