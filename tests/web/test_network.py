"""Networks that fail, and servers that are killed: nothing typed and nothing answered is lost."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from web.conftest import at
from web.site import Person, serving

LOST = "No connection. Nothing is lost"


def test_a_question_asked_offline_is_sent_when_the_network_is_back(person: Person) -> None:
    person.arrive().ask("while online")
    person.context.set_offline(True)
    person.send("while offline")
    expect(person.page.get_by_role("alert")).to_contain_text(LOST)
    expect(person.messages.nth(2)).to_contain_text("while offline")
    person.context.set_offline(False)

    expect(person.messages).to_have_count(4)
    person.over()
    expect(person.answer).to_contain_text("while offline")
    expect(person.page.get_by_role("alert")).to_have_count(0)
    person.page.reload()
    expect(person.messages).to_have_count(4)


def test_a_killed_server_loses_no_word_and_the_answer_can_go_on(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--no-login") as site:
        for person in at(browser, site):
            person.arrive().choose("echo:plain-d40-n400")
            person.send("killed in the middle")
            expect(person.answer).to_contain_text("killed in the middle killed in the middle")
            shown = person.answer.get_by_role("paragraph").first.inner_text()
            site.kill()
            expect(person.page.get_by_role("alert")).to_contain_text(LOST)
            site.start()

            person.over()
            expect(person.answer).to_contain_text("Interrupted")
            kept = person.answer.get_by_role("paragraph").first.inner_text()
            behind = len(shown) - len(kept)
            assert behind <= 1024  # one batch of the journal at most
            assert shown.startswith(kept) or kept.startswith(shown)
            person.choose("echo:plain-n4")
            person.button("Continue").click()
            expect(person.answer.get_by_role("group", name="Version 2 of 2")).to_be_visible()
