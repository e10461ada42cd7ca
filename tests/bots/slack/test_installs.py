"""Several workspaces, one app: installed over OAuth, tokens encrypted, gone when they are revoked."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from chatops.bots.slack.installs import Installs, States
from chatops.engine.errors import SettingsError
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_bots import SqliteBots
from fakes import SetClock, answer
from peers.journal import until
from rig import ME

KEY = Fernet.generate_key().decode()
OAUTH = {"client_id": "1.2", "client_secret": "shh", "encryption_key": KEY, "bot_token": None}


async def install(bot: Any, code: str) -> int:
    base = bot.slack.events.url.removesuffix("/slack/events")
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/slack/install") as page:
            text = await page.text()
            cookie = {"Cookie": page.headers["Set-Cookie"].split(";")[0]}
        state = text.split("state=")[1].split("&")[0].split('"')[0]
        url = f"{base}/slack/oauth_redirect?code={code}&state={state}"
        async with session.get(url, headers=cookie) as done:
            return done.status


async def test_each_workspace_is_answered_with_its_own_token_until_it_is_revoked(open_slack_bot: Any) -> None:
    async with open_slack_bot(answer("yes"), http=True, **OAUTH) as bot:
        assert await install(bot, "code-T7") == 200
        assert await install(bot, "code-E9") == 200
        one = await bot.slack.events.say("<@UBOT> hi", team="T7")
        await until(lambda: bot.slack.peek("C1", one["ts"]))
        grid = {"type": "message", "user": "U1", "text": "hi", "ts": "7.000007", "channel": "D1", "channel_type": "im"}
        await bot.slack.events.event(grid, team="T10", enterprise="E9")
        await until(lambda: bot.slack.peek("D1"))

        assert "xoxb-T7" not in str(await bot.records.find("slack install", limit=9))
        assert len(await bot.records.find("slack install", limit=9)) == 2
        await bot.slack.events.event({"type": "app_uninstalled"}, team="T7")
        assert [key for key, _ in await bot.records.find("slack install", limit=9)] == ["E9/-"]


async def test_who_uninstalls_the_app_takes_their_conversations_but_what_is_in_an_account(open_slack_bot: Any) -> None:
    async with open_slack_bot(*[answer("yes")] * 5, http=True, **OAUTH) as bot:
        for code in ("code-T7", "code-E9", "code-T8"):
            assert await install(bot, code) == 200
        for team, user in (("T7", "U1"), ("T7", "U2"), ("T8", "U1")):
            asked = await bot.slack.events.say("<@UBOT> hi", team=team, user=user, channel=f"C{team}{user}")
            await until(lambda asked=asked: bot.slack.peek(asked["channel"]))
        for team in ("T10", "T11"):
            asked = {"type": "message", "user": "U1", "text": "hi", "ts": f"7.{team}", "channel": f"D{team}"}
            await bot.slack.events.event(asked | {"channel_type": "im"}, team=team, enterprise="E9")
            await until(lambda asked=asked: bot.slack.peek(asked["channel"]))
        person = await bot.rig.accounts.principal_for("slack", "T7:U2", display_name="Bob")
        await bot.rig.accounts.link(ME, await bot.rig.accounts.link_code(person))

        async def left() -> list[str]:
            return sorted([value["person"] for _, value in await bot.records.find("slack thread", limit=9)])

        await bot.slack.events.event({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"], "oauth": []}}, team="T7")
        assert len(await left()) == 5
        await bot.slack.events.event({"type": "app_uninstalled"}, team="T7")
        assert await left() == ["T10:U1", "T11:U1", "T8:U1"]
        assert len(await bot.rig.engine.history.conversations(ME, limit=9)) == 1
        assert len(await bot.rig.store.every_conversation(limit=9)) == 4
        revoked = {"type": "team_access_revoked", "team_ids": ["T10"]}
        await bot.slack.events.event(revoked, team="E9", enterprise="E9")
        assert await left() == ["T11:U1", "T8:U1"]
        await bot.slack.events.event({"type": "app_uninstalled"}, team="E9", enterprise="E9")
        assert await left() == ["T8:U1"]
        assert [key for key, _ in await bot.records.find("slack install", limit=9)] == ["-/T8"]


async def test_a_forged_or_used_state_installs_nothing() -> None:
    store = await SqliteStore.open(":memory:")
    clock = SetClock()
    states = States(SqliteBots(store, clock), clock)
    state, late = await states.async_issue(), await states.async_issue()

    assert await states.async_consume(state)
    assert not await states.async_consume(state)
    assert not await states.async_consume("forged")
    clock.advance(600_000)
    assert not await states.async_consume(late)
    await store.aclose()


async def test_a_wrong_key_says_so_and_never_shows_a_token() -> None:
    store = await SqliteStore.open(":memory:")
    records = SqliteBots(store)
    with pytest.raises(SettingsError, match="malformed"):
        Installs(records, "short")
    await records.put("slack install", "-/T1", {"sealed": Fernet(KEY).encrypt(b"{}").decode()})
    with pytest.raises(SettingsError, match="not the one"):
        await Installs(records, Fernet.generate_key().decode()).token_for("T1", "")
    await store.aclose()


async def test_what_is_missing_for_several_workspaces_is_named(open_slack_bot: Any) -> None:
    with pytest.raises(SettingsError, match=r"slack\.client_secret"):
        async with open_slack_bot(client_id="1.2"):
            pass
