"""Escape sequences from a model reach the terminal nowhere: not in prose, code, tables, links or info strings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.cli.render import Renderer
from emulator import Emulator

ATTACKS = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "hyperlink": "\x1b]8;;http://evil\x1b\\",
    "title": "\x1b]0;owned\x07",
    "cursor": "\x1b[10A\x1b[2K\x1b[H\x1b[3J",
    "alternate screen": "\x1b[?1049h",
    "colour": "\x1b[41m",
    "device control": "\x1bP+q544e\x1b\\",
    "8-bit": "\x9b2J\x9d52;c;ZXZpbA==\x9c\x90q\x9c",
    "controls": "\x08\x08\r\x0b\x0c\x07\x00\x7f",
    "bidi": "\u202e\u2066\u200f\u061c",
    "invisible": "\u200b\u2060\ufeff\u00ad\U000e0041",
    "entities": "&#27;]52;c;x&#7; &#x9b;2J &#x202e;&#x200b;&ZeroWidthSpace;",
}
PLACES = [
    "text {} text",
    "# heading {}",
    "- item {}\n- more",
    "> quote {}",
    "**bold {} text**",
    "`code {} span`",
    "```\ncode {}\n```",
    "```py{}\nx = '{}'\n```",
    "- list\n\n  ```py\n  x = '{}'\n  ```",
    "    indented {}",
    "| a {} | b |\n|---|---|\n| c | {} |",
    "[text {}](http://u/{})",
    "[text](<http://u/ {}>)",
    "![alt {}](http://u/{})",
    "<http://u/{}>",
    "{}",
]
OURS = re.compile(r"\x1b\[(?:[\d;]*m|\d+A|J)|\x1b\[\?7[lh]|\r")
SECRETS = ("ZXZpbA==", "owned", "evil", "544e")


def render(pieces: list[str], *, live: bool) -> Emulator:
    terminal = Emulator(60, 20, live=live)
    now = 0.0
    renderer = Renderer(terminal, clock=lambda: now)
    for piece in pieces:
        renderer.feed(piece)
        now += 1
        renderer.tick()
    renderer.finish()
    return terminal


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("place", PLACES)
def test_an_attack_changes_nothing(place: str, attack: str, live: bool) -> None:
    text = place.replace("{}", attack) + "\n\nThe end."
    for pieces in ([text], list(text)):
        terminal = render(pieces, live=live)
        rest = OURS.sub("", terminal.output)

        assert all(char == "\n" or char.isprintable() for char in rest), ascii(rest)
        assert terminal.everything()[-1] == "The end."
        # The payload of a sequence goes with it, unless it was spelled out in entities.
        assert not any(secret in rest for secret in SECRETS)
        assert "41" not in "".join(re.findall(r"\x1b\[([\d;]*)m", terminal.output)).split(";")


@pytest.mark.parametrize("opening", ["\x1b]52;c;", "\x1bP", "\x1b[", "\x9d"])
def test_an_unterminated_sequence_does_not_swallow_the_answer(opening: str) -> None:
    terminal = render([f"Before {opening}", "payload\nNext line\n\n", "The end."], live=True)
    assert terminal.everything()[-3:] == ["Next line", "", "The end."]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([*ATTACKS.values(), "word ", "\n", "```", "|", "[", "](", ")", "\x1b", "]", "[2", "J"]))
)
def test_pieces_of_attacks_do_not_make_one(pieces: list[str]) -> None:
    rest = OURS.sub("", render(pieces, live=True).output)
    assert all(char == "\n" or char.isprintable() for char in rest), ascii(rest)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000,
        "![" * 3000,
        "*a_ " * 1500,
        ">" * 3000,
        "- " * 3000,
        "`a" * 3000,
        "|a" * 500 + "\n" + "|-" * 500 + "\n",
        "a" * 20000,
        "中" * 5000,
        "```" + "x" * 5000 + "\n",
        "```html\n" + "<" * 5000 + "\n",
        "\n" * 5000,
        "&#27;" * 1000,
        "1. " * 2000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_monstrous_input_is_rendered_in_the_end(text: str) -> None:
    terminal = render([text[start : start + 1000] for start in range(0, len(text), 1000)] + ["\n\n\nz\n"], live=True)
    assert "z" in terminal.everything()[-1]
