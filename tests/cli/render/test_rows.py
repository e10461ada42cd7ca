"""Measuring and breaking styled text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.render.rows import Row, ansi, breaks, cells, folds, plain, slices, wrap

texts = st.lists(
    st.sampled_from(["word ", "a", " ", "  ", "\n", "long" * 6, "中", "文字", "。", "，", "é", "👍", "❤️", "…", ")"])
).map("".join)
widths = st.integers(2, 30)


@given(texts, widths)
def test_every_line_fits_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = [text[start:end] for start, end in breaks(text, width)]

    assert "".join("".join(lines).split()) == "".join(text.split())
    # A closing mark stays with its character where there is room for both.
    assert all(cells(line) <= width for line in lines)
    assert all(line == line.strip(" ") for line in lines)


@given(texts, texts, widths)
def test_a_line_that_is_followed_by_a_whole_word_stays(text: str, more: str, width: int) -> None:
    before = breaks(f"{text} word ", width)
    after = breaks(f"{text} word {more}", width)

    assert after[: len(before) - 1] == before[:-1]


@given(texts, widths)
def test_folding_fills_every_row(text: str, width: int) -> None:
    text = text.replace("\n", "")
    pieces = [text[start:end] for start, end in folds(text, width)]

    assert "".join(pieces) == text
    assert all(cells(piece) <= width for piece in pieces)
    assert all(cells(piece) >= width - 1 for piece in pieces[:-1])


@given(st.lists(st.tuples(texts, st.sampled_from(["", "1", "36"]))), st.data())
def test_slices_keep_text_and_style(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    runs = tuple(pairs)
    text = plain(runs)
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    styles = [style for part, style in runs for _ in part]

    for (start, end), piece in zip(spans, slices(runs, spans), strict=True):
        assert plain(piece) == text[start:end]
        assert [style for part, style in piece for _ in part] == styles[start:end]


def test_wide_text_breaks_between_characters_but_not_before_a_closing_mark() -> None:
    assert [plain(line) for line in wrap((("说明文字，很长。end of it", ""),), 8)] == [
        "说明文",
        "字，很",
        "长。end",
        "of it",
    ]


def test_a_long_word_is_folded_and_the_line_goes_on_behind_it() -> None:
    assert [plain(line) for line in wrap((("see https://example.com now", ""),), 10)] == [
        "see",
        "https://ex",
        "ample.com",
        "now",
    ]


def test_rows_are_written_without_trailing_spaces_and_with_every_style_closed() -> None:
    row = Row(lead=(("│ ", "2"),), body=(("bold ", "1"), ("x ", ""), (" ", "36")))
    assert ansi(row) == "\x1b[2m│ \x1b[0m\x1b[1mbold \x1b[0mx"
    assert ansi(Row(lead=(("│ ", "2"),))) == "\x1b[2m│\x1b[0m"
    assert ansi(Row(body=(("code  ", ""),), soft=True)) == "code  "


def test_emoji_count_as_wide_as_any_terminal_draws_them() -> None:
    assert [cells(text) for text in ("👍", "中", "é", "e\u0301", "❤️", "👩‍💻")] == [2, 2, 1, 1, 2, 4]
