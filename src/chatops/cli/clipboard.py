"""Copies text to the person's clipboard: by the desktop's program, or by asking the terminal to (OSC 52)."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from chatops.cli.terminal import Terminal
from chatops.engine.errors import InvalidRequestError

MOST_BYTES = 74_994
"""What terminals take at least in one OSC 52 sequence: xterm's limit of 100,000 in base64."""

_PROGRAMS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
)
"""The variable that must be set for a program to have a desktop to talk to, and the program."""


def copy(terminal: Terminal, text: str, env: Mapping[str, str] = os.environ) -> str:
    """Copies and says how.

    Raises:
        InvalidRequestError: There is no way to, or the text is too large for the one there is.
    """
    size = f"{len(text):,} characters"
    for variable, command in _PROGRAMS:
        program = shutil.which(command[0], path=env.get("PATH"))
        if program is None or (variable and not env.get(variable)):
            continue
        done = subprocess.run(  # noqa: S603 - a fixed command, found on the person's own path
            [program, *command[1:]],
            input=text.encode(),
            env=dict(env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=5,
            check=False,
        )
        if done.returncode == 0:
            return f"copied {size}"
    data = text.encode()
    if not terminal.stdout_is_tty:
        raise InvalidRequestError("there is no clipboard here: /save writes a file")
    if len(data) > MOST_BYTES:
        raise InvalidRequestError(f"{len(data):,} bytes are more than a terminal copies: /save writes a file")
    terminal.write(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07")
    return f"asked the terminal to copy {size}"
