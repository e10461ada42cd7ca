"""The terminal as a value that is handed around: streams, size, colour. Nothing else touches the standard streams."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from chatops.cli.sanitize import Sanitizer, sanitize

__all__ = ["Sanitizer", "Terminal", "open_terminal", "sanitize", "silent_keys", "worded"]

_DEFAULT_SIZE = (80, 24)
_NAMES = {1: "standard output", 2: "standard error"}
_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_REFLOWING = (
    "ALACRITTY_WINDOW_ID",
    "GHOSTTY_RESOURCES_DIR",
    "ITERM_SESSION_ID",
    "KITTY_WINDOW_ID",
    "KONSOLE_VERSION",
    "TMUX",
    "VTE_VERSION",
    "WEZTERM_PANE",
    "WT_SESSION",
)
"""Set by terminals that wrap their lines anew when they get narrower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Three file descriptors and what may be done with them.

    Attributes:
        color: Styles (SGR sequences) may be written to standard output.
        note_color: Likewise to standard error.
        live: The cursor may be moved on standard output: it is a terminal, takes colour and is not dumb. Without
            colour there is none of it either, so that `NO_COLOR` and screen readers get text alone.
        reflows: Lines that were written get wrapped anew when the terminal gets narrower.
        is_dumb: The terminal can do nothing but print lines.
        fallback: Columns and rows when the system does not know them.
    """

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
    color: bool = False
    note_color: bool = False
    live: bool = False
    reflows: bool = False
    is_dumb: bool = False
    fallback: tuple[int, int] = _DEFAULT_SIZE

    @property
    def stdin_is_tty(self) -> bool:
        return _is_tty(self.stdin)

    @property
    def stdout_is_tty(self) -> bool:
        return _is_tty(self.stdout)

    @property
    def stderr_is_tty(self) -> bool:
        return _is_tty(self.stderr)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows now: asked anew each time, since a terminal may be resized."""
        try:
            columns, rows = os.get_terminal_size(self.stdout)
        except OSError:
            return self.fallback
        return columns or self.fallback[0], rows or self.fallback[1]

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def height(self) -> int:
        return self.size[1]

    def write(self, text: str) -> None:
        """Writes `text` to standard output at once and as it is (UTF-8). The caller sanitises.

        Raises:
            BrokenPipeError: The reader is gone.
            OSError: The stream is closed, or the disk is full.
        """
        _write(self.stdout, text.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> None:
        """Writes what is no text; raises what `write` raises."""
        _write(self.stdout, data)

    def note(self, text: str) -> None:
        """Writes `text` to standard error, no newline added: dim where colour is, sanitised where a person looks.

        Raises:
            OSError: As for `write`.
        """
        clean = sanitize(text) if self.note_color or self.stderr_is_tty else text
        if clean:
            _write(self.stderr, (f"{_DIM}{clean}{_RESET}" if self.note_color else clean).encode("utf-8", "replace"))


def open_terminal(env: Mapping[str, str] = os.environ, *, color: bool | None = None) -> Terminal:
    """The process's own terminal.

    Args:
        env: Where `NO_COLOR`, `FORCE_COLOR`, `TERM`, `COLUMNS`, `LINES` are read.
        color: What `--color` says; None leaves it to the environment, asked in that order, and to what the streams are.
    """
    dumb = env.get("TERM", "").lower() in {"dumb", "unknown"}

    def colored(fd: int) -> bool:
        if color is not None:
            return color
        if env.get("NO_COLOR"):
            return False
        if env.get("FORCE_COLOR", "0") not in {"", "0"}:
            return True
        return not dumb and _is_tty(fd)

    return Terminal(
        color=colored(1),
        note_color=colored(2),
        live=colored(1) and not dumb and _is_tty(1),
        reflows=any(env.get(name) for name in _REFLOWING),
        is_dumb=dumb,
        fallback=(_number(env, "COLUMNS", _DEFAULT_SIZE[0]), _number(env, "LINES", _DEFAULT_SIZE[1])),
    )


def worded(line: str, width: int) -> str:
    """A line broken between its words, where a terminal would break it anywhere; what follows is indented."""
    if 2 * len(line) < width:
        return line
    from chatops.cli.render.rows import breaks, cells

    if cells(line) < width:
        return line
    return "\n  ".join(line[start:end] for start, end in breaks(line, max(width - 3, 20)))


@contextmanager
def silent_keys(fd: int) -> Iterator[None]:
    """While it lasts, control keys leave no `^C` in what is drawn. Does nothing where `fd` is no terminal.

    Only that echo is off, not all of it: a program that is killed leaves its terminal as it was set.
    """
    if sys.platform == "win32" or not _is_tty(fd):
        yield
        return
    import termios

    before = termios.tcgetattr(fd)
    changed = before[:]
    changed[3] &= ~termios.ECHOCTL
    termios.tcsetattr(fd, termios.TCSANOW, changed)
    try:
        yield
    finally:
        with suppress(OSError, termios.error):  # the terminal may be gone
            termios.tcsetattr(fd, termios.TCSANOW, before)


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    return int(text) or default if text.isascii() and text.isdigit() else default


def _is_tty(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            _wait_writable(fd)
        except OSError as error:
            error.filename = _NAMES.get(fd)  # so that the message says what was full
            raise


def _wait_writable(fd: int) -> None:
    """Another program may have left the terminal non-blocking: wait until it takes more."""
    import select

    select.select([], [fd], [])
