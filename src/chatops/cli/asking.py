"""Questions to the person at the terminal: yes or no, and passwords, which are never shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from chatops.cli.terminal import Terminal


def confirmed(terminal: Terminal, question: str) -> bool:
    """Whether the answer is yes.

    Raises:
        InvalidRequestError: There is nobody to ask.
    """
    from chatops.engine.errors import InvalidRequestError

    if not (terminal.stdin_is_tty and terminal.stderr_is_tty):
        raise InvalidRequestError("nothing was changed: there is no terminal to ask on; --yes does it without asking")
    terminal.note(question)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def new_password(terminal: Terminal) -> str:
    """A password to have from now on: typed twice on a terminal, else the first line of standard input. Never an
    argument: those are seen by everybody on the machine, and kept in the shell's history.

    Raises:
        InvalidRequestError: None came, or the two differ.
    """
    from chatops.engine.errors import InvalidRequestError

    if not (terminal.stdin_is_tty and terminal.stderr_is_tty):
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise InvalidRequestError("no password came: write it to standard input, or run this on a terminal")
        return password
    password = _typed(terminal, "New password: ")
    if _typed(terminal, "Once more: ") != password:
        raise InvalidRequestError("the two passwords differ; nothing was changed")
    return password


def password(terminal: Terminal) -> str:
    """A password that somebody has: typed on a terminal, else the first line of standard input.

    Raises:
        InvalidRequestError: None came.
    """
    return _needed(
        _typed(terminal, "Password: ")
        if terminal.stdin_is_tty and terminal.stderr_is_tty
        else sys.stdin.readline().rstrip("\r\n"),
        "no password came: write it to standard input, or run this on a terminal",
    )


def line(terminal: Terminal, question: str) -> str:
    """A line that is asked for on a terminal.

    Raises:
        InvalidRequestError: There is nobody to ask, or nothing was typed.
    """
    if not (terminal.stdin_is_tty and terminal.stderr_is_tty):
        return _needed("", "there is no terminal to ask on: say it with --email")
    terminal.note(question)
    return _needed(sys.stdin.readline().strip(), "nothing was typed")


def _needed(text: str, otherwise: str) -> str:
    from chatops.engine.errors import InvalidRequestError

    if not text:
        raise InvalidRequestError(otherwise)
    return text


def _typed(terminal: Terminal, question: str) -> str:
    with _unseen(terminal.stdin):
        terminal.note(question)
        line = sys.stdin.readline()
    terminal.note("\n")
    return line.rstrip("\r\n")


@contextmanager
def _unseen(fd: int) -> Iterator[None]:
    """What is typed is not shown. Not the standard library's getpass: it throws away what was typed ahead."""
    if sys.platform == "win32":
        yield
        return
    import termios

    before = termios.tcgetattr(fd)
    changed = before[:]
    changed[3] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSANOW, before)
