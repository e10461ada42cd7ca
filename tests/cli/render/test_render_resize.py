"""The terminal is resized while an answer streams."""

from __future__ import annotations

import pytest

from emulator import Emulator, Stream

WORDS = [f"word{number:03}" for number in range(120)]


def paragraph(first: int, last: int) -> str:
    return " ".join(WORDS[first:last]) + " "


@pytest.mark.parametrize("reflows", [True, False])
@pytest.mark.parametrize("columns", [30, 47, 79, 81, 120, 200])
def test_the_open_block_is_drawn_again_at_the_new_width(columns: int, reflows: bool) -> None:
    stream = Stream(Emulator(80, 24, reflows=reflows))
    stream.feed("# Title\n\n" + paragraph(0, 40))
    stream.terminal.resize(columns, 24)
    stream.tick()
    rows = stream.terminal.everything()

    assert rows[:2] == ["Title", ""]
    assert " ".join(rows[2:]).split() == WORDS[:40]
    assert max(map(len, rows)) > columns - 8
    stream.feed(paragraph(40, 120) + "\n\nEnd.")
    stream.renderer.finish()
    rows = stream.terminal.everything()
    assert " ".join(rows).split() == ["Title", *WORDS, "End."]


@pytest.mark.parametrize("reflows", [True, False])
def test_what_is_committed_is_not_touched(reflows: bool) -> None:
    stream = Stream(Emulator(80, 24, reflows=reflows))
    stream.feed("```\n" + "".join(f"code {n}\n" for n in range(40)) + "```\n\nopen " + paragraph(0, 30))
    before = stream.terminal.everything()[:41]
    for columns in (50, 30, 90):
        stream.terminal.resize(columns, 24)
        stream.tick()
    assert stream.terminal.everything()[:41] == before


@pytest.mark.parametrize(("reflows", "sizes"), [(True, [40, 60, 40, 100, 41]), (False, [40, 60, 61, 100, 120])])
def test_a_paragraph_taller_than_the_screen_is_told_once_through_many_sizes(reflows: bool, sizes: list[int]) -> None:
    # A terminal that does not reflow cuts off what is printed when it gets narrower: nobody can help that.
    stream = Stream(Emulator(40, 8, reflows=reflows))
    for index, columns in enumerate(sizes):
        stream.terminal.resize(columns, 8)
        stream.feed(paragraph(index * 24, index * 24 + 24))
    stream.renderer.finish()

    assert "".join("".join(stream.terminal.everything()).split()) == "".join(WORDS)


def test_a_lower_screen_takes_what_it_scrolled_away_as_told() -> None:
    stream = Stream(Emulator(40, 24))
    stream.feed("- first\n" * 30 + "\n" + paragraph(0, 60))
    stream.terminal.resize(40, 6)
    stream.tick()
    stream.feed(paragraph(60, 120))
    stream.renderer.finish()

    assert [word for word in " ".join(stream.terminal.everything()).split() if word in WORDS] == WORDS


def test_a_higher_screen_shows_more_of_the_open_block() -> None:
    stream = Stream(Emulator(40, 6))
    stream.feed("| a |\n|---|\n" + "".join(f"| row {n} |\n" for n in range(12)))
    assert stream.terminal.everything() == [f"row {n}" for n in range(8, 12)]
    stream.terminal.resize(40, 30)
    stream.tick()
    assert stream.terminal.everything() == ["a", "──────", *[f"row {n}" for n in range(12)]]


def test_code_that_streams_goes_on_at_the_new_width() -> None:
    stream = Stream(Emulator(40, 10))
    stream.feed("```\n" + "c" * 70)
    stream.terminal.resize(60, 10)
    stream.tick()
    assert stream.terminal.everything() == ["c" * 60, "c" * 10]
    stream.feed("d\nnext\n```\nprose " + paragraph(0, 3))
    stream.renderer.finish()
    assert stream.terminal.everything() == ["c" * 60, "c" * 10 + "d", "next", "", "prose word000 word001 word002"]


def test_a_size_that_changes_between_blocks_needs_no_drawing_again() -> None:
    stream = Stream(Emulator(80, 24))
    stream.feed("# Title\n")
    stream.terminal.resize(40, 10)
    stream.tick()
    stream.feed("text")
    stream.renderer.finish()
    assert stream.terminal.everything() == ["Title", "", "text"]
