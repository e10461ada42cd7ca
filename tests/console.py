"""The real program on a terminal of its own: a pseudo-terminal, with an emulator (pyte) behind it that answers it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from emulator import Emulator
from program import Program

_PATIENCE = 20.0
_POLL = 0.02

ENTER, CTRL_C, CTRL_D, CTRL_J, ESC, TAB, UP = "\r", "\x03", "\x04", "\n", "\x1b", "\t", "\x1b[A"


def pasted(text: str, *, end: bool = True) -> str:
    """As terminals send what is pasted, when they were asked to mark it."""
    return f"\x1b[200~{text}" + ("\x1b[201~" if end else "")


class Console:
    """A program that runs on a terminal. A context manager: on leaving it, the program is ended.

    Attributes:
        raw: All that it wrote.
    """

    def __init__(self, program: Program, *args: str, columns: int = 80, rows: int = 24) -> None:
        self.raw = b""
        self._emulator = Emulator(columns=columns, rows=rows, reply=self._reply)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ours, theirs = pty.openpty()
        self._set_size(columns, rows)
        self._process = subprocess.Popen(
            program.command(*args),
            env=program.env,
            cwd=program.cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - this process has one thread
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def _reply(self, data: str) -> None:
        """What the emulator answers to the program's questions (where the cursor is)."""
        os.write(self._ours, data.encode())

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, *texts: str) -> None:
        """Types; the program is read meanwhile, so that neither waits for the other."""
        rest = "".join(texts).encode()
        while rest:
            _, writable, _ = select.select([], [self._ours], [], 0)
            if writable:
                rest = rest[os.write(self._ours, rest[:1024]) :]
            self._read()

    def resize(self, columns: int, rows: int) -> None:
        """As when the person pulls at the window's corner."""
        self._read()
        self._emulator.resize(columns, rows)
        self._set_size(columns, rows)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        os.kill(self._process.pid, number)

    def wait(self, seen: Callable[[Self], bool], what: str = "") -> None:
        """Reads until `seen` holds."""
        end = time.monotonic() + _PATIENCE
        while not seen(self):
            ended = self._process.poll() is not None
            select.select([self._ours], [], [], _POLL)
            more = self._read()
            if time.monotonic() > end or (ended and not more and not seen(self)):
                raise AssertionError(f"never came: {what or seen}\n" + "\n".join(self.lines()))

    def see(self, text: str) -> None:
        """Reads until the text is there, on the screen or scrolled away."""
        self.wait(lambda console: text in console.text(), repr(text))

    def prompt(self, text: str = ">") -> None:
        """Reads until a prompt waits, empty or with `text` after it, and the toolbar is below."""
        self.wait(lambda console: console._at_prompt(text), f"a prompt {text!r}")

    def _at_prompt(self, text: str) -> bool:
        rows = self._emulator.visible()
        _, y = self._emulator.cursor
        return rows[y].rstrip() == text and any("tokens" in row or "%" in row for row in rows[y + 1 :])

    def ends(self) -> int:
        """Reads to the end and returns the exit code."""
        self.wait(lambda console: console._process.poll() is not None, "the end")
        while self._read():
            pass
        return self._process.wait()

    def lines(self) -> list[str]:
        return self._emulator.everything()

    def visible(self) -> list[str]:
        return self._emulator.visible()

    def text(self) -> str:
        return "\n".join(self.lines())

    def count(self, pattern: str) -> int:
        return len(re.findall(pattern, self.text()))

    def _read(self) -> bool:
        """Takes what is there; whether there was something."""
        if not select.select([self._ours], [], [], 0)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # how Linux says that the program has closed its end
            return False
        self.raw += data
        self._emulator.write(self._decoder.decode(data))
        return bool(data)
