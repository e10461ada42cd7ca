"""How keys look that wait for the next prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.utils import get_cwidth

from chatops.cli.repl.echo import Echo
from chatops.cli.repl.folds import Folds

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPress

BACK, WORD, LINE = "\x7f", "\x17", "\x15"


def echo(*texts: str, width: int = 80) -> str:
    made = Echo(Folds().pasted)
    keys: list[KeyPress] = []
    parser = Vt100Parser(keys.append)
    for text in texts:
        parser.feed(text)
    parser.flush()
    made.take(keys)
    return made.shown(width)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", ""),
        ("half a", "> half a"),
        ("half ", "> half "),
        ("next\rhalf a", "> next⏎ half a"),
        ("one\ntwo", "> one⏎ two"),
        ("漢字 é", "> 漢字 é"),
        ("helo" + BACK + "lo", "> hello"),
        ("one two  " + WORD + "2", "> one 2"),
        ("one two" + LINE + "2", "> 2"),
        ("sent\rone" + LINE + "2", "> sent⏎ 2"),
        ("sent\r" + BACK + BACK, "> sent⏎ "),
        (BACK + WORD + LINE, ""),
        ("helo\x1b[Dl", "> helo←l"),
        ("helo\x1b[D" + BACK, "> helo←^H"),
        ("\x1b[A\x12wo\t", "> ↑^Rwo⇥"),
        ("\x1b[3~\x1bOP", "> <delete><f1>"),
        ("\x1b\x1b", "> ^[^["),
        ("a\u202eb\u200bc", "> abc"),
        ("\x1b[200~one\rtwo\x1b[201~", "> one two"),
        ("\x1b[200~see @/etc/passwd\x1b[201~", "> [pasted 16 characters]"),
        ("\x1b[200~" + "x\r" * 30 + "\x1b[201~!", "> [pasted 30 lines]!"),
    ],
)
def test_plain_typing_shows_its_result_and_other_keys_show_themselves(typed: str, shown: str) -> None:
    assert echo(typed) == shown


def test_a_long_text_shows_its_end() -> None:
    assert echo("word " * 1000 + "end", width=20) == "> …ord word word end"
    assert echo("漢" * 30, width=10) == "> …漢漢漢"


@given(st.lists(st.sampled_from(["a", "é", "漢", " ", "b c", BACK, LINE]), max_size=20), st.integers(4, 30))
def test_what_is_typed_looks_as_in_a_prompt_and_never_wider_than_there_is_room(keys: list[str], width: int) -> None:
    buffer = Buffer()
    for key in keys:
        if key == BACK:
            buffer.delete_before_cursor()
        elif key == LINE:
            buffer.delete_before_cursor(len(buffer.text))
        else:
            buffer.insert_text(key)

    assert echo(*keys, width=1000).removeprefix("> ") == buffer.text
    assert get_cwidth(echo(*keys, width=width)) <= width
