"""Sessions of the real program on a real terminal: long answers, Ctrl-C, pastes, branches, a window that changes."""

from __future__ import annotations

import re
import signal
from base64 import b64encode
from pathlib import Path

import pytest

from console import CTRL_C, CTRL_D, ENTER, ESC, TAB, Console, pasted
from program import Program

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


def long_answer(lines: int) -> str:
    """Markdown of more than so many lines: paragraphs, then a table and code. Every line can be told from any other."""
    paragraphs = "\n\n".join(f"Paragraph {n} says *little*." for n in range(lines // 2))
    table = "\n".join(["| name | value |", "|---|---|", *(f"| row {n} | cell {n} |" for n in range(5))])
    code = "\n".join(["```python", *(f"line_{n} = {n}" for n in range(10)), "```"])
    return f"# A title\n\n{paragraphs}\n\n{table}\n\n{code}\n\nThe very end."


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_an_answer_of_three_screens_is_shown_once_from_its_first_line_to_its_last(
    program: Program, columns: int, rows: int
) -> None:
    with Console(program, "chat", "-m", "echo:plain-d1", columns=columns, rows=rows) as console:
        console.prompt()
        console.type(pasted(long_answer(3 * rows)), ENTER)
        console.see("The very end.")
        console.prompt()
        shown = console.lines()

        assert len(shown) > 3 * rows
        for n in range(3 * rows // 2):
            assert shown.count(f"Paragraph {n} says little.") == 1, n
        for n in range(10):
            assert sum(f"line_{n} = {n}" in line for line in shown) == 1, n
        for n in range(5):
            assert sum(f"row {n}" in line and f"cell {n}" in line for line in shown) == 1, n
        assert "| row" not in console.text()
        console.type(CTRL_D)
        assert console.ends() == 0


def test_ctrl_c_keeps_what_there_is_and_continue_goes_on(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n2000") as console:
        console.prompt()
        console.type("one two three", ENTER)
        console.see("three one two")
        console.type(CTRL_C)
        console.see("stopped; the answer so far is kept: /continue goes on with it")
        console.prompt()
        kept = program.last_message()
        console.type("/model echo:plain", ENTER)
        console.prompt()
        console.type("/continue", ENTER)
        console.see("exactly")  # the echo says the word to go on back; two words may be on two lines
        console.prompt()
        after = program.last_message()

        assert (kept.status, kept.error.code if kept.error else None) == ("interrupted", "stopped")
        assert after.status == "complete"
        assert after.text.startswith(kept.text)
        assert len(after.text) > len(kept.text)


def test_ctrl_c_from_outside_stops_the_answer_and_not_the_session(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n2000") as console:
        console.prompt()
        console.type("one two three", ENTER)
        console.see("three one two")
        console.interrupt()
        console.see("stopped;")
        console.prompt()
        console.type(CTRL_D)

        assert console.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_session_that_is_ended_keeps_the_partial_answer(program: Program, number: signal.Signals) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n2000") as console:
        console.prompt()
        console.type("one two three", ENTER)
        console.see("three one two")
        console.interrupt(number)

        assert console.ends() == 143
        assert program.last_message().status == "interrupted"
        assert program.last_message().text.startswith("one two three one")


def test_a_paste_of_200_kb_is_folded_not_sent_and_then_sent_whole(program: Program) -> None:
    text = "\n".join(f"line {n} of a paste " + "x" * 80 for n in range(2000))
    (program.home / "config.toml").write_text('[models."echo:plain-n3"]\ncontext = 1_000_000\n')
    with Console(program, "chat", "-m", "echo:plain-n3") as console:
        console.prompt()
        console.type("see this: ", pasted(text.replace("\n", "\r")))
        console.prompt("> see this: [pasted 2,000 lines]")
        console.type(ENTER)
        console.see("see this: line")
        console.prompt()
        console.type("/export json out.json", ENTER)
        console.see("wrote out.json")
        stored = (program.cwd / "out.json").read_text()

        assert len(text) > 190_000
        assert text.replace("\n", "\\n") in stored
        assert len(console.raw) < 20_000


def test_a_paste_without_its_end_is_over_after_a_while(program: Program) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type(pasted("first line\rsecond", end=False))
        console.see("… second")
        console.type(ENTER)
        console.see("first line second")


def test_lines_that_are_pasted_while_an_answer_comes_wait_unsent(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n200") as console:
        console.prompt()
        console.type("go", ENTER)
        console.see("go go go")
        console.type(pasted("one\rtwo"))
        console.see("… two")
        console.type(CTRL_C, CTRL_D)

        assert console.ends() == 0
        assert program.last_message().text.startswith("go")


def test_what_is_typed_while_an_answer_comes_is_sent_after_it(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n100") as console:
        console.prompt()
        console.type("go", ENTER)
        console.see("go go go")
        console.type("next", ENTER, "half a")
        console.see("next next")
        console.prompt("> half a")
        console.type(CTRL_C, CTRL_D)

        assert console.ends() == 0
        assert program.last_message().text.startswith("next next")


@pytest.mark.parametrize(("columns", "rows"), [*SIZES, (40, 12)])
def test_what_is_typed_is_seen_below_the_growing_answer_and_leaves_no_trace(
    program: Program, columns: int, rows: int
) -> None:
    with Console(program, "chat", "-m", "echo:plain-d5-n400", columns=columns, rows=rows) as console:
        console.prompt()
        console.type(pasted("- *item*\n- other\n\n"), ENTER)
        console.see("other")
        console.type("later", ENTER, "half ", "\x1b[200~a line\x1b[201~")
        console.wait(lambda seen: "> later⏎ half a line" in seen.visible(), "the row below")
        seen = console.visible()
        console.type(CTRL_C, CTRL_C)
        console.prompt("> half a line")

        assert seen.index("> later⏎ half a line") == max(n for n, row in enumerate(seen) if row)
        assert "⏎" not in console.text()
        console.type(CTRL_C, CTRL_D)
        assert console.ends() == 0


def test_what_is_typed_between_a_prompt_and_its_answer_is_kept_as_it_was_typed(program: Program) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type("".join(f"word{n}{ENTER}" for n in range(40)), pasted("two\rlines"))
        console.see("… lines")
        console.prompt("… lines")
        shown = console.lines()

        for n in range(40):
            assert [line for line in shown if line in {f"> word{n}", f"word{n}"}] == [f"> word{n}", f"word{n}"], n


@pytest.mark.parametrize("render", ["auto", "never"])
def test_an_answer_begins_below_the_reasoning_before_it(program: Program, render: str) -> None:
    with Console(program, "chat", "-m", "echo:plain-d20-r3", "--render", render) as console:
        console.prompt()
        console.type("one two three", ENTER)
        console.see("\none two three")
        console.prompt()
        shown = console.lines()

        begin = shown.index("> one two three") + 1
        assert shown[begin : begin + 3] == ["hm hm hm", "", "one two three"]
        console.type(CTRL_D)
        assert console.ends() == 0
    asked = program.run_on_terminal("ask", "-m", "echo:plain-d20-r3", "--render", "never", "one two")
    assert "hm hm hm\n\none two\n" in asked.out.replace("\x1b[2m", "").replace("\x1b[0m", "").replace(" \n", "\n")


def test_what_is_typed_is_seen_beside_the_spinner(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d60000") as console:
        console.prompt()
        console.type("go", ENTER, "half a")
        console.see("> half a")
        console.type(CTRL_C)
        console.prompt("> half a")
        console.type(CTRL_C, CTRL_D)

        assert console.ends() == 0


def test_edits_make_branches_that_one_can_switch_between(program: Program) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type("first words", ENTER)
        console.see("\nfirst words")
        console.prompt()
        console.type(ESC, ESC)
        console.prompt("edit> first words")
        console.type(" and more", ENTER)
        console.see("\nfirst words and more")
        console.prompt()
        console.type("/branches", ENTER)
        console.see("/switch NUMBER goes to one")
        console.prompt()
        listed = [line for line in console.lines() if re.match(r"[* ]  [12]  20", line)]
        console.type("/switch 2", ENTER)
        console.wait(lambda seen: seen.count(r"(?m)^> first words$") == 2, "the other branch")
        console.prompt()

        assert [line[0] for line in listed] == ["*", " "]
        assert listed[0].endswith("user: first words and more")
        assert listed[1].endswith("user: first words")
        assert program.last_message().text == "first words"


def test_a_window_that_changes_while_an_answer_comes_loses_nothing(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-d2") as console:
        console.prompt()
        console.type(pasted(long_answer(60)), ENTER)
        console.see("Paragraph 5 says little.")
        console.resize(60, 20)
        console.see("Paragraph 12 says little.")
        console.resize(100, 30)
        console.see("The very end.")
        console.prompt()
        shown = console.text()

        for n in range(30):
            assert f"Paragraph {n} says little." in shown, n
        for n in range(10):
            assert f"line_{n} = {n}" in shown, n


def test_in_a_narrow_window_lists_are_cut_errors_broken_between_words_and_titles_offered(program: Program) -> None:
    title = "a title of 漢字 that is longer than the window is wide"
    program.run("ask", "another")  # Tab offers a choice of two; of one it takes that
    program.run("ask", "hello")
    with Console(program, "chat", "-c", columns=48) as console:
        console.prompt()
        console.type(f"/rename {title}", ENTER, "/resume", ENTER)
        console.see("/resume NUMBER goes on with one")
        console.type("/switch 7", ENTER)
        console.see("branches shows")
        console.type("/resume a tit", TAB)
        console.wait(lambda seen: seen.count("/resume 0[0-9a-f-]{35}") == 1, "an id")
        console.type(CTRL_C, "/resume ", TAB)
        console.wait(lambda seen: any(row.startswith(" a title of") for row in seen.visible()), "a title in the menu")
        shown = console.lines()

        assert "*  1  20" in console.text()
        assert any(re.fullmatch(r"\*  1  20.{14}  a title of 漢字 that is…", row) for row in shown)
        assert ["chatops: error: there is one branch: /switch", "  takes the number that /branches shows"] in [
            shown[n : n + 2] for n in range(len(shown))
        ]


def test_a_session_is_resumed_with_its_last_exchange(program: Program) -> None:
    program.run("ask", "an early question")
    program.run("ask", "-c", "a *late* one")
    with Console(program, "chat", "-c") as console:
        console.prompt()

        assert "> a *late* one\na late one\n" in console.text()
        assert "early question" not in console.text().replace("· an early question", "")


def test_chatops_alone_on_a_terminal_is_a_session(program: Program) -> None:
    with Console(program) as console:
        console.prompt()
        console.type("hello", ENTER)
        console.see("\nhello")
        console.prompt()
        console.type(CTRL_D)

        assert console.ends() == 0


def test_a_failed_answer_is_told_and_the_session_goes_on(program: Program) -> None:
    with Console(program, "chat", "-m", "echo:plain-cut1") as console:
        console.prompt()
        console.type("one two", ENTER)
        console.see("chatops: error: ")
        console.prompt()
        console.type("/model echo:nosuch-zz", ENTER, "kept words", ENTER)
        console.see("zz")
        console.prompt()
        console.type("/model nobody:x", ENTER)
        console.see("no model 'nobody:x'")
        console.prompt()


def test_a_prompt_that_could_not_be_sent_is_given_back(program: Program) -> None:
    (program.home / "config.toml").write_text('[models."echo:tiny"]\ncontext = 20\n')
    with Console(program, "chat", "-m", "echo:tiny") as console:
        console.prompt()
        text = "far too many words for a window of twenty tokens"
        console.type(text, ENTER)
        console.see("chatops: error: the prompt is about")
        console.prompt(f"> {text}")


def test_an_editor_writes_the_prompt(program: Program) -> None:
    program.env["EDITOR"] = "sed -i s/draft/final/"
    with Console(program, "chat") as console:
        console.prompt()
        console.type("a draft", "\x18\x05")
        console.prompt("> a final")
        console.type(ENTER)
        console.see("\na final")
        console.prompt()
        console.type("/editor another draft", ENTER)
        console.see("\nanother final")


def test_without_colour_nothing_is_coloured_and_all_is_there(program: Program) -> None:
    program.env["NO_COLOR"] = "1"
    with Console(program, "chat") as console:
        console.prompt()
        console.type("some **bold** text", ENTER)
        console.see("\nsome **bold** text")
        console.prompt()

        assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", console.raw)


def test_a_dumb_terminal_gets_lines_and_no_control_sequences(program: Program) -> None:
    program.env["TERM"] = "dumb"
    with Console(program, "chat", "-m", "echo:plain-d5-n300", "--render", "never") as console:
        console.see("\n>")
        console.type("hello world", ENTER)
        console.see("world hello")
        console.type(CTRL_C)
        console.see("stopped;")
        console.type("/edit", ENTER)
        console.see("/edit needs the new text here")
        console.type(CTRL_C)
        console.wait(lambda seen: seen.count(r"(?m)Ctrl-D leaves\n>") == 2, "the second")  # the greeting says it too
        console.type("/model echo:plain", ENTER, "again now", ENTER)
        console.wait(lambda seen: seen.count(r"(?m)again now$") == 2, "the answer")  # the terminal shows what is typed
        console.type("/vi", ENTER)
        console.see("/vi: this needs a person at a terminal that is not dumb")
        console.type(CTRL_D)

        assert console.ends() == 0
        assert b"\x1b" not in console.raw
        assert console.raw.endswith(b"> \r\n")


def test_a_title_that_a_model_writes_arrives_in_the_toolbar(program: Program) -> None:
    (program.home / "config.toml").write_text('title_model = "echo:plain-n4"\n')
    with Console(program, "chat") as console:
        console.prompt()
        console.type("hello", ENTER)
        console.prompt()
        console.wait(lambda seen: "Question: hello" in seen.visible()[-1], "the title")
        console.type(CTRL_D)

        assert console.ends() == 0


def test_a_session_imports_no_sdk_no_typer_and_no_keyboard_before_it_needs_them(program: Program) -> None:
    program.env["PYTHONPROFILEIMPORTTIME"] = "1"
    with Console(program, "chat", "-m", "openai:gpt-5", rows=24) as console:
        console.wait(lambda seen: b"> " in seen.raw or b"0m>" in seen.raw, "a prompt")
        loaded = console.raw.decode(errors="replace")

        assert "prompt_toolkit" in loaded
        for heavy in ("openai", "anthropic", "typer", "pydantic", "aiohttp"):
            assert f" {heavy}\r\n" not in loaded, heavy


def test_an_answer_and_its_code_are_copied_by_the_terminal(program: Program) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type(pasted("Here:\n\n```\nls -l\n```"), ENTER)
        console.see("\nHere:")
        console.prompt()
        console.type("/copy code", ENTER)
        console.see("asked the terminal to copy 6 characters")

        assert b"\x1b]52;c;" + b64encode(b"ls -l\n") + b"\x07" in console.raw


def test_ctrl_c_in_the_editor_is_the_editors(program: Program) -> None:
    program.env["EDITOR"] = "sh -c 'echo edited; exec sleep 60'"
    with Console(program, "chat") as console:
        console.prompt()
        console.type("/editor", ENTER)
        console.see("\nedited")
        console.type(CTRL_C)
        console.see("nothing was changed")
        console.prompt()
