"""The Slack bot on an outside peer: npm `emulate`, a Slack that others wrote, with the scopes checked that it knows.

Run by `make outside`: it wants Node.js 22, which it brings along. It has no Socket Mode, streams, slash commands,
`markdown_text`, rate limits or retries: those are the loopback fake's.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from chatops.bots.policy import Policy
from chatops.bots.slack.run import SCOPES, open_slack
from chatops.engine.stores.sqlite_bots import SqliteBots
from chatops.sections import SlackSettings
from fakes import Step, answer
from rig import Rig, open_rig

JS = Path(__file__).parents[2] / "js" / "emulate"
Json = dict[str, Any]
pytestmark = pytest.mark.skipif("CHATOPS_OUTSIDE" not in os.environ, reason="`make outside` runs it")


@dataclass
class Ann:
    """A person in that Slack, by its own API."""

    http: aiohttp.ClientSession
    url: str
    bot: str = ""

    async def call(self, method: str, **body: Any) -> Json:
        headers = {"Authorization": "Bearer xoxp-ann"}
        async with self.http.post(f"/api/{method}", json=body, headers=headers) as response:
            found: Json = await response.json()
            assert found["ok"], found
            return found

    async def say(self, text: str, channel: str, **more: Any) -> str:
        return str((await self.call("chat.postMessage", channel=channel, text=text, **more))["ts"])

    async def said(self, channel: str, thread: str, count: int) -> list[Json]:
        """What the bot said in a thread, when so many answers are over."""
        async with asyncio.timeout(20):
            while True:
                found = (await self.call("conversations.replies", channel=channel, ts=thread))["messages"]
                ours = [message for message in found if message["user"] == self.bot]
                if sum("co:again" in str(message.get("blocks")) for message in ours) == count:
                    return ours
                await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def emulated(events: str) -> AsyncGenerator[Ann]:
    if not (JS / "node_modules" / "emulate").exists():
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        await asyncio.to_thread(subprocess.run, command, cwd=JS, check=True, timeout=300)
    process = await asyncio.create_subprocess_exec(
        JS / "node_modules" / ".bin" / "node", "serve.js", str(free_port()), events, cwd=JS, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession(url) as http:
            yield Ann(http, url)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def running(path: Path, *scripts: list[Step]) -> AsyncGenerator[tuple[Ann, Rig]]:
    """Installs the app as a person does in the browser."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    async with emulated(f"{base}/slack/events") as ann, open_rig(path / "c.db", *scripts) as rig:
        settings = SlackSettings(
            api_base=f"{ann.url}/api/",
            client_id="1.2",
            client_secret="made-up",
            signing_secret="made-up-secret",
            encryption_key=Fernet.generate_key().decode(),
            pace=0.05,
        )
        options: Json = {"policy": Policy(lambda: settings), "grace": 0.0}
        async with open_slack(rig.engine, settings, SqliteBots(rig.store), **options) as bot:
            serving = asyncio.ensure_future(bot.serve("127.0.0.1", port))
            await install(ann, base)
            yield ann, rig
            serving.cancel()
            await asyncio.wait({serving})


async def install(ann: Ann, base: str) -> None:
    async with aiohttp.ClientSession() as browser:
        async with asyncio.timeout(5):
            while not await answers(browser, f"{base}/slack/install"):
                await asyncio.sleep(0.02)
        async with browser.get(f"{base}/slack/install") as page:
            state = re.search(r"state=([\w-]+)", await page.text())
            cookie = page.headers["Set-Cookie"].partition(";")[0]
        assert state is not None
        user = (await ann.call("auth.test"))["user_id"]
        form = {"user_id": user, "client_id": "1.2", "scope": ",".join(SCOPES), "state": state[1]}
        form["redirect_uri"] = f"{base}/slack/oauth_redirect"
        async with ann.http.post("/oauth/v2/authorize/callback", data=form, allow_redirects=False) as allowed:
            back = allowed.headers["Location"]
        async with browser.get(back, headers={"Cookie": cookie}) as done:
            assert done.status == 200


async def answers(browser: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with browser.head(url):
            return True
    except aiohttp.ClientConnectorError:
        return False


async def test_an_installed_app_answers_in_a_thread_and_directly_with_the_scopes_it_asks_for(tmp_path: Path) -> None:
    async with running(tmp_path, answer("Hel", "lo"), answer("again"), answer("in private")) as (ann, rig):
        bot = await bot_of(ann)
        asked = await ann.say(f"<@{bot}> hi", "C000000001")
        (said,) = await ann.said("C000000001", asked, 1)
        assert said["blocks"][0] == {"type": "markdown", "text": "Hello"}
        await ann.say("and more", "C000000001", thread_ts=asked)
        assert len(await ann.said("C000000001", asked, 2)) == 2
        opened = await ann.call("conversations.open", users=bot)
        channel = opened["channel"]["id"]
        direct = await ann.say("hello", channel)
        (said,) = await ann.said(channel, direct, 1)

        assert said["blocks"][0]["text"] == "in private"
        texts = [[message.text for message in request.messages] for request in rig.provider.requests]
        assert texts == [["hi"], ["hi", "Hello", "and more"], ["hello"]]


async def bot_of(ann: Ann) -> str:
    users = (await ann.call("users.list"))["members"]
    ann.bot = next(str(user["id"]) for user in users if user["is_bot"] and user["name"].startswith("chatops"))
    return ann.bot
