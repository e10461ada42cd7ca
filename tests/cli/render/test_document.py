"""A growing document hands out each row once, the same rows however the text is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatops.cli.render.document import Document
from chatops.cli.render.look import COLOR, PLAIN, Look
from chatops.cli.render.rows import Row, ansi, cells, plain
from markdown_samples import ANSWER, chunkings, texts

looks = st.sampled_from([COLOR, PLAIN])
widths = st.sampled_from([8, 20, 80])


def written(rows: list[Row]) -> list[str]:
    return [ansi(row) + ("\\" if row.soft else "") for row in rows]


def shown(text: str, width: int = 80, look: Look = COLOR) -> list[str]:
    """The rows of the whole text, without styles."""
    document = Document(look)
    document.feed(text)
    return [plain((*row.lead, *row.body)).rstrip() for row in document.take(width, final=True)]


@settings(max_examples=150)
@given(st.data(), texts, widths, looks)
def test_the_rows_do_not_depend_on_the_pieces(data: st.DataObject, text: str, width: int, look: Look) -> None:
    whole, pieces = Document(look), Document(look)
    whole.feed(text)
    rows: list[Row] = []
    for piece in data.draw(chunkings(text)):
        pieces.feed(piece)
        step = data.draw(st.sampled_from(["nothing", "take", "look", "settle"]))
        if step != "nothing":
            rows += pieces.take(width)
        if step == "look":
            pieces.open_rows(width)
        if step == "settle":
            rows += pieces.settle(width, data.draw(st.sampled_from([None, 1, 3])))
    rows += pieces.take(width, final=True)

    assert written(rows) == written(whole.take(width, final=True))


@settings(max_examples=100)
@given(texts, widths)
@example("```" + "longword" * 6, 20)
def test_no_letter_of_a_word_is_lost_and_no_row_is_too_wide(text: str, width: int) -> None:
    document = Document(PLAIN)
    document.feed(text)
    rows = document.take(width, final=True)
    letters = "".join(plain((*row.lead, *row.body)) for row in rows)

    for letter in "中é👍。":
        assert letters.count(letter) == text.count(letter)
    if width > 8:  # narrower, indentation and bullets may take it all
        assert all(cells(plain((*row.lead, *row.body))) <= width for row in rows)


def test_an_answer_with_everything() -> None:
    assert shown(ANSWER, 60) == [
        "Title of the answer",
        "",
        "Some bold and italic text with code, a link",
        "(https://example.com/a) and a tail of words that wraps at",
        "the edge.",
        "Second line of the paragraph.",
        "",
        "Setext heading",
        "",
        "• one",
        "• two with bold",
        "  and more",
        "",
        "  second paragraph",
        "  • nested a",
        "  • nested b",
        "• three",
        "",
        "1. first",
        "2. second:",
        "   def f(x):",
        "       return x + 1  # long comment that does not fit into a",
        " narrow screen at all",
        "10. tenth",
        "",
        "Name   Value  说明",
        "─────  ─────  ────",
        "alpha      1  中文",
        "beta   22222   x",
        "",
        "│ quoted text",
        "│",
        "│ • item",
        "",
        "def hello(name: str) -> None:",
        "    '''doc",
        "    string'''",
        "```",
        '    print(f"hi {name}")',
        "",
        "",
        "─" * 60,
        "",
        "Done 👍 & <b>html</b> img (http://x/y.png)",
        "https://bare.url/x_y.",
    ]


def test_without_colour_the_marks_of_markdown_tell_what_is_what() -> None:
    text = "# T\n\n- **a**\n  - b\n\n1) c\n\n> q\n\n```py\nx = 1\n```\n\n| h |\n|---|\n| v |\n\n---\n"
    assert shown(text, 40, PLAIN) == [
        *("# T", "", "- **a**", "  - b", "", "1) c", "", "> q", "", "```py", "x = 1", "```", "", "h", "-", "v", ""),
        "-" * 40,
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Foo\nbar\n---\nbaz\n", ["Foo", "bar", "", "─" * 20, "", "baz"]),
        ("# a | b\n|---|---|\n", ["a | b", "", "|---|---|"]),
        ("- a | b\n|---|---|\n", ["• a | b", "  |---|---|"]),
        ("3. a\n1. b\n", ["3. a", "1. b"]),
        ("- \n- x\n", ["•", "• x"]),
        ("- a\n\n- b\n", ["• a", "", "• b"]),
        ("```\na\n", ["a"]),
        ("````\n```\nx\n```\n````\nend\n", ["```", "x", "```", "", "end"]),
        ("```\n\ta\n  b  \n```\n", ["    a", "  b"]),
        ("> ```\n> code\n> ```\n", ["│ code"]),
        ("    indented\n\n    code\n", ["indented", "", "code"]),
        ("```x`` not a fence\n", ["```x`` not a fence"]),
        ("a\n\n\n\n\nb\n", ["a", "", "b"]),
        ("[x]: http://hidden\n", ["[x]: http://hidden"]),
        ("<div>\n**b**\n</div>\n", ["<div>", "b", "</div>"]),
        ("42", ["42"]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_blocks_as_shown(text: str, rows: list[str]) -> None:
    assert shown(text, 20) == rows


def test_deep_nesting_leaves_room_for_the_text() -> None:
    text = "".join(f"{'  ' * depth}- level {depth}\n" for depth in range(12))
    rows = shown(text, 20)
    assert " ".join(row.strip(" •") for row in rows) == " ".join(f"level {depth}" for depth in range(12))
    assert all(len(row) <= 20 for row in rows)


def test_a_table_too_wide_for_the_screen_wraps_its_cells() -> None:
    text = "| Key | Explanation |\n|---|---|\n| a | many words that have to go to several rows |\n"
    assert shown(text, 24) == [
        "Key  Explanation",
        "───  ───────────────────",
        "a    many words that",
        "     have to go to",
        "     several rows",
    ]


def test_a_table_with_too_many_columns_becomes_records() -> None:
    text = "|a|b|c|d|e|\n|-|-|-|-|-|\n|one|two|three|four|fives|\n|1|2|3|4|5|\n"
    assert shown(text, 20) == [
        *("a: one", "b: two", "c: three", "d: four", "e: fives", "─" * 20, "a: 1", "b: 2", "c: 3", "d: 4", "e: 5")
    ]


def test_cells_beyond_the_header_are_not_dropped() -> None:
    assert shown("| a | b |\n|---|---|\n| x || y | z |\n", 40)[-1] == "x  | y | z"


def test_a_paragraph_settles_before_its_end() -> None:
    document = Document(COLOR)
    document.feed("plain words " * 40)
    assert document.take(40) == []
    settled = document.settle(40, 5)
    assert [plain(row.body) for row in settled] == ["plain words plain words plain words"] * 5
    assert len(document.open_rows(40)) == 14 - 5


def test_a_paragraph_with_an_open_mark_does_not_settle() -> None:
    document = Document(COLOR)
    document.feed("**bold " + "plain words " * 40)
    assert document.settle(40) == []
    assert document.open_rows(40)[0].body[0] == ("bold plain words plain words plain words", "1")


def test_a_title_underlined_late_is_a_heading_all_the_same() -> None:
    document = Document(COLOR)
    document.feed("A title\n")
    assert document.take(40) + document.settle(40) == []
    document.feed("---\n")
    assert [row.body for row in document.take(40)] == [(("A title", "1;35"),)]


def test_a_line_too_long_for_a_title_stays_a_paragraph() -> None:
    assert shown("x " * 101 + "\n---\n", 20)[-3:] == ["x", "", "─" * 20]
    assert shown("x " * 99 + "\n---\n", 20)[-1] != "─" * 20


def test_what_has_left_may_reach_into_the_block_after() -> None:
    text = "para\n- item " + "x " * 130 + "\n- next\n"
    whole, pieces = Document(COLOR), Document(COLOR)
    whole.feed(text)
    pieces.feed(text[:260])
    rows = pieces.take(20) + pieces.settle(20)
    assert len(rows) > 10
    pieces.feed(text[260:])
    assert written(rows + pieces.take(20, final=True)) == written(whole.take(20, final=True))


def test_a_fence_that_turns_out_to_be_text_is_not_settled_as_one() -> None:
    text = "para ``` goes\non and\non\n``` long " + "x " * 130 + "``` ends\n\n"
    whole, pieces = Document(COLOR), Document(COLOR)
    whole.feed(text)
    pieces.feed(text[:250])
    rows = pieces.take(20) + pieces.settle(20)
    pieces.feed(text[250:])
    assert written(rows + pieces.take(20, final=True)) == written(whole.take(20, final=True))


def test_after_a_change_of_width_nothing_is_told_twice() -> None:
    text = " ".join(f"word{number}" for number in range(200))
    document = Document(COLOR)
    document.feed(text)
    rows = document.settle(40, 7)
    document.rewrap()
    rows += document.settle(33, 4)
    document.rewrap()
    rows += document.take(70, final=True)

    assert " ".join(plain(row.body) for row in rows).split() == text.split()
