"""The person's editor: $VISUAL, else $EDITOR, else vi, on a private copy of a text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chatops.cli.exits import complain
from chatops.cli.terminal import Terminal, sanitize
from chatops.engine.errors import ChatopsError, InvalidRequestError


def edited(text: str, name: str) -> str:
    """What the person makes of a text in their editor; the file is private and removed after.

    Args:
        text: What to begin with.
        name: The file's name, whose ending tells the editor what it is.

    Raises:
        InvalidRequestError: The editor cannot be started, or ended with an error.
    """
    import shlex
    import subprocess
    import tempfile

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="chatops-") as folder, _keyboard() as stdin:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        try:
            code = subprocess.run([*command, str(path)], stdin=stdin, check=False).returncode  # noqa: S603 - the person's own editor
        except OSError as error:
            raise InvalidRequestError(f"cannot start the editor {command[0]}: {error.strerror} (set EDITOR)") from None
        if code:
            raise InvalidRequestError(f"the editor ended with status {code}: nothing was changed")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InvalidRequestError("the editor left no UTF-8 text: nothing was changed") from None


def edit_until_valid(terminal: Terminal, text: str, name: str, save: Callable[[str], None]) -> None:
    """Opens a text in the editor until `save` takes it, or the person gives up.

    Args:
        terminal: Where to ask whether to go on.
        text: What to begin with.
        name: The file's name for the editor.
        save: Keeps the text, or raises `ChatopsError` that says what is wrong with it.

    Raises:
        ChatopsError: What `save` said last, when the person gave up or cannot be asked.
    """
    before = text
    while True:
        text = edited(text, name)
        if text == before:
            complain("nothing was changed")
            return
        try:
            save(text)
        except ChatopsError as error:
            if not (terminal.stdin_is_tty and terminal.stderr_is_tty):
                raise
            terminal.note(f"{sanitize(error.message)}\nEdit it again? It is not saved otherwise. [Y/n] ")
            if sys.stdin.readline().strip().casefold() in {"n", "no"}:
                raise
        else:
            return


@contextmanager
def _keyboard() -> Iterator[int | None]:
    """The terminal, when standard input is something piped in."""
    if sys.stdin is not None and sys.stdin.isatty():
        yield None
        return
    try:
        fd = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)
