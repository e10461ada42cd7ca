"""What can be typed: commands, options, and of what kind their values are. Taken from the Typer app, and kept.

Making the table imports Typer and every command, 0.3 s; a key press must not wait for that. So it is kept in the cache
folder, and made anew when a command's file has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

Table = dict[str, Any]
"""`{"help", "commands": {name: Table}, "options": {flag: [kind or None, help]}, "arguments": [kind], "endless"}`: the
kind of an option is None for a flag; `endless`: the last argument may be given again and again."""

_KINDS = {
    "MODEL": "model",
    "PRESET": "preset",
    "PROVIDER": "provider",
    "KEY": "setting",
    "ID": "conversation",
    "TAG": "tag",
    "PATH": "file",
    "FILE": "file",
}


def table(cache: Path) -> Table:
    """The table, from the cache folder when it is of this program as it is."""
    stamp = _stamp()
    file = cache / "completion.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_bytes())
        if kept["stamp"] == stamp:
            found: Table = kept["table"]
            return found
    made = _made()
    with suppress(OSError):  # a full disk is no reason not to complete
        from chatops.files import replacing

        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(file, mode=0o600) as new:
            new.write(json.dumps({"stamp": stamp, "table": made}).encode())
    return made


def _stamp() -> str:
    """Changes when any file of a command does."""
    from chatops import __version__

    with os.scandir(Path(__file__).parents[1]) as entries:
        newest = max(entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".py"))
    return f"{__version__} {newest}"


def _made() -> Table:
    from typer.main import get_command

    from chatops.cli.main import app

    return _of(get_command(app))


def _of(command: Any) -> Table:
    options: dict[str, list[str | None]] = {"--help": [None, "Show the help."]}
    arguments: list[str | None] = []
    endless = False
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            arguments.append(_kind(parameter.metavar or ""))
            endless = parameter.nargs == -1
        elif not getattr(parameter, "hidden", False):
            metavar = parameter.metavar or ""
            alone = parameter.is_flag or parameter.count or metavar.startswith("[=")
            kind = None if alone else _kind(metavar)
            help_ = _brief(parameter.help)
            options |= {flag: [kind, help_] for flag in (*parameter.opts, *parameter.secondary_opts)}
    commands: Mapping[str, Any] = getattr(command, "commands", {})
    return {
        "help": _brief(command.help),
        "commands": {name: _of(inner) for name, inner in commands.items() if not inner.hidden},
        "options": options,
        "arguments": arguments,
        "endless": endless,
    }


def _kind(metavar: str) -> str:
    """What a value is: `a|b|c` for a choice, the name of a list, or nothing that is known."""
    word = metavar.strip("[]").removesuffix("...").strip("[]")
    return word if "|" in word and word.islower() else _KINDS.get(word, "")


def _brief(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".")
