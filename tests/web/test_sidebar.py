"""The list of conversations."""

from __future__ import annotations

from playwright.sync_api import expect

from web.site import Person


def test_a_conversation_is_found_by_its_words_renamed_put_away_and_brought_back(person: Person) -> None:
    person.arrive().ask("zebra crossing")
    search = person.page.get_by_role("searchbox")
    search.fill("zebra cross")
    expect(person.conversation("zebra crossing")).to_be_visible()
    search.fill("zebra unicorn")
    expect(person.page.get_by_text("Nothing found.")).to_be_visible()
    search.fill("")

    person.act_on("zebra crossing", "Rename")
    person.page.get_by_role("textbox", name="Title").fill("Stripes")
    person.button("Save").click()
    expect(person.conversation("Stripes")).to_be_visible()
    expect(person.page.get_by_role("heading", name="Stripes")).to_be_visible()

    person.act_on("Stripes", "Archive")
    expect(person.conversation("Stripes")).to_have_count(0)
    person.button("Show archived").click()
    person.act_on("Stripes", "Bring back")
    person.button("Back to the conversations").click()
    expect(person.conversation("Stripes")).to_be_visible()


def test_a_conversation_is_saved_as_a_file_under_its_title(person: Person) -> None:
    person.arrive().ask("what/is: this?")
    with person.page.expect_download() as saving:
        person.act_on("what/is: this?", "Export as Markdown")
    assert saving.value.suggested_filename == "what is this.md"
    assert "what/is: this?" in saving.value.path().read_text(encoding="utf-8")


def test_deleting_asks_and_then_leaves_nothing(person: Person) -> None:
    person.arrive().ask("to be deleted")
    address = person.page.url
    person.act_on("to be deleted", "Delete")
    expect(person.page.get_by_role("dialog")).to_contain_text("“to be deleted”")
    person.button("Cancel").click()
    expect(person.conversation("to be deleted")).to_be_visible()
    person.act_on("to be deleted", "Delete")
    person.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(person.conversation("to be deleted")).to_have_count(0)
    expect(person.page.get_by_text("What would you like to know?")).to_be_visible()
    person.page.goto(address)
    person.page.reload()
    expect(person.page.get_by_text("This conversation is not here.")).to_be_visible()


def test_a_new_title_arrives_without_a_reload(person: Person) -> None:
    person.arrive().ask("first title")
    id_ = person.page.url.rpartition("/")[2]
    changed = person.context.request.patch(
        f"{person.url}/api/conversations/{id_}", data={"title": "Given elsewhere"}, headers={"Origin": person.url}
    )
    assert changed.ok
    expect(person.conversation("Given elsewhere")).to_be_visible()


def test_another_conversation_can_be_read_while_an_answer_goes_on(person: Person) -> None:
    person.arrive().ask("the quiet one")
    person.button("New chat").click()
    person.choose("echo:plain-d20-n100")
    person.send("the busy one")
    expect(person.answer).to_contain_text("the busy one the busy")
    person.conversation("the quiet one").click()
    expect(person.messages.first).to_contain_text("the quiet one")
    expect(person.messages).to_have_count(2)
    person.conversation("the busy one").click()

    person.over()
    words = person.answer.get_by_role("paragraph").first.inner_text().split()
    assert words == ["the", "busy", "one"] * 33 + ["the"]


def test_instructions_go_with_the_next_question(person: Person) -> None:
    person.arrive().button("Instructions").click()
    preset = person.page.get_by_role("combobox", name="Preset")
    preset.select_option("reviewer")
    text = person.page.get_by_role("dialog").get_by_role("textbox")
    expect(text).to_have_value("You review code.")
    text.fill("You review code. Be kind.")
    person.button("Save").click()
    person.ask("what are you told?")
    person.page.reload()

    expect(person.messages).to_have_count(2)
    person.button("Instructions").click()
    expect(person.page.get_by_role("dialog").get_by_role("textbox")).to_have_value("You review code. Be kind.")
