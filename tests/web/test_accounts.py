"""Accounts, sessions, tokens; where the secrets of a session are, and where they are not."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from web.conftest import at
from web.site import Person, Site, serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """A server with accounts, of which there is one: Ada's."""
    with serving(tmp_path_factory.mktemp("office")) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, office: Site) -> Generator[Person]:
    """Somebody whom the server does not know yet."""
    yield from at(browser, office)


@pytest.fixture
def ada(visitor: Person) -> Person:
    visitor.open()
    expect(visitor.button("Sign in").or_(visitor.button("Create account"))).to_be_visible()
    if visitor.button("Create account").is_visible():
        visitor.register()
    else:
        visitor.sign_in()
    expect(visitor.box).to_be_visible()
    return visitor


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
    ada.button("Settings").click()
    ada.page.get_by_role("tab", name="API tokens").click()
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
    ada.button("Settings").click()
    ada.page.get_by_role("tab", name="API tokens").click()
    expect(ada.page.get_by_text(token)).to_have_count(0)


def test_a_wrong_link_code_is_told(ada: Person) -> None:
    ada.button("Settings").click()
    ada.page.get_by_role("tab", name="Slack and Discord").click()
    ada.page.get_by_label("Code").fill("NOSUCHCODE")
    ada.button("Link").click()
    expect(ada.page.get_by_role("alert")).to_be_visible()


def test_usage_is_told(ada: Person) -> None:
    ada.ask("one two three")
    ada.button("Settings").click()
    ada.page.get_by_role("tab", name="Usage").click()
    expect(ada.page.get_by_role("rowheader", name="echo:plain")).to_be_visible()
