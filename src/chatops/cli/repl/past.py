"""What was typed before: one file for all sessions, locked while it is written, readable by its owner alone.

The format is that of prompt-toolkit's `FileHistory`: a comment with the time, then the lines, each after a `+`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from prompt_toolkit.history import History

MOST_CHARS = 16 * 1024
"""A longer entry is not kept: it is in the conversation, and would make every start slower."""
MOST_BYTES = 1024 * 1024
"""A larger file is cut to the newer half when a session begins."""


class Past(History):
    """The entries of a file. What cannot be read or written is done without: typing goes on.

    Args:
        file: Made when it is not there.
        unfold: Puts pastes back into what was typed: names of theirs mean nothing to another session.
    """

    def __init__(self, file: Path, unfold: Callable[[str], str] = str) -> None:
        super().__init__()
        self._file = file
        self._unfold = unfold

    def append_string(self, string: str) -> None:
        """An entry that begins with a space is not kept, as in a shell; a repeated one is kept once."""
        if not string.startswith(" ") and self._loaded_strings[:1] != [string]:
            super().append_string(string)

    def load_history_strings(self) -> Iterable[str]:
        """Newest first."""
        try:
            with self._opened() as fd:
                data = _read(fd)
                if len(data) > MOST_BYTES:
                    data = data[data.find(b"\n\n", len(data) - MOST_BYTES // 2) + 1 :]
                    os.ftruncate(fd, 0)
                    os.write(fd, data)
        except OSError:
            return []
        return reversed(list(_entries(data.decode("utf-8", "replace"))))

    def store_string(self, string: str) -> None:
        text = self._unfold(string)
        if len(text) > MOST_CHARS:
            return
        lines = "".join(f"+{line}\n" for line in text.split("\n"))
        with suppress(OSError), self._opened() as fd:
            os.write(fd, f"\n# {datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n{lines}".encode("utf-8", "replace"))

    @contextmanager
    def _opened(self) -> Generator[int]:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)  # ends the lock, too


def _read(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    data = b""
    while len(data) < size and (chunk := os.read(fd, size - len(data))):
        data += chunk
    return data


def _entries(text: str) -> Generator[str]:
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            yield "\n".join(lines)
            lines = []
