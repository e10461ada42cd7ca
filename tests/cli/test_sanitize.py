"""Nothing a model writes may steer the terminal or hide from the eye, however it is cut into pieces."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatops.cli.sanitize import Sanitizer, escaped, sanitize

# What may never come out, wherever it stands. Joiners and emoji selectors depend on their neighbours.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe00-\ufe0d"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)

PIECES = [
    *("\x1b", "[", "]", "P", "\\", "52;c;", "31m", "8;;http://x", "\x07", "\x9b", "\x9d", "\x9c", "\x90", "0;", "(B"),
    *("a", "word ", "\n", "\r", "\t", "é", "中", "1", "#"),
    *("👩", "💻", "❤", "\ufe0f", "\ufe0e", "\u200d", "\u200c", "ن", "م", "क", "्", "\u200b", "\u202e", "\xad", "\ufeff"),
    *("\U000e0041", "\U000e0101", "\u2028", "\ud83d", "\x85", "\x18"),
]
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)


@given(hostile)
def test_no_forbidden_character_comes_out(text: str) -> None:
    assert not FORBIDDEN.search(sanitize(text))


@given(hostile, st.data())
@example("👩\u200d💻", None)
def test_pieces_come_out_as_the_whole(text: str, data: st.DataObject | None) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)))) if data else range(len(text))
    edges = [0, *sorted(cuts), len(text)]
    sanitizer = Sanitizer()
    pieces = [sanitizer.feed(text[a:b]) for a, b in pairwise(edges)]

    assert "".join(pieces) + sanitizer.finish() == sanitize(text)


@given(hostile)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Co", "Cn"])))
def test_plain_text_passes_unchanged(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b]52;c;ZXZpbA==\x07b", "ab"),
        ("a\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1b]0;title\x9cb", "ab"),
        ("a\x1bP1$r\x1b\\b\x1bXsos\x1b\\c\x1b^pm\x1b\\d\x1b_apc\x1b\\e", "abcde"),
        ("a\x9b2Jb\x9d52;c;x\x07c\x90q\x9cd", "abcd"),
        ("a\x1b[2J\x1b[Hb\x1bcc\x1b(Bd\x1b7e", "abcde"),
        ("a\x1b\x1b[31mb", "ab"),
        ("10%\r20%\r\n", "10%20%\n"),
        ("a\x00b\x08c\x0bd\x0ce\x7ff", "abcdef"),
        ("a\u202egpj.exe\u202c \u2066x\u2069\u200e\u200f\u061c", "agpj.exe x"),
        ("in\u200bvi\u2060si\ufeffb\xadle\U000e0041", "invisible"),
        ("line\u2028sep\u2029", "line\nsep\n"),
        ("half \ud83d.", "half \ufffd."),
    ],
)
def test_what_steers_or_hides_is_taken_out(text: str, clean: str) -> None:
    assert sanitize(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "family 👨‍👩‍👧, coder 👩🏽‍💻, pride 🏳️‍🌈",
        "❤️ ☀︎ 1️⃣ #️⃣ ©️",
        "می‌خواهم",
        "क्‍ष",
        "naïve café, e\u0301",
        "tab\tand\nnewline",
    ],
)
def test_joiners_and_selectors_stay_where_writing_needs_them(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\u200db a\u200cb", "ab ab"),
        ("\u200d👩\u200d \u200d", "👩 "),
        ("👩\u200da 👩\u200c👩", "👩a 👩👩"),
        ("a\ufe0fb ☀\ufe0f\ufe0f", "ab ☀\ufe0f"),
        ("中\ufe00 中\U000e0100", "中 中"),
        ("👩\u200d\u200d💻", "👩\u200d💻"),
    ],
)
def test_joiners_and_selectors_go_where_they_only_hide(text: str, clean: str) -> None:
    assert sanitize(text) == clean


@pytest.mark.parametrize("opening", ["\x1b]52;c;", "\x1bP", "\x1b_", "\x9d0;"])
def test_an_unterminated_sequence_swallows_no_more_than_its_bound(opening: str) -> None:
    long_line = "word " * 2000

    assert sanitize(f"{opening}payload\nthe next line stays") == "\nthe next line stays"
    assert len(long_line) - len(sanitize(opening + long_line)) < 4200


def test_an_unfinished_control_sequence_swallows_no_more_than_its_bound() -> None:
    assert sanitize("\x1b[" + "1;" * 500).count("1;") > 450
    assert sanitize("\x1b[31中文") == "中文"
    assert sanitize("ends in the middle \x1b[3") == "ends in the middle "


@given(st.text() | st.text(alphabet="\x1b\x9b\x07\u202e\u200b\U000e0041é[m\n"))
def test_escaped_json_is_the_same_json_without_a_character_that_could_steer(text: str) -> None:
    shown = escaped(json.dumps({text: [text]}, ensure_ascii=False))

    assert json.loads(shown) == {text: [text]}
    assert sanitize(shown) == shown
