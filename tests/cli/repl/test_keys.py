"""Keys at the prompt, through prompt-toolkit's own parser."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import DummyOutput

from chatops.cli.repl.commands import REGISTRY
from chatops.cli.repl.reader import Typing
from talk import Talk

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer

ENTER, CTRL_C, CTRL_D, CTRL_J, ESC, TAB, UP = "\r", "\x03", "\x04", "\n", "\x1b", "\t", "\x1b[A"
LEFT = "\x1b[D"


class Keyboard:
    """A reader and the pipe that its keys come from."""

    def __init__(self, talk: Talk, pipe: PipeInput) -> None:
        self._pipe = pipe
        self.reader = Typing(talk.session, REGISTRY, keyboard=pipe, screen=DummyOutput())

    async def reads(self, *keys: str | Callable[[Buffer], bool], default: str = "") -> str:
        """What is sent by these keys; a function among them waits until it is true of the buffer."""
        typing = asyncio.create_task(self._press(keys))
        try:
            return (await self.reader.read(default)).text
        finally:
            await typing

    async def _press(self, keys: Sequence[str | Callable[[Buffer], bool]]) -> None:
        for key in keys:
            if isinstance(key, str):
                self._pipe.send_text(key)
                continue
            async with asyncio.timeout(20):
                while not key(self.reader._prompt.default_buffer):
                    await asyncio.sleep(0.01)


def history(buffer: Buffer) -> bool:
    """What was typed before is loaded."""
    return not buffer.text and len(buffer._working_lines) > 1


@pytest.fixture
def keyboard(talk: Talk) -> Iterator[Keyboard]:
    with create_pipe_input() as pipe:
        yield Keyboard(talk, pipe)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("hello" + ENTER, "hello"),
        ("one" + CTRL_J + "two" + ENTER, "one\ntwo"),
        ("one" + ESC + ENTER + "two" + ENTER, "one\ntwo"),
        ("one\\" + ENTER + "two" + ENTER, "one\ntwo"),
        ("\\" + LEFT + "one\\" + ENTER + ENTER, "one\n\\"),
        ("gone" + CTRL_C + "kept" + ENTER, "kept"),
        ("ab" + LEFT + CTRL_D + ENTER, "a"),
        ("  spaces  " + ENTER, "spaces"),
        (ENTER, ""),
    ],
)
async def test_lines_begin_and_prompts_are_sent(keyboard: Keyboard, keys: str, text: str) -> None:
    assert await keyboard.reads(keys) == text


async def test_in_multiline_mode_enter_begins_a_line_and_escape_enter_sends(talk: Talk, keyboard: Keyboard) -> None:
    talk.session.look.multiline = True

    assert await keyboard.reads("one", ENTER, "two", ESC, ENTER) == "one\ntwo"


async def test_ctrl_d_on_an_empty_prompt_ends_and_ctrl_c_is_told(keyboard: Keyboard) -> None:
    with pytest.raises(EOFError):
        await keyboard.reads(CTRL_D)
    with pytest.raises(KeyboardInterrupt):
        await keyboard.reads(CTRL_C)


async def test_escape_twice_asks_to_edit_but_never_over_what_is_typed(keyboard: Keyboard) -> None:
    assert await keyboard.reads(ESC, ESC) == "/edit"
    assert await keyboard.reads("typed", ESC, ESC, "x", ENTER) == "typedx"


async def test_what_is_offered_can_be_changed(keyboard: Keyboard) -> None:
    assert await keyboard.reads(" more", ENTER, default="old") == "old more"


async def test_what_was_cleared_or_sent_can_be_had_back(keyboard: Keyboard) -> None:
    await keyboard.reads("first", ENTER)

    assert await keyboard.reads("second", CTRL_C, history, UP, ENTER) == "second"
    assert await keyboard.reads(history, "fi", UP, ENTER) == "first"


async def test_keys_of_vi(talk: Talk, keyboard: Keyboard) -> None:
    talk.session.look.vi = True

    assert await keyboard.reads("one two", ESC, "bx", "A", "!", ENTER) == "one wo!"


def paste(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


async def test_a_paste_never_sends(keyboard: Keyboard) -> None:
    assert await keyboard.reads(paste("one\rtwo\r\nthree\n"), "!", ENTER) == "one\ntwo\nthree\n!"


async def test_a_large_paste_is_folded_on_the_screen_and_whole_in_the_text(keyboard: Keyboard) -> None:
    text = "\n".join(f"line {n}" for n in range(214))
    keyboard._pipe.send_text(f"look: {paste(text)}{ENTER}")
    line = await keyboard.reader.read()

    assert line.shown == "look: [pasted 214 lines]"
    assert line.text == f"look: {text}"


@pytest.mark.parametrize("hidden", ["a\u202eb", "a\u200bb", "a\x1b[2Jb"])
async def test_a_paste_that_hides_something_is_not_shown(keyboard: Keyboard, hidden: str) -> None:
    keyboard._pipe.send_text(f"\x1b[200~{hidden}\x1b[201~{ENTER}")
    line = await keyboard.reader.read()

    assert line.shown.startswith("[pasted ")
    assert line.text == hidden


async def test_a_pasted_mention_reaches_for_no_file(keyboard: Keyboard, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    keyboard._pipe.send_text(f"{paste(f'see @{tmp_path}/secret')}{ENTER}")
    line = await keyboard.reader.read()

    assert "@" not in line.shown
    assert line.text == f"see @{tmp_path}/secret"


async def test_the_menu_offers_what_is_valid_now(talk: Talk, keyboard: Keyboard) -> None:
    assert await keyboard.reads("/mul", TAB, lambda buffer: buffer.text == "/multiline", ENTER) == "/multiline"
    await talk.say("one")
    assert await keyboard.reads("/retr", TAB, lambda buffer: buffer.text == "/retry ", ENTER) == "/retry"


def test_the_terminal_does_nothing_of_its_own_with_keys_unless_it_is_lent(talk: Talk) -> None:
    ours, theirs = pty.openpty()

    def is_plain() -> bool:
        """Whether it echoes, and makes a newline of Enter."""
        flags = termios.tcgetattr(theirs)
        return bool(flags[3] & termios.ECHO and flags[0] & termios.ICRNL)

    with os.fdopen(theirs, "r", closefd=False) as stdin:
        reader = Typing(talk.session, REGISTRY, keyboard=Vt100Input(stdin), screen=DummyOutput())
        seen = [is_plain()]
        with reader.held():
            seen.append(is_plain())
            with asyncio.Runner() as runner:
                runner.run(_lend(reader, lambda: seen.append(is_plain())))
            seen.append(is_plain())
        seen.append(is_plain())
    os.close(ours)
    os.close(theirs)

    assert seen == [True, False, True, False, True]


async def _lend(reader: Typing, look: Callable[[], None]) -> None:
    with reader.lent():
        look()
