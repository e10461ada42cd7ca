"""Keyboard, screen readers, contrast, small screens, other languages."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from web.axe import complaints
from web.conftest import at
from web.site import Person, Site

SAMPLE = """# Title

A [link](https://example.com), `code`.

```python
x = 1  # why
```

| a | b |
|---|---|
| 1 | 2 |

- [x] done

\\[ \\frac{1}{2} \\]"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Generator[Person]:
    yield from at(browser, site, color_scheme=request.param)


def test_axe_finds_nothing_in_any_part_of_the_page(scheme: Person) -> None:
    scheme.arrive()
    assert complaints(scheme.page) == []
    scheme.ask(SAMPLE)
    assert complaints(scheme.page) == []
    scheme.page.get_by_role("button", name="Options for").first.click()
    assert complaints(scheme.page) == []
    scheme.page.keyboard.press("Escape")
    for opens in ("Settings", "Instructions"):
        scheme.button(opens).click()
        assert complaints(scheme.page) == []
        for tab in scheme.page.get_by_role("tab").all():
            tab.click()
            assert complaints(scheme.page) == []
        scheme.page.keyboard.press("Escape")
    scheme.page.get_by_role("button", name="Model:").click()
    assert complaints(scheme.page) == []


def test_everything_can_be_done_with_the_keyboard(person: Person) -> None:
    person.arrive()
    press = person.page.keyboard.press
    expect(person.box).to_be_focused()
    person.page.keyboard.type("by keyboard")
    press("Enter")
    expect(person.messages).to_have_count(2)
    person.over()
    expect(person.box).to_be_focused()
    press("ArrowUp")
    expect(person.page.get_by_role("textbox", name="Edit")).to_be_focused()
    press("Escape")
    expect(person.page.get_by_role("textbox", name="Edit")).to_have_count(0)
    person.page.get_by_role("button", name="Options for by keyboard").first.focus()
    press("Enter")
    expect(person.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press("ArrowUp")
    expect(person.page.get_by_role("menuitem", name="Delete")).to_be_focused()
    press("Escape")
    expect(person.page.get_by_role("button", name="Options for by keyboard").first).to_be_focused()


def test_the_pages_own_keys_are_listed_and_do_what_they_say(person: Person) -> None:
    person.arrive().ask("a conversation")
    press = person.page.keyboard.press
    press("Control+k")
    expect(person.page.get_by_role("searchbox")).to_be_focused()
    press("Control+Shift+O")
    expect(person.page.get_by_text("What would you like to know?")).to_be_visible()
    expect(person.box).to_be_focused()
    press("Control+/")
    expect(person.page.get_by_role("tab", name="Keyboard")).to_have_attribute("aria-selected", "true")
    expect(person.page.get_by_role("tabpanel")).to_contain_text("CtrlShiftO")
    press("Control+k")
    expect(person.page.get_by_role("dialog")).to_be_visible()
    press("Escape")
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_the_first_stop_of_the_keyboard_leads_past_the_list(person: Person) -> None:
    person.arrive()
    skip = person.page.get_by_role("link", name="Skip to the conversation")
    assert person.page.locator("a, button, input, textarea, [tabindex]").first.inner_text() == skip.inner_text()
    skip.focus()
    expect(skip).to_be_in_viewport()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("main")).to_be_focused()
    person.page.keyboard.press("Tab")
    expect(person.page.get_by_role("button", name="Model:")).to_be_focused()


def test_an_answer_is_read_to_those_who_listen_in_sentences(person: Person) -> None:
    person.arrive()
    person.page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => window.said.push(document.querySelector("[role=log]").textContent))
                .observe(document.querySelector("[role=log]"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    person.ask("A whole sentence.")
    said = person.page.evaluate("window.said")
    assert said[0] == "Answer begins."
    assert said[-1] == "A whole sentence. Answer complete."


def test_the_page_speaks_german_to_who_does(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="de-AT")
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_role("textbox", name="Nachricht", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("button", name="Einstellungen").click()
    page.get_by_label("Sprache").select_option("English")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    context.close()


def test_colours_are_the_systems_until_one_chooses(person: Person) -> None:
    person.page.emulate_media(color_scheme="dark")
    person.arrive()
    background = "getComputedStyle(document.documentElement).backgroundColor"
    dark = person.page.evaluate(background)
    person.button("Settings").click()
    person.page.get_by_label("Theme").select_option("Light")
    assert person.page.evaluate(background) != dark
    person.page.reload()
    expect(person.box).to_be_visible()
    assert person.page.evaluate(background) != dark


@pytest.fixture
def phone(browser: Browser, site: Site) -> Generator[Person]:
    yield from at(browser, site, viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)


def test_on_a_phone_the_list_is_a_drawer_and_nothing_is_wider_than_the_screen(phone: Person) -> None:
    phone.arrive().ask(SAMPLE + "\n\n" + "wide" * 200)
    expect(phone.button("New chat")).to_be_hidden()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    phone.button("Open the list of conversations").tap()
    expect(phone.button("New chat")).to_be_visible()
    assert complaints(phone.page) == []
    phone.button("New chat").tap()
    expect(phone.button("New chat")).to_be_hidden()
    expect(phone.page.get_by_text("What would you like to know?")).to_be_visible()
    assert complaints(phone.page) == []
