"""The help of every command: a line that fits, examples that can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from chatops.cli.examples import EXAMPLES, LINES
from chatops.cli.main import app
from chatops.cli.options import ASK, CHAT

ROOT: Any = get_command(app)
_LINE = 80


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield (*path, name)
            yield from leaves(inner, (*path, name))


def found(path: tuple[str, ...]) -> Any:
    command = ROOT
    for name in path:
        command = command.commands[name]
    return command


COMMANDS = list(leaves(ROOT))


def shown(path: tuple[str, ...]) -> str:
    command = found(path)
    return str(command.get_help(command.make_context(path[-1], [], resilient_parsing=True, terminal_width=_LINE)))


def typed(text: str) -> Iterator[list[str]]:
    """The command lines of ours in a line of a shell."""
    code = re.sub(r" # .*", "", text)
    for part in re.findall(r"\bchatops (?!\$)((?:'[^']*'|\"[^\"]*\"|[^|()])*)", code):
        yield shlex.split(re.sub(r"[<>] *\S+", "", part))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_told_in_a_line_that_is_not_cut_and_shows_how_it_is_used(path: tuple[str, ...]) -> None:
    command, text = found(path), shown(path)
    room = _LINE - 6 - max(len(one[-1]) for one in COMMANDS if one[:-1] == path[:-1])

    assert command.get_short_help_str(room)
    assert not command.get_short_help_str(room).endswith("...")
    if not getattr(command, "commands", None):
        assert f"chatops {' '.join(path)}" in text.partition("\n\n")[2]


@pytest.mark.parametrize("text", [*EXAMPLES.values(), *(found((name,)).help for name in ("ask", "chat")), ROOT.help])
def test_every_example_can_be_typed(text: str) -> None:
    for line in text.splitlines():
        for words in typed(line) if not line.startswith(("Exit", "AI", "Ask", "Talk")) else ():
            parse(words)


def parse(words: list[str]) -> None:
    """Raises what Typer raises for a command line that is none."""
    if words[:1] == ["ask"]:
        assert ASK.parse(words[1:]) is not None, words
        return
    if words[:1] == ["chat"]:
        assert CHAT.parse(words[1:]) is not None, words
        return
    command = ROOT
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    if words or command is not ROOT:
        command.make_context("chatops", list(words))


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(typer.TyperException):
        parse(["history", "import", "--no-such", "x"])
    assert [*typed('git diff | chatops ask -c "a | b"   # why')] == [["ask", "-c", "a | b"]]


def test_no_line_or_example_is_of_a_command_that_is_gone() -> None:
    assert {*LINES, *EXAMPLES} <= {" ".join(path) for path in COMMANDS}
