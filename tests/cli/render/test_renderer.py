"""The renderer on an emulated terminal: what is on the screen and in the scrollback, while and after it streams."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.cli.render import INTERVAL
from emulator import Emulator, Stream
from markdown_samples import ANSWER, SIZES, chunkings, texts

LONG = "\n\n".join(
    [
        "\n".join(
            f"Paragraph {n} begins, and **goes on** with words, words, `code` and more words." for n in range(12)
        ),
        "| No. | Value |\n|----:|-------|\n" + "\n".join(f"| {n} | value-{n} |" for n in range(30)),
        "```python\n" + "\n".join(f"line_{n} = compute({n})  # step {n}" for n in range(40)) + "\n```",
        "\n".join(f"- item number {n}" for n in range(20)),
        "The end.",
    ]
)


def rendered(text: str, columns: int, rows: int) -> list[str]:
    """Everything that one call with the whole text leaves on the terminal."""
    stream = Stream(Emulator(columns, rows))
    stream.renderer.feed(text)
    stream.renderer.finish()
    return stream.terminal.everything()


@settings(max_examples=50, deadline=None)
@given(st.data(), texts, st.sampled_from(SIZES))
def test_the_end_result_does_not_depend_on_the_pieces(data: st.DataObject, text: str, size: tuple[int, int]) -> None:
    stream = Stream(Emulator(*size))
    for piece in data.draw(chunkings(text)):
        stream.feed(piece, data.draw(st.sampled_from([0.0, 0.02, 1.0])))
    stream.renderer.finish()

    assert stream.terminal.everything() == rendered(text, *size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("answer", [ANSWER, LONG], ids=["answer", "long"])
def test_token_by_token_is_the_same_as_at_once(answer: str, size: tuple[int, int]) -> None:
    stream = Stream(Emulator(*size))
    stream.feed_all(answer)
    stream.renderer.finish()

    assert stream.terminal.everything() == rendered(answer, *size)
    assert stream.terminal.cursor[0] == 0
    assert not stream.terminal.visible()[stream.terminal.cursor[1]]


@pytest.mark.parametrize("size", SIZES)
def test_each_line_is_there_once(size: tuple[int, int]) -> None:
    stream = Stream(Emulator(*size))
    stream.feed_all(LONG)
    stream.renderer.finish()
    text = " ".join(" ".join(stream.terminal.everything()).split())

    for n in range(12):
        assert text.count(f"Paragraph {n} begins,") == 1
    for n in range(30):
        assert len(re.findall(rf"value-{n}\b", text)) == 1
    for n in range(20):
        assert len(re.findall(rf"item number {n}\b", text)) == 1
    code = "".join(stream.terminal.everything())
    for n in range(40):
        assert len(re.findall(rf"line_{n} = compute\({n}\)", code)) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opening", ["", "**never closed ", "- ", "> ", "1. deep\n   - ", "```\n", "|a|b|\n|-|-|\n|"])
def test_the_newest_word_is_always_to_be_seen(opening: str, size: tuple[int, int]) -> None:
    stream = Stream(Emulator(*size))
    stream.feed(opening)
    for n in range(70):
        stream.feed(f"w{n:02} ")
        assert f"w{n:02}" in "".join(stream.terminal.visible())


@pytest.mark.parametrize("size", SIZES)
def test_the_cursor_never_goes_up_further_than_the_open_block(size: tuple[int, int]) -> None:
    stream = Stream(Emulator(*size))
    stream.feed_all(LONG)
    ups = [int(n) for n in re.findall(r"\x1b\[(\d+)A", stream.terminal.output)]

    assert ups
    assert max(ups) <= size[1] - 3


def test_what_is_in_the_scrollback_never_changes() -> None:
    stream = Stream(Emulator(30, 8))
    for start in range(0, len(LONG), 40):
        before = stream.terminal.scrollback()
        stream.feed(LONG[start : start + 40])
        assert stream.terminal.scrollback()[: len(before)] == before


def test_a_long_paragraph_goes_to_the_scrollback_while_it_grows() -> None:
    stream = Stream(Emulator(20, 10))
    stream.feed_all("plain words of one paragraph " * 40)
    assert len(stream.terminal.scrollback()) > 40


def test_code_is_printed_line_by_line_while_it_streams() -> None:
    stream = Stream(Emulator(80, 10))
    stream.feed_all("```python\n" + "x = 1\n" * 50)
    assert stream.terminal.everything() == ["x = 1"] * 50


def test_a_long_line_of_code_is_wrapped_by_the_terminal_itself() -> None:
    stream = Stream(Emulator(20, 10))
    stream.feed_all("```\n" + "c" * 50 + "\n```\n")
    stream.renderer.finish()

    assert stream.terminal.everything() == ["c" * 20, "c" * 20, "c" * 10]
    # Written in one piece, so that it is copied as one line.
    assert "c" * 50 in re.sub(r"\x1b\[[\d;]*m", "", stream.terminal.output)


def test_code_has_colours_but_neither_frame_nor_trailing_spaces() -> None:
    stream = Stream(Emulator(40, 10))
    stream.feed_all("```python\ndef f():\n    return 'x'  \n```\n")
    stream.renderer.finish()

    assert stream.terminal.everything() == ["def f():", "    return 'x'"]
    assert {char.fg for char in stream.terminal.styles()} >= {"magenta", "blue", "green"}
    assert {char.bg for char in stream.terminal.styles()} == {"default"}
    assert not re.search(r" (?:\x1b\[0m)?\r?\n", stream.terminal.output)


def test_it_draws_at_most_twenty_times_a_second() -> None:
    stream = Stream(Emulator())
    for _ in range(1000):
        stream.feed("word ", 0.004)
    assert len(stream.terminal.raw) <= 4 / INTERVAL + 2


def test_a_pending_drawing_is_due_and_ticked() -> None:
    stream = Stream(Emulator())
    assert stream.renderer.due() is None
    stream.renderer.feed("first ")
    assert stream.renderer.due() is None
    stream.renderer.feed("second ")
    assert stream.renderer.due() == pytest.approx(INTERVAL)
    assert stream.terminal.everything() == ["first"]
    stream.now += INTERVAL
    assert stream.renderer.due() == 0
    stream.renderer.tick()
    assert stream.renderer.due() is None
    assert stream.terminal.everything() == ["first second"]


def test_costly_drawings_are_followed_by_rest() -> None:
    class Slow(Emulator):
        def write(self, text: str) -> None:
            stream.now += 0.03
            super().write(text)

    stream = Stream(Slow())
    stream.feed("first ", 0)
    stream.feed("second ", 0)
    assert stream.renderer.due() == pytest.approx(INTERVAL - 0.03)
    stream.feed("third ", INTERVAL)
    stream.feed("fourth ", 0)
    assert (stream.renderer.due() or 0) > 5 * INTERVAL


def test_open_emphasis_does_not_show_its_marks() -> None:
    stream = Stream(Emulator())
    seen = set[str]()
    for char in "now **bold and `code`** done\n\n":
        stream.feed(char)
        seen |= set("".join(stream.terminal.everything()))
    assert not seen & set("*`")


def test_rule_list_and_heading_do_not_turn_into_one_another() -> None:
    stream = Stream(Emulator())
    stream.feed_all("Some text\n-", 1)
    assert stream.terminal.everything() == ["Some text"]
    stream.feed_all(" item\n---\n## T", 1)
    assert stream.terminal.everything() == ["Some text", "", "• item", "", "─" * 80, "", "T"]


def test_nothing_is_written_for_nothing() -> None:
    stream = Stream(Emulator())
    stream.feed("")
    stream.feed("\x1b[2J")
    stream.renderer.finish()
    assert stream.terminal.raw == []


def test_two_answers_in_a_row_with_one_renderer() -> None:
    stream = Stream(Emulator())
    for text in ("```\ncode never ended", "# plain again"):
        stream.feed_all(text)
        stream.renderer.finish()
    assert stream.terminal.everything() == ["code never ended", "plain again"]


class WideArrows(Emulator):
    """Draws arrows two columns wide, as terminals set up for East Asia do; others take them for one."""

    def write(self, text: str) -> None:
        super().write(text.replace("→", "中"))


def test_a_terminal_that_draws_wider_than_measured_shows_each_row_once() -> None:
    stream = Stream(WideArrows(40, 24))
    stream.feed("**bold ")
    for n in range(30):
        stream.feed(f"→→→→{n:03} ")
        assert stream.terminal.everything()[0].startswith("bold 中中中中000")
    stream.renderer.finish()
    text = "".join(stream.terminal.everything())

    assert text.count("bold") == 1
    assert [text.count(f"{n:03}") for n in range(30)] == [1] * 30
    assert text.count("中") == 120
