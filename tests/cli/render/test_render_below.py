"""The line below a growing answer: drawn while it grows, never in the way, and gone without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.cli.render import Renderer
from emulator import Emulator, Stream
from markdown_samples import ANSWER


class Typed(Stream):
    """A stream with a line below that is typed into by hand."""

    def __init__(self, terminal: Emulator) -> None:
        super().__init__(terminal)
        self.line = ""
        self.renderer = Renderer(terminal, clock=lambda: self.now, below=lambda width: self.line[-width:])


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60), (40, 8), (20, 3)])
@settings(deadline=None, max_examples=20)
@given(typed=st.lists(st.sampled_from(["", "> half a", "> 漢字 ", "> " + "long " * 60]), min_size=1, max_size=30))
def test_an_answer_looks_in_the_end_as_if_nothing_had_been_typed(columns: int, rows: int, typed: list[str]) -> None:
    plain, stream = Stream(Emulator(columns, rows)), Typed(Emulator(columns, rows))
    plain.feed_all(ANSWER)
    plain.renderer.finish()
    for start in range(0, len(ANSWER), 12):
        stream.line = typed[start // 12 % len(typed)]
        stream.feed(ANSWER[start : start + 12])
    stream.renderer.finish()

    assert stream.terminal.everything() == plain.terminal.everything()
    assert stream.terminal.cursor == plain.terminal.cursor


def test_it_is_the_last_row_and_the_cursor_is_at_its_end() -> None:
    stream = Typed(Emulator(40, 10))
    stream.feed("Some text")
    for line in ("> h", "> ha", "> half ", "> half a"):
        stream.line = line
        stream.tick()

        assert stream.terminal.visible()[:2] == ["Some text", line.rstrip()]
        assert stream.terminal.cursor == (len(line), 1)
    stream.feed(" and more\n\n```\ncode\n")
    assert stream.terminal.everything() == ["Some text and more", "", "code", "> half a"]
    stream.line = ""
    stream.tick()
    assert stream.terminal.everything() == ["Some text and more", "", "code"]


@pytest.mark.parametrize("reflows", [True, False])
@pytest.mark.parametrize("size", [(60, 20), (120, 30), (44, 9)])
def test_it_does_not_stay_behind_when_the_window_changes(size: tuple[int, int], *, reflows: bool) -> None:
    stream = Typed(Emulator(80, 24, reflows=reflows))
    words = [f"word{number:03}" for number in range(60)]
    stream.line = "> half a"
    stream.feed(" ".join(words[:30]))
    stream.terminal.resize(*size)
    stream.feed(" " + " ".join(words[30:]))
    assert stream.terminal.everything()[-1] == "> half a"
    stream.renderer.finish()

    assert " ".join(stream.terminal.everything()).split() == words


def test_nothing_is_drawn_below_where_rows_cannot_be_redrawn_or_before_there_is_text() -> None:
    paper, glass = Typed(Emulator(40, 10, live=False)), Typed(Emulator(40, 10))
    for stream in (paper, glass):
        stream.line = "> half a"
    paper.feed("Some text\n\nmore")
    glass.tick()

    assert "half" not in paper.terminal.output
    assert glass.terminal.output == ""
