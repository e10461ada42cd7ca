"""What an administrator does with other people on the page, and what those people see of it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Locator, expect

from web.axe import complaints
from web.conftest import at
from web.site import PASSWORD, Person, Site, serving

BOB = "bob@example.com"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    invites = '[auth]\nregistration = "invite"\n'
    with serving(tmp_path_factory.mktemp("people"), settings=invites) as running:
        yield running


@pytest.fixture(scope="module")
def admin(browser: Browser, office: Site) -> Generator[Person]:
    for ada in at(browser, office):
        ada.open()
        ada.register()
        expect(ada.box).to_be_visible()
        panel = ada.settings("People")
        panel.get_by_text("Make an account for somebody").click()
        panel.get_by_label("Name").fill("Bob")
        panel.get_by_label("E-mail", exact=True).fill(BOB)
        panel.get_by_label("Password").fill(PASSWORD)
        panel.get_by_role("button", name="Create account").click()
        expect(panel.get_by_role("status")).to_contain_text("Bob has an account now")
        yield ada


@pytest.fixture
def bob(browser: Browser, office: Site, admin: Person) -> Generator[Person]:
    for person in at(browser, office):
        person.open()
        person.sign_in(email=BOB)
        expect(person.box).to_be_visible()
        yield person


def about(admin: Person, name: str) -> Locator:
    admin.page.get_by_role("tabpanel").get_by_role("button", name=name).click()
    return admin.page.get_by_role("dialog", name=name)


def done(admin: Person, dialog: Locator) -> None:
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_a_budget_that_is_used_up_is_told_and_what_was_asked_stays(admin: Person, bob: Person) -> None:
    dialog = about(admin, "Bob")
    dialog.get_by_label("Budget").fill("5")
    dialog.get_by_label("In", exact=True).select_option("tokens")
    dialog.get_by_label("Per").select_option("day")
    dialog.get_by_role("button", name="Save").first.click()
    expect(dialog.get_by_role("status")).to_contain_text("Saved")
    expect(dialog.get_by_label("Budget")).to_have_value("5")

    bob.send("this costs more than there is")
    expect(bob.page.get_by_role("alert")).to_contain_text("budget")
    expect(bob.box).to_have_value("this costs more than there is")
    expect(bob.messages).to_have_count(0)
    panel = bob.settings("Usage")
    expect(panel).to_contain_text("0 of 5 used")
    bob.button("Close").click()

    dialog.get_by_label("Budget").fill("")
    with admin.page.expect_response("**/limits"):
        dialog.get_by_role("button", name="Save").first.click()
    done(admin, dialog)
    bob.box.press("Enter")
    bob.over()
    expect(bob.answer).to_contain_text("this costs more")


def test_who_is_shut_out_is_told_and_can_be_let_in_again(admin: Person, bob: Person) -> None:
    dialog = about(admin, "Bob")
    dialog.get_by_role("button", name="Shut out").click()
    expect(dialog.get_by_role("button", name="Let in again")).to_be_visible()
    expect(bob.page.get_by_text("Your session has ended")).to_be_visible()
    bob.sign_in(email=BOB)
    expect(bob.page.get_by_role("alert")).to_contain_text("disabled")

    dialog.get_by_role("button", name="Let in again").click()
    expect(dialog.get_by_role("button", name="Shut out")).to_be_visible()
    done(admin, dialog)
    bob.sign_in(email=BOB)
    expect(bob.box).to_be_visible()


def test_a_member_sees_nothing_of_administration_until_they_are_an_administrator(admin: Person, bob: Person) -> None:
    bob.button("Settings").click()
    expect(bob.page.get_by_role("tab", name="Account")).to_be_visible()
    expect(bob.page.get_by_role("tab", name="People")).to_have_count(0)
    dialog = about(admin, "Bob")
    dialog.get_by_role("button", name="Make administrator").click()
    expect(dialog.get_by_role("button", name="Make member")).to_be_visible()
    done(admin, dialog)

    bob.page.reload()
    expect(bob.settings("People")).to_contain_text("Ada")


def test_axe_finds_nothing_in_what_only_signed_in_people_see(admin: Person) -> None:
    panel = admin.page.get_by_role("tabpanel")
    for summary in panel.locator("summary").all():
        summary.click()
    assert complaints(admin.page) == []
    dialog = about(admin, "Bob")
    expect(dialog.get_by_label("Budget")).to_be_visible()
    dialog.get_by_role("button", name="Delete…").click()
    assert complaints(admin.page) == []
    done(admin, dialog)
    for tab in ("Account", "API tokens", "Slack and Discord", "Usage", "People"):
        admin.page.get_by_role("tab", name=tab).click()
        assert complaints(admin.page) == []


def test_the_owner_stays(admin: Person) -> None:
    dialog = about(admin, "Ada")
    expect(dialog).to_contain_text("stays an administrator")
    expect(dialog.get_by_role("button", name="Shut out")).to_have_count(0)
    done(admin, dialog)


def test_an_invitation_is_shown_once_and_lets_one_person_in(browser: Browser, office: Site, admin: Person) -> None:
    panel = admin.page.get_by_role("tabpanel")
    panel.get_by_text("Invite somebody").click()
    panel.get_by_label("E-mail (may stay empty)").fill("eve@example.com")
    panel.get_by_role("button", name="Make a code").click()
    told = panel.get_by_role("status").first
    expect(told).to_contain_text("not shown again")
    expect(panel.get_by_role("button", name="Revoke: eve@example.com")).to_be_visible()
    for eve in at(browser, office):
        eve.open()
        eve.button("I have no account yet").click()
        eve.page.get_by_label("Name").fill("Eve")
        eve.page.get_by_label("Invitation").fill(told.locator("p").last.inner_text().strip())
        eve.sign_in("Create account", email="eve@example.com")
        expect(eve.box).to_be_visible()

    admin.page.get_by_role("tab", name="Account").click()
    admin.page.get_by_role("tab", name="People").click()
    expect(panel.get_by_role("button", name="eve@example.com")).to_be_visible()


def test_deleting_somebody_asks_first(admin: Person) -> None:
    dialog = about(admin, "Bob")
    dialog.get_by_role("button", name="Delete…").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Delete Bob with all their conversations?")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(admin.page.get_by_role("tabpanel").get_by_role("button", name="Bob")).to_have_count(0)
