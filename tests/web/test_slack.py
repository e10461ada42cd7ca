"""A conversation that goes on in Slack while its page is open."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from e2e.test_bot_links import code_in, run, streams
from e2e.test_bots import configure, start
from peers import slack_api
from peers.journal import until
from peers.slack_api import FakeSlack
from program import Program
from serving import serving
from web.site import Person, chromium


def read_along(url: str, say: Callable[[], object]) -> None:
    """Opens the conversation, has something said in Slack, and sees the answer grow and end. For a thread: Playwright's
    synchronous face takes no loop beside its own.
    """
    with sync_playwright() as playwright, chromium(playwright) as browser:
        person = Person(browser.new_context(locale="en-US"), url).arrive()
        person.conversation("made on slack").click()
        expect(person.messages).to_have_count(2)

        say()
        expect(person.messages).to_have_count(4, timeout=10_000)
        expect(person.button("Stop")).to_be_visible()
        person.over()
        assert person.answer.get_by_role("paragraph").first.inner_text() == " ".join(["and live"] * 75)
        assert person.errors == []


async def test_a_turn_from_slack_shows_live_in_the_page(tmp_path: Path) -> None:
    async with FakeSlack().running() as fake:
        # An answer runs for 9 s: the page looks every 3 s whether something runs elsewhere.
        configure(tmp_path, f'[slack]\napi_base = "{fake.api_base}"\n', model="echo:plain-d60-n150")
        program = Program(tmp_path, SLACK_BOT_TOKEN=slack_api.TOKEN, SLACK_APP_TOKEN=slack_api.APP_TOKEN)
        bot = await start(program, "slack")
        await fake.events.say("made on slack", channel="D1")
        await until(lambda: fake.peek("D1") and not streams(fake), 30)
        code = code_in((await fake.events.slash("/chatops", "link", channel="D1"))["text"])
        await run(program, "link", code, "--yes")

        async with serving(program, "--no-login") as server:
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(
                read_along,
                server.url,
                lambda: asyncio.run_coroutine_threadsafe(fake.events.say("and live", channel="D1"), loop).result(10),
            )
        bot.send_signal(signal.SIGTERM)
        assert await bot.wait() == 143
