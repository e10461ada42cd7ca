"""From a question to its answer, and all that can come between."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from web.site import Person, Site

SLOW = "echo:plain-d40-n200"


def test_a_question_shows_at_once_and_its_answer_stays(person: Person) -> None:
    person.arrive().choose("echo:plain-d20-n20")
    person.send("alpha beta")

    expect(person.messages.first).to_contain_text("alpha beta")
    person.over()
    expect(person.answer).to_contain_text("alpha beta " * 9 + "alpha beta")
    expect(person.page).to_have_title(re.compile("alpha beta"))
    person.page.reload()
    expect(person.messages).to_have_count(2)


def test_stop_keeps_what_came_and_continue_goes_on(person: Person) -> None:
    person.arrive().choose(SLOW)
    person.send("stop me")
    expect(person.answer).to_contain_text("stop me stop me")
    person.button("Stop").click()
    person.over()

    expect(person.answer).to_contain_text("Interrupted: the answer was stopped")
    kept = person.answer.get_by_role("paragraph").first.inner_text()
    person.choose("echo:plain-n4")
    person.button("Continue").click()
    expect(person.answer.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    assert person.answer.get_by_role("paragraph").first.inner_text().startswith(kept)


def test_a_reload_in_the_middle_of_an_answer_goes_on_with_it(person: Person) -> None:
    person.arrive().choose("echo:plain-d20-n60")
    person.send("one two three")
    expect(person.answer).to_contain_text("one two three one")
    person.page.reload()

    expect(person.button("Stop")).to_be_visible()
    person.over()
    assert person.answer.get_by_role("paragraph").first.inner_text() == " ".join(["one two three"] * 20)


def test_a_second_tab_reads_the_same_answer_along(person: Person) -> None:
    person.arrive().choose("echo:plain-d20-n60")
    person.send("both tabs")
    expect(person.answer).to_contain_text("both tabs both")
    other = Person(person.context, person.url)
    other.page.goto(person.page.url)
    expect(other.button("Stop")).to_be_visible()
    expect(other.answer).to_contain_text("both tabs")

    other.over()
    person.page.bring_to_front()
    person.over()
    text = " ".join(["both tabs"] * 30)
    assert other.answer.get_by_role("paragraph").first.inner_text() == text
    assert person.answer.get_by_role("paragraph").first.inner_text() == text


def test_a_turn_that_another_tab_starts_shows_without_asking(person: Person) -> None:
    person.arrive().ask("first here")
    other = Person(person.context, person.url)
    other.page.goto(person.page.url)
    expect(other.messages).to_have_count(2)
    other.ask("second there")

    person.page.bring_to_front()
    expect(person.messages).to_have_count(4)
    expect(person.answer).to_contain_text("second there")


def test_a_turn_of_the_terminal_shows_while_it_runs(person: Person, site: Site) -> None:
    person.arrive().ask("from the page")
    id_ = person.page.url.rpartition("/")[2]
    import subprocess

    with subprocess.Popen(
        site.program.command("ask", "--cid", id_, "-m", "echo:plain-d40-n120", "from the terminal"),
        env=site.program.env,
        cwd=site.program.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as terminal:
        expect(person.messages).to_have_count(4)
        expect(person.button("Stop")).to_be_visible()
        assert terminal.wait(60) == 0
    person.over()
    assert person.answer.get_by_role("paragraph").first.inner_text() == " ".join(["from the terminal"] * 40)


def test_a_turn_of_another_program_over_the_api_shows_in_the_list_and_live_in_the_page(person: Person) -> None:
    person.arrive().ask("seen from afar")
    id_ = person.page.url.rpartition("/")[2]
    program, own = person.context.request, {"Origin": person.url}
    made = program.post(f"{person.url}/api/chat", headers=own, data={"message": {"text": "made elsewhere"}})
    assert made.ok
    expect(person.conversation("made elsewhere")).to_be_visible()

    ask = """([id, text]) => void fetch("/api/chat", {method: "POST", headers: {"content-type": "application/json"},
        body: JSON.stringify({id, message: {text}, model: "echo:plain-d60-n120"})})"""
    # It runs for 7 s: the page looks every 3 s whether something runs elsewhere.
    other = person.context.new_page()
    other.goto(f"{person.url}/icon.svg")
    other.evaluate(ask, [id_, "by a program"])
    person.page.bring_to_front()
    expect(person.messages).to_have_count(4)
    expect(person.button("Stop")).to_be_visible()
    person.over()
    assert person.answer.get_by_role("paragraph").first.inner_text() == " ".join(["by a program"] * 40)


def test_editing_a_question_makes_a_version_and_both_can_be_seen(person: Person) -> None:
    person.arrive().ask("version one")
    person.messages.first.get_by_role("button", name="Edit").click()
    person.page.get_by_role("textbox", name="Edit").fill("version two")
    person.button("Send again").click()

    expect(person.messages.first.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    expect(person.answer).to_contain_text("version two")
    person.button("Previous version").click()
    expect(person.answer).to_contain_text("version one")
    person.page.reload()
    expect(person.answer).to_contain_text("version one")
    person.ask("and on")
    expect(person.messages.first).to_contain_text("version one")


def test_the_question_above_a_long_answer_comes_into_view_to_be_edited(person: Person) -> None:
    person.arrive().choose("echo:plain-n1500")
    person.ask("a very long answer")
    expect(person.messages).to_have_count(1)  # what is far from the window is not on the page
    person.box.press("ArrowUp")

    editor = person.page.get_by_role("textbox", name="Edit")
    expect(editor).to_be_in_viewport()
    expect(editor).to_be_focused()
    expect(editor).to_have_value("a very long answer")


def test_what_is_typed_into_an_edit_stays_when_the_answer_ends(person: Person) -> None:
    person.arrive().choose("echo:plain-n40-d50")
    person.send("one")
    person.messages.first.get_by_role("button", name="Edit").click()
    editor = person.page.get_by_role("textbox", name="Edit")
    editor.fill("typed meanwhile")
    person.over()

    expect(editor).to_have_value("typed meanwhile")
    editor.press("Enter")
    expect(person.answer).to_contain_text("typed meanwhile")


def test_a_question_after_an_edit_that_was_given_up_is_brought_into_view(person: Person) -> None:
    person.arrive().choose("echo:plain-n600")
    person.ask("line\n" * 30)
    person.box.press("ArrowUp")
    person.page.get_by_role("textbox", name="Edit").press("Escape")
    person.send("the next one")

    expect(person.messages.filter(has_text="the next one").first).to_be_in_viewport()
    person.over()
    expect(person.answer.get_by_role("button", name="Answer again")).to_be_in_viewport()


def test_an_answer_can_be_given_again_also_by_another_model(person: Person) -> None:
    person.arrive().ask("say it")
    person.button("Answer again").click()
    expect(person.answer.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    person.answer.get_by_role("button", name="More").click()
    person.page.get_by_role("menuitem", name="Answer again with another model").click()
    person.page.get_by_role("combobox").fill("echo:other-n4")
    person.page.keyboard.press("Enter")

    expect(person.answer.get_by_role("group", name="Version 3 of 3")).to_be_visible()
    expect(person.answer).to_contain_text("echo:other-n4")
    expect(person.messages).to_have_count(2)


def test_a_fork_goes_on_in_a_conversation_of_its_own(person: Person) -> None:
    person.arrive().ask("fork me")
    before = person.page.url
    person.answer.get_by_role("button", name="More").click()
    person.page.get_by_role("menuitem", name="Go on from here").click()

    expect(person.page).not_to_have_url(before)
    expect(person.messages).to_have_count(2)
    person.ask("only there")
    person.page.goto(before)
    expect(person.messages).to_have_count(2)


def test_a_failed_answer_says_why_and_keeps_its_beginning(person: Person) -> None:
    person.arrive().choose("echo:plain-cut2-n9")
    person.send("words that break")
    person.over()

    expect(person.answer).to_contain_text("words that")
    expect(person.answer.get_by_role("alert")).to_contain_text("The answer failed")
    expect(person.button("Continue")).to_be_visible()


def test_a_question_that_was_refused_is_back_in_the_box(person: Person) -> None:
    person.arrive().ask("fine")
    person.choose("nobody:knows")
    person.send("do not lose me")

    expect(person.page.get_by_role("alert")).to_contain_text("nobody")
    expect(person.box).to_have_value("do not lose me")
    expect(person.messages).to_have_count(2)


def test_formulas_are_drawn_and_prices_are_prices(person: Person) -> None:
    person.arrive().ask("\\[ \\frac{a}{b} \\]\n\nhas $x^2$, costs $5 or $6; $\\broken{$ and `$c$` stay.")

    expect(person.answer.locator("math")).to_have_count(2)
    expect(person.answer.locator("math mfrac")).to_be_visible()
    expect(person.answer.get_by_role("paragraph").last).to_contain_text("costs $5 or $6;")
    expect(person.answer.locator("code").filter(has_text="$c$")).to_be_visible()


def test_a_new_conversation_has_its_title_while_the_answer_still_comes(person: Person) -> None:
    person.arrive().choose(SLOW)
    person.send("name me early")
    expect(person.page.get_by_role("heading", name="name me early")).to_be_visible()
    expect(person.button("Stop")).to_be_visible()


def test_reasoning_is_there_for_who_wants_it(person: Person) -> None:
    person.arrive().choose("echo:plain-r3")
    person.ask("think")

    expect(person.answer.get_by_text("Reasoning")).to_be_visible()
    expect(person.answer.get_by_text("hm hm hm")).to_be_hidden()
    person.answer.get_by_text("Reasoning").click()
    expect(person.answer.get_by_text("hm hm hm")).to_be_visible()


_HAND_OVER = """(element, kind) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(8)], `${kind}.png`, {type: "image/png"}));
    const how = {bubbles: true, cancelable: true};
    element.dispatchEvent(kind === "paste"
        ? new ClipboardEvent("paste", {...how, clipboardData: data})
        : new DragEvent("drop", {...how, dataTransfer: data}));
}"""


def test_files_can_be_pasted_and_dropped_and_taken_off_again(person: Person) -> None:
    person.arrive()
    person.box.evaluate(_HAND_OVER, "paste")
    person.box.evaluate(_HAND_OVER, "drop")
    expect(person.button("Remove paste.png")).to_be_visible()
    person.button("Remove paste.png").click()
    expect(person.button("Remove drop.png")).to_be_visible()
    expect(person.button("Remove paste.png")).to_have_count(0)


def test_files_that_are_picked_go_with_the_question(person: Person) -> None:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
    )
    person.arrive().attach("dot.png", "image/png", pixel)
    expect(person.page.get_by_role("img", name="dot.png")).to_be_visible()
    person.attach("notes.md", "text/markdown", b"# kept `as` text")
    person.attach("program", "application/octet-stream", b"\x00\x01")

    expect(person.page.get_by_role("alert")).to_contain_text("program is no image, PDF or text")
    expect(person.button("Remove notes.md")).to_be_visible()
    expect(person.box).to_have_value("")
    person.box.press_sequentially("read this")
    person.box.press("Enter")
    person.over()
    person.page.reload()
    expect(person.messages.first).to_contain_text("dot.png")
    expect(person.page.get_by_role("img", name="dot.png")).to_be_visible()
    with person.page.expect_download() as saving:
        person.button("Download notes.md").click()
    assert saving.value.suggested_filename == "notes.md"
    assert saving.value.path().read_bytes() == b"# kept `as` text"


def test_an_edited_question_keeps_its_files(person: Person) -> None:
    person.arrive().attach("notes.md", "text/markdown", b"the notes")
    person.send("first wording")
    person.over()
    person.page.reload()
    person.messages.first.get_by_role("button", name="Edit").click()
    person.page.get_by_role("textbox", name="Edit").fill("second wording")
    person.button("Send again").click()

    expect(person.messages.first.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    expect(person.messages.first.get_by_role("button", name="Download notes.md")).to_be_visible()
    person.page.reload()
    expect(person.messages.first).to_contain_text("second wording")
    expect(person.messages.first.get_by_role("button", name="Download notes.md")).to_be_visible()


_DROP = """(element, sizes) => {
    const data = new DataTransfer();
    const add = (size, n) => data.items.add(new File(["a".repeat(size)], `${n}.txt`, {type: "text/plain"}));
    sizes.forEach(add);
    element.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: data}));
}"""


def test_files_that_are_too_large_or_too_many_are_refused_and_the_others_stay(person: Person) -> None:
    person.arrive().box.evaluate(_DROP, [10 * 2**20 + 1, *[1] * 11])
    expect(person.page.get_by_role("alert")).to_contain_text("0.txt is larger than 10 MB")
    expect(person.page.get_by_role("alert")).to_contain_text("At most 10 files")
    expect(person.page.get_by_role("button", name="Remove ")).to_have_count(10)


def test_an_edit_that_was_refused_is_not_lost(person: Person) -> None:
    person.arrive().ask("fine")
    person.choose("nobody:knows")
    person.messages.first.get_by_role("button", name="Edit").click()
    person.page.get_by_role("textbox", name="Edit").fill("a long and careful edit")
    person.button("Send again").click()

    expect(person.page.get_by_role("alert")).to_contain_text("nobody")
    expect(person.box).to_have_value("a long and careful edit")
    expect(person.messages.first).to_contain_text("fine")


def test_a_turn_that_reached_no_model_says_why_and_can_be_asked_again(person: Person) -> None:
    person.arrive().choose("openai:gpt-5")
    person.send("is anybody there?")
    expect(person.answer.get_by_role("alert")).to_contain_text("openai has no API key: set OPENAI_API_KEY")
    expect(person.messages.first).to_contain_text("is anybody there?")
    person.choose("echo:plain")
    person.button("Answer again").click()
    expect(person.answer.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    person.over()
    expect(person.answer.get_by_role("paragraph").first).to_have_text("is anybody there?")
