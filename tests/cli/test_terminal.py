"""The terminal as a value: what it decides from streams and environment, and that it writes all of it."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from struct import pack

import pytest

from chatops.cli.terminal import Terminal, open_terminal, silent_keys


@pytest.fixture
def pty_pair() -> Iterator[tuple[int, int]]:
    """Controlling side and terminal side, output unprocessed."""
    controller, side = pty.openpty()
    attributes = termios.tcgetattr(side)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(side, termios.TCSANOW, attributes)
    yield controller, side
    os.close(controller)
    os.close(side)


def drain(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += os.read(fd, 65536)
    return data


@pytest.mark.parametrize(
    ("env", "color", "expected"),
    [
        ({}, None, False),
        ({"FORCE_COLOR": "1"}, None, True),
        ({"FORCE_COLOR": "0"}, None, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, False),
        ({"NO_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_a_flag_beats_no_color_beats_force_color(env: dict[str, str], color: bool | None, expected: bool) -> None:
    assert open_terminal(env, color=color).color is expected


DECIDE = """
import os
from chatops.cli.terminal import open_terminal
t = open_terminal()
os.write(3, f"{t.color:d}{t.note_color:d}{t.live:d}{t.stdin_is_tty:d}{t.stdout_is_tty:d}{t.stderr_is_tty:d}".encode())
"""


@pytest.mark.parametrize(
    ("env", "flags"),
    [
        ({"TERM": "xterm-256color"}, "101010"),
        ({"TERM": "dumb"}, "000010"),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, "110010"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "000010"),
        ({}, "101010"),
    ],
)
def test_colour_and_cursor_follow_the_streams_and_the_environment(
    pty_pair: tuple[int, int], env: dict[str, str], flags: str
) -> None:
    reader, writer = os.pipe()
    subprocess.run(
        [sys.executable, "-c", f"import os; os.dup2({writer}, 3)\n{DECIDE}"],
        env={"PYTHONPATH": "src", **env},
        stdin=subprocess.DEVNULL,
        stdout=pty_pair[1],
        stderr=subprocess.PIPE,
        pass_fds=(writer,),
        check=True,
    )
    os.close(writer)
    assert os.read(reader, 100).decode() == flags
    os.close(reader)


def test_the_size_is_the_one_of_this_moment(pty_pair: tuple[int, int]) -> None:
    terminal = Terminal(stdout=pty_pair[1])
    ioctl(pty_pair[1], termios.TIOCSWINSZ, pack("HHHH", 30, 100, 0, 0))
    assert (terminal.width, terminal.height) == (100, 30)
    ioctl(pty_pair[1], termios.TIOCSWINSZ, pack("HHHH", 10, 20, 0, 0))
    assert terminal.size == (20, 10)


@pytest.mark.parametrize(
    ("env", "size"),
    [({}, (80, 24)), ({"COLUMNS": "132", "LINES": "50"}, (132, 50)), ({"COLUMNS": "0", "LINES": "x"}, (80, 24))],
)
def test_without_a_terminal_the_size_is_the_environments(
    pty_pair: tuple[int, int], env: dict[str, str], size: tuple[int, int]
) -> None:
    fallback = open_terminal(env).fallback
    reader, writer = os.pipe()
    assert Terminal(stdout=writer, fallback=fallback).size == size
    os.close(reader)
    os.close(writer)
    # A pseudo-terminal that nobody has given a size has none.
    ioctl(pty_pair[1], termios.TIOCSWINSZ, pack("HHHH", 0, 0, 0, 0))
    assert Terminal(stdout=pty_pair[1], fallback=fallback).size == size


@pytest.mark.parametrize("blocking", [True, False])
def test_a_slow_terminal_gets_every_byte(pty_pair: tuple[int, int], blocking: bool) -> None:
    controller, side = pty_pair
    os.set_blocking(side, blocking)
    text = "é中\x00\x1b[1m\r\n" * 20_000
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(drain(controller, len(text.encode()))))
    reader.start()
    Terminal(stdout=side).write(text)
    reader.join()

    assert got == [text.encode()]


def test_half_a_surrogate_pair_does_not_break_the_output(pty_pair: tuple[int, int]) -> None:
    Terminal(stdout=pty_pair[1]).write("a\ud83db")
    assert drain(pty_pair[0], 3) == b"a?b"


def test_a_reader_that_left_is_a_broken_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        Terminal(stdout=writer).write("x")
    os.close(writer)


def test_a_closed_stream_is_no_terminal_and_an_error_to_write_to() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    terminal = Terminal(stdout=writer)
    assert not terminal.stdout_is_tty
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        terminal.write("x")
    assert caught.value.errno == errno.EBADF


def test_notes_are_dim_and_clean_where_a_person_looks(pty_pair: tuple[int, int]) -> None:
    Terminal(stderr=pty_pair[1], note_color=True).note("a \x1b]52;c;x\x07note\n")
    Terminal(stderr=pty_pair[1], note_color=True).note("\x1b[2J")
    Terminal(stderr=pty_pair[1]).note("pl\x1b[2Jain")
    assert drain(pty_pair[0], 20) == b"\x1b[2ma note\n\x1b[0mplain"


def test_notes_in_a_pipe_are_as_they_are() -> None:
    reader, writer = os.pipe()
    Terminal(stderr=writer).note("a\x1b[2Jb")
    assert os.read(reader, 100) == b"a\x1b[2Jb"
    os.close(reader)
    os.close(writer)


def test_control_keys_leave_no_mark_while_an_answer_is_drawn_and_do_so_again_after() -> None:
    ours, theirs = pty.openpty()

    def echoes() -> bool:
        return bool(termios.tcgetattr(theirs)[3] & termios.ECHOCTL)

    try:
        assert echoes()
        with pytest.raises(KeyboardInterrupt), silent_keys(theirs):
            assert not echoes()
            raise KeyboardInterrupt
        assert echoes()
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_is_no_terminal_has_no_keys_to_silence(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, silent_keys(file.fileno()):
        pass
