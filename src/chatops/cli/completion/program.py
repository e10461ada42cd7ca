"""`chatops complete-words SHELL`: what the shells' scripts call at each press of the key. Quick, so without Typer."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from chatops.cli.completion.tables import table
from chatops.cli.completion.values import values
from chatops.cli.completion.words import wanted
from chatops.cli.sanitize import sanitize
from chatops.engine.errors import ChatopsError
from chatops.settings import load

_FILES = ":files\n"
_SAID_MOST = 60
_SPECIAL = re.compile(r"[^\w@%+=:,./~-]")
"""What a shell would not take as it stands."""


def run(argv: Sequence[str]) -> int:
    """Prints what fits; nothing when something is wrong, since an error message would land in the command line."""
    shell = argv[0] if argv else ""
    try:
        words, quoted = _bash_words() if shell == "bash" else (list(argv[2:]), False)
        settings = load(os.environ, Path())
        asked = wanted(table(settings.paths.cache), words)
        if asked.kind == "file":
            sys.stdout.write(_FILES)
            return 0
        found = {word: said for word, said in asked.words.items() if word.startswith(asked.start)}
        found |= values(asked.kind, settings, asked.start)
    except ChatopsError:
        return 1
    cut = _bash_cut(words[-1]) if shell == "bash" else 0
    for word, said in found.items():
        safe = sanitize(word)
        if safe == word and not set(word) & {"\n", "\t"}:
            shown = f"{asked.prefix}{word}"[cut:]
            raw = quoted or shell != "bash"
            sys.stdout.write(_line(shell, shown if raw else _SPECIAL.sub(r"\\\g<0>", shown), said))
    return 0


def _line(shell: str, word: str, said: str) -> str:
    if shell == "bash":  # it puts words into the line as they are; the others quote them
        return f"{word}\n"
    return f"{word}\t{sanitize(' '.join(said.split()))[:_SAID_MOST]}\n"


def _bash_words() -> tuple[list[str], bool]:
    """The words of bash's line up to the cursor, as a shell takes them apart, and whether the last is in an open quote,
    which ends there.
    """
    import shlex

    line = os.environ.get("COMP_LINE", "")
    point = os.environ.get("COMP_POINT", "")
    line = line.encode()[: int(point)].decode("utf-8", "ignore") if point.isdigit() else line
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words[1:], ""] if not closing and line[-1:].isspace() else words[1:] or [""], bool(closing)
    return [""], False


def _bash_cut(word: str) -> int:
    """How much of a word bash leaves alone: it replaces what comes after the last of its word breaks."""
    return max(word.rfind(mark) for mark in ":=") + 1
