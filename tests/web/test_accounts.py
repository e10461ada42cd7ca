"""Accounts, sessions, tokens; where the secrets of a session are, and where they are not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from auth_rig import open_auth
from web.conftest import at
from web.site import PASSWORD, Person, Site, serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """A server with accounts, of which there is one: Ada's."""
    with serving(tmp_path_factory.mktemp("office")) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, office: Site) -> Generator[Person]:
    """Somebody whom the server does not know yet."""
    yield from at(browser, office)


@pytest.fixture(scope="module")
def cookies() -> list[Any]:
    """Those of the test before."""
    return []


@pytest.fixture
def ada(visitor: Person, cookies: list[Any], office: Site) -> Generator[Person]:
    with closing(sqlite3.connect(office.program.home / "chatops.db")) as database, database:
        database.execute("DELETE FROM rates")  # all these tests sign in more often than one person may
    visitor.context.add_cookies(cookies)
    visitor.open()
    register, sign_in = visitor.button("Create account"), visitor.button("Sign in")
    expect(visitor.box.or_(register).or_(sign_in)).to_be_visible()
    if register.is_visible():
        visitor.register()
    elif sign_in.is_visible():
        visitor.sign_in()
    expect(visitor.box).to_be_visible()
    yield visitor
    cookies[:] = visitor.context.cookies()


def test_the_first_visitor_registers_and_is_in(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        for visitor in at(browser, site):
            visitor.open()
            expect(visitor.page.get_by_text("Create the first account")).to_be_visible()
            visitor.sign_in("Create account", password="short")
            visitor.page.get_by_label("Name").fill("Ada")
            visitor.button("Create account").click()
            expect(visitor.page.get_by_role("alert")).to_be_visible()
            visitor.register()

            expect(visitor.box).to_be_visible()
            expect(visitor.page.get_by_role("navigation")).to_contain_text("Ada")
            visitor.ask("hello")


def test_a_wrong_password_is_told_and_the_right_one_lets_in(ada: Person) -> None:
    ada.button("Sign out").click()
    ada.sign_in(password="wrong horse battery")
    expect(ada.page.get_by_role("alert")).to_contain_text("wrong")
    ada.sign_in()
    expect(ada.box).to_be_visible()


def test_a_session_outlives_a_reload_and_ends_with_signing_out(ada: Person) -> None:
    ada.page.reload()
    expect(ada.box).to_be_visible()
    ada.button("Sign out").click()
    expect(ada.button("Sign in")).to_be_visible()
    ada.page.reload()
    expect(ada.button("Sign in")).to_be_visible()


def test_two_tabs_that_open_at_once_both_stay_signed_in(ada: Person) -> None:
    tabs = [Person(ada.context, ada.url) for _ in range(3)]
    for tab in tabs:
        tab.page.goto(ada.url, wait_until="commit")
    for tab in tabs:
        expect(tab.box).to_be_visible()
    ada.page.reload()
    expect(ada.box).to_be_visible()


def test_tabs_that_cannot_take_turns_stay_signed_in_too(ada: Person) -> None:
    """Browsers have no locks on plain HTTP beyond this machine."""
    ada.context.add_init_script("delete Navigator.prototype.locks")
    tabs = [ada, *(Person(ada.context, ada.url) for _ in range(3))]
    for tab in tabs:
        tab.page.goto(ada.url, wait_until="commit")
    for tab in tabs:
        expect(tab.box).to_be_visible()
    assert not ada.page.evaluate("'locks' in navigator")
    ada.page.reload()
    expect(ada.box).to_be_visible()


def test_a_page_that_was_closed_in_the_middle_of_its_renewal_is_signed_in_at_the_next_visit(ada: Person) -> None:
    before = ada.context.cookies()
    ada.page.reload()
    expect(ada.box).to_be_visible()
    assert ada.context.cookies() != before
    ada.context.add_cookies(before)  # type: ignore[arg-type]  # what it gave is what it takes: the answer never came
    ada.page.reload()
    expect(ada.box).to_be_visible()


def test_no_script_can_read_the_secrets_of_a_session(ada: Person) -> None:
    ada.ask("where are the keys?")
    kept = ada.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.title])"
    )
    (cookie,) = ada.context.cookies()

    assert "eyJ" not in kept
    assert cookie["value"] not in kept
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"].startswith("/api/auth")


def test_a_session_that_ended_asks_to_sign_in_and_keeps_what_was_typed(ada: Person) -> None:
    ada.ask("before")
    ada.context.clear_cookies()
    ada.page.route(
        "**/api/chat", lambda route: route.fulfill(status=401, json={"error": {"code": "x", "message": "y"}})
    )
    ada.send("do not lose me")
    expect(ada.page.get_by_text("Your session has ended")).to_be_visible()
    ada.page.unroute("**/api/chat")
    ada.sign_in()

    expect(ada.box).to_have_value("do not lose me")
    ada.page.keyboard.press("Enter")
    expect(ada.messages).to_have_count(4)


def test_an_api_token_is_shown_once_works_and_can_be_revoked(ada: Person) -> None:
    ada.settings("API tokens")
    ada.page.get_by_label("Name of the token").fill("robot")
    ada.button("Create token").click()
    status = ada.page.get_by_role("dialog").get_by_role("status")
    expect(status).to_contain_text("it is not shown again")
    token = status.locator("p").last.inner_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    models = f"{ada.url}/api/models"
    assert ada.context.request.get(models, headers=headers).ok

    ada.button("Revoke: robot").click()
    expect(ada.page.get_by_text("No tokens.")).to_be_visible()
    assert ada.context.request.get(models, headers=headers).status == 401
    ada.button("Close").click()
    ada.settings("API tokens")
    expect(ada.page.get_by_text(token)).to_have_count(0)


def test_a_wrong_link_code_is_told(ada: Person) -> None:
    ada.settings("Slack and Discord")
    ada.page.get_by_label("Code").fill("NOSUCHCODE")
    ada.button("Link").click()
    expect(ada.page.get_by_role("alert")).to_be_visible()


def _link_code(home: Path) -> str:
    """What the bot answers to `/chatops link`; it shares the database with the server."""

    async def ask() -> str:
        async with open_auth(home) as rig:
            somebody = await rig.accounts.principal_for("slack", "T1:U1", display_name="ada.l")
            return await rig.accounts.link_code(somebody)

    with ThreadPoolExecutor() as beside:  # Playwright's loop may run in this thread
        return beside.submit(asyncio.run, ask()).result()


def test_a_bots_code_links_after_it_was_shown_whom_and_the_link_can_be_ended(ada: Person, office: Site) -> None:
    code = _link_code(office.program.home)
    panel = ada.settings("Slack and Discord")
    expect(panel).to_contain_text("Nobody is linked")
    panel.get_by_label("Code").fill(code.lower())
    ada.button("Link").click()
    expect(panel.get_by_role("status")).to_contain_text("ada.l (Slack T1:U1)")
    expect(panel.get_by_role("listitem")).to_have_count(0)
    ada.button("That is me").click()
    expect(panel.get_by_role("listitem")).to_contain_text("Slack T1:U1")

    ada.button("Unlink: Slack T1:U1").click()
    expect(panel).to_contain_text("Nobody is linked")


def test_who_changes_the_password_stays_signed_in_and_a_wrong_one_is_told(ada: Person) -> None:
    panel = ada.settings("Account")
    for old, new in ((PASSWORD, "another battery"), ("another battery", PASSWORD)):
        panel.get_by_label("Password now").fill(old)
        panel.get_by_label("New password").fill(new)
        ada.button("Change the password").click()
        expect(panel.get_by_label("New password")).to_have_value("")
        expect(panel.get_by_role("status")).to_contain_text("is changed")
    panel.get_by_label("Password now").fill("no such battery")
    panel.get_by_label("New password").fill("a third battery")
    ada.button("Change the password").click()
    expect(panel.get_by_role("alert")).to_contain_text("wrong")
    ada.page.reload()
    expect(ada.box).to_be_visible()


def test_signing_out_everywhere_ends_every_sign_in(browser: Browser, office: Site, ada: Person) -> None:
    for elsewhere in at(browser, office):
        elsewhere.open()
        elsewhere.sign_in()
        expect(elsewhere.box).to_be_visible()
        ada.settings("Account").get_by_role("button", name="Sign out everywhere").click()

        expect(ada.button("Sign in")).to_be_visible()
        expect(elsewhere.page.get_by_text("Your session has ended")).to_be_visible()


def test_usage_is_told(ada: Person) -> None:
    ada.ask("one two three")
    panel = ada.settings("Usage")
    expect(panel.get_by_role("rowheader", name="echo:plain")).to_be_visible()
    panel.get_by_label("By").select_option("Front end")
    expect(panel.get_by_role("rowheader", name="web")).to_be_visible()
    panel.get_by_label("By").select_option("Person")
    expect(panel.get_by_role("rowheader", name="ada@example.com")).to_be_visible()
