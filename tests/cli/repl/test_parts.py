"""The small parts: folds, mentions, the toolbar, the clipboard."""

from __future__ import annotations

import os
import pty
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import message
from chatops.cli.clipboard import MOST_BYTES, copy
from chatops.cli.repl import mentions
from chatops.cli.repl.folds import Folds
from chatops.cli.repl.toolbar import cut, short, toolbar
from chatops.cli.terminal import Terminal
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Usage
from talk import Talk


@given(st.lists(st.text(max_size=30).map(lambda text: text * 60), max_size=6))
def test_whatever_is_folded_is_sent_whole(texts: list[str]) -> None:
    folds = Folds()
    shown = " | ".join(folds.hide(text) for text in texts)

    assert folds.unfold(shown) == " | ".join(texts)


def test_two_pastes_of_one_size_have_two_names() -> None:
    folds = Folds()
    names = [folds.fold(f"{letter}\n" * 20) for letter in "aab"]

    assert names == ["[pasted 20 lines]", "[pasted 20 lines]", "[pasted 20 lines #2]"]
    assert folds.fold("small\npaste") == "small\npaste"
    assert folds.fold("x" * 2000) == "[pasted 2,000 characters]"
    assert folds.unfold("[pasted 9 lines] of text") == "[pasted 9 lines] of text"


def test_mentions_are_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b c").write_text("")
    at = f"{tmp_path}/a.txt"
    text = f'@{at}, (@{at}) @"{tmp_path}/b c" me@{at} @dataclass @{tmp_path} @~nobody/x @\0'

    assert mentions.find(text) == [at, f"{tmp_path}/b c"]


async def test_the_toolbar_fits_and_is_clean(talk: Talk) -> None:
    assert toolbar(talk.session, 80) == "fake:m · 0/10k (0 %) · new conversation"
    await talk.say("hostile \x1b]0;title\x07\u202e and long " + "word " * 40)
    wide, narrow = toolbar(talk.session, 200), toolbar(talk.session, 40)

    assert wide.startswith("fake:m · 6/10k (0 %) · 1 in, 5 out · session 6 · hostile and long word ")
    assert len(narrow) <= 39
    assert narrow.endswith("…")


async def test_the_toolbar_and_usage_tell_the_cost_as_far_as_it_is_known(talk: Talk) -> None:
    priced = Usage(input_tokens=1000, output_tokens=20, cost=12_300_000)
    talk.session.spent.add(message("c", role="assistant", provider="fake", model="m", usage=priced))

    assert " · session 1.0k, $0.0123 · " in toolbar(talk.session, 200)
    assert await talk.say("/usage") == "fake:m  1 turn, 1,000 tokens in, 20 out, $0.0123\n"
    await talk.say("one")
    assert " · session 1.0k, $0.0123+ · " in toolbar(talk.session, 200)
    assert await talk.say("/usage") == "fake:m  2 turns, 1,001 tokens in, 25 out, $0.0123 and 1 without a price\n"
    talk.session.spent.cost.clear()
    talk.session.spent.unpriced["fake:m"] = 2
    assert await talk.say("/cost") == "fake:m  2 turns, 1,001 tokens in, 25 out\n"


@pytest.mark.parametrize(
    ("tokens", "text"), [(0, "0"), (999, "999"), (1234, "1.2k"), (128_000, "128k"), (1_050_000, "1.1M")]
)
def test_numbers_of_tokens_are_short(tokens: int, text: str) -> None:
    assert short(tokens) == text


def test_wide_characters_take_two_columns() -> None:
    assert cut("日本語です", 7) == "日本語…"
    assert cut("日本語", 6) == "日本語"


def test_the_terminal_is_asked_to_copy_where_no_program_does() -> None:
    ours, theirs = pty.openpty()
    try:
        assert copy(Terminal(stdout=theirs), "héllo", {}) == "asked the terminal to copy 5 characters"
        assert os.read(ours, 1000) == b"\x1b]52;c;" + b64encode("héllo".encode()) + b"\x07"
        with pytest.raises(InvalidRequestError, match="more than a terminal copies"):
            copy(Terminal(stdout=theirs), "x" * (MOST_BYTES + 1), {})
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_desktops_program_copies_where_there_is_one(tmp_path: Path) -> None:
    program = tmp_path / "xclip"
    program.write_text(f'#!/bin/sh\ncat > "{tmp_path}/clip"\n')
    program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DISPLAY": ":0"}

    assert copy(Terminal(), "text", env) == "copied 4 characters"
    assert (tmp_path / "clip").read_text() == "text"
    program.write_text("#!/bin/sh\nexit 1\n")
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        pytest.raises(InvalidRequestError, match="no clipboard"),
    ):
        copy(Terminal(stdout=nowhere.fileno()), "text", env)
