"""Commands of ours that files in deploy/ run: are they such that the program takes them?"""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from chatops.cli.main import app


def options_of(words: list[str]) -> dict[str, Any]:
    """The options of `chatops ...`, as it would understand them; fails as it would."""
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    with command.make_context("chatops", list(words)) as context:
        options: dict[str, Any] = context.params
    return options
