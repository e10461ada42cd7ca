"""Emphasis, code and links as styled text; what of it is final."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.render.inline import inline, mend
from chatops.cli.render.look import COLOR, PLAIN
from chatops.cli.render.rows import plain

MARKS = ["word ", "a", " ", "*", "**", "_", "`", "``", "~~", "[", "](", "](http://x/y)", ")", "!", "<", ">", "\n", "\\"]
texts = st.lists(st.sampled_from([*MARKS, "http://a.b/c", "&lt;", "中", "。", "|", "x_y ", "2 * 3 "])).map("".join)


@given(texts, texts)
def test_what_is_settled_stays_whatever_follows(text: str, more: str) -> None:
    # So long a first line cannot become a heading or a table's header.
    text = "long " * 50 + text
    before = inline(text, COLOR)
    after = inline(text + more, COLOR)

    def styled(runs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        return [(char, style) for part, style in runs for char in part][: before.settled]

    assert styled(after.runs) == styled(before.runs)


def test_a_closing_mark_may_cease_to_close_by_the_next_letter() -> None:
    text = "long " * 50 + '**a b "c"**'
    assert inline(text, COLOR).settled == len("long " * 50)
    assert plain(inline(text + "x", COLOR).runs).endswith('**a b "c"**x')


def test_prose_settles_up_to_its_last_word() -> None:
    text = "plain **bold** `code` snake_case 2 * 3 [1] and " + "more words " * 30 + "end"
    shown = plain(inline(text, COLOR).runs)
    assert shown[inline(text, COLOR).settled :] == "end"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**b** *i* ~~s~~ `c`", "b i s c"),
        ("[text](https://x.y/z)", "text (https://x.y/z)"),
        ("[https://good.com](https://evil.com)", "https://good.com (https://evil.com)"),
        ("[https://x.y/](https://x.y/)", "https://x.y/"),
        ("[](https://x.y)", "https://x.y"),
        ("[ \u00a0](https://x.y)", "https://x.y"),
        ("<https://x.y/z>", "https://x.y/z"),
        ("[gооd](https://gооd.com)", "gооd (https://xn--gd-fmca.com)"),
        ("![alt *text*](https://x/i.png)", "alt text (https://x/i.png)"),
        ("[![badge](https://x/i.png)](https://evil.com)", "badge (https://x/i.png) (https://evil.com)"),
        ("[![a [b](https://c)](https://d)](https://e)", "a b (https://c) (https://d) (https://e)"),
        ("**[a](b) c**", "a (b) c"),
        ("[a](javascript:alert)", "[a](javascript:alert)"),
        ("[a][1] and\n[1]: https://x", "[a][1] and\n[1]: https://x"),
        ("<b>html</b> &lt;i&gt; https://bare.url/a_b_c", "<b>html</b> <i> https://bare.url/a_b_c"),
        ("one\ntwo  \nthree", "one\ntwo\nthree"),
        ("&#27;[2J &#x9b;2J &#8238;x &#10;y", "\ufffd[2J \ufffd2J x  y"),
        ("**open", "**open"),
    ],
)
def test_text_as_shown(text: str, shown: str) -> None:
    assert plain(inline(text, COLOR).runs) == shown


def test_without_colour_the_marks_of_markdown_stay() -> None:
    text = "**b** *i* _e_ ~~s~~ `c` ***x***"
    assert plain(inline(text, PLAIN).runs) == text
    assert {style for _, style in inline(text, PLAIN).runs} == {""}


def test_styles_nest() -> None:
    assert inline("**b *i* `c`**", COLOR, "35").runs == (
        ("b ", "35;1"),
        ("i", "35;1;3"),
        (" ", "35;1"),
        ("c", "35;1;36"),
    )


def test_a_huge_paragraph_is_parsed_in_pieces_and_loses_nothing() -> None:
    text = "word **bold** " * 2000 + "x" * 9000
    assert plain(inline(text, COLOR).runs) == text.replace("**", "")


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a **bo", "a **bo**"),
        ("a **bold*", "a **bold**"),
        ("a **bold**", "a **bold**"),
        ("a **b *i", "a **b *i***"),
        ("a `co", "a `co`"),
        ("a ``co`de", "a ``co`de``"),
        ("a ~~st", "a ~~st~~"),
        ("**bold ", "**bold**"),
        ("a **", "a "),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("snake_", "snake_"),
        (r"\*no", r"\*no"),
        ("`a**b` c", "`a**b` c"),
        ("plain", "plain"),
    ],
)
def test_open_marks_are_closed_for_the_moment(text: str, mended: str) -> None:
    assert mend(text) == mended
