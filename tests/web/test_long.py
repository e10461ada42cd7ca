"""A conversation of 10,000 messages."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from web.conftest import at
from web.long import COUNT, fill
from web.site import Person, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reader(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Generator[Person]:
    home = tmp_path_factory.mktemp("long")
    fill(home)
    with serving(home, "--no-login") as site:
        yield from at(browser, site)


def _open(reader: Person, path: str = "/#/c/long") -> None:
    reader.open(path)
    reader.page.reload()  # another fragment alone is no new page


def test_it_opens_at_its_end_and_holds_little_of_itself(reader: Person) -> None:
    _open(reader)
    expect(reader.answer).to_contain_text(f"number {COUNT - 1} ")
    assert reader.messages.count() < 60
    requests: list[str] = []
    reader.page.on("request", lambda request: requests.append(request.url))
    reader.page.reload()
    expect(reader.answer).to_contain_text(f"number {COUNT - 1} ")
    assert sum("/messages?" in url for url in requests) <= 2


def test_older_messages_come_when_they_are_scrolled_to_and_nothing_jumps(reader: Person) -> None:
    _open(reader)
    expect(reader.answer).to_contain_text(f"number {COUNT - 1} ")
    reader.page.mouse.move(800, 300)
    for _ in range(40):
        reader.page.mouse.wheel(0, -900)
        reader.page.wait_for_timeout(20)
    seen = [int(text.split()[2]) for text in reader.messages.all_inner_texts() if text]  # not placed yet: no text
    assert seen[0] < COUNT - 100
    assert seen == list(range(seen[0], seen[0] + len(seen)))

    reader.button("To the newest message").click()
    expect(reader.answer).to_contain_text(f"number {COUNT - 1} ")


def test_a_turn_at_its_end_is_like_any_other(reader: Person) -> None:
    _open(reader)
    expect(reader.answer).to_contain_text(f"number {COUNT - 1} ")
    reader.send("the ten thousand and first")
    expect(reader.answer.get_by_role("paragraph")).to_have_text("the ten thousand and first")
    reader.over()


def test_the_list_of_conversations_goes_on_when_it_is_scrolled(reader: Person) -> None:
    _open(reader, "/#/")
    expect(reader.conversation("Ten thousand")).to_be_visible()
    reader.page.mouse.move(150, 400)
    last = reader.page.get_by_role("navigation").get_by_role("link").last
    for _ in range(60):
        reader.page.mouse.wheel(0, 400)
        reader.page.wait_for_timeout(20)
    titles = {f"Other {n}" for n in range(100)}
    assert last.inner_text() in titles
    expect(reader.conversation("Ten thousand")).to_have_count(0)
