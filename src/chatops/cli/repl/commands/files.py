"""Files that go with the next prompt."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from chatops.cli.repl import mentions
from chatops.cli.repl.commands.arguments import required
from chatops.cli.repl.registry import Choice, Command
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session


async def file(session: Session, argument: str) -> None:
    _attach(session, argument, "/file PATH...", text_too=True)


async def attach(session: Session, argument: str) -> None:
    _attach(session, argument, "/attach PATH...", text_too=False)


def _attach(session: Session, argument: str, usage: str, *, text_too: bool) -> None:
    if argument == "-":
        session.pending.clear()
        session.note("nothing goes with the next prompt")
        return
    for name in words(required(argument, usage)):
        session.note(mentions.attach(session.pending, name, text_too=text_too))


def words(argument: str) -> list[str]:
    """As a shell takes them apart. Raises `InvalidRequestError` for a quote that is left open."""
    try:
        return shlex.split(argument)
    except ValueError as error:
        raise InvalidRequestError(f"{argument!r}: {error}".rstrip()) from None


def path_of(argument: str) -> str:
    """One path, which may stand in quotes, or hold spaces without them."""
    quoted = words(argument) if argument[:1] in {'"', "'"} else []
    return quoted[0] if len(quoted) == 1 else argument


async def complete_paths(session: Session, argument: str) -> list[Choice]:
    """Completes the last word of an argument as a path."""
    del session
    head, space, last = argument.rpartition(" ")
    return [Choice(f"{head}{space}{_quoted(path)}") for path in mentions.paths(last)]


def _quoted(path: str) -> str:
    return shlex.quote(path) if any(char in path for char in " '\"\\") else path


COMMANDS = (
    Command(
        name="file",
        run=file,
        argument="PATH...|-",
        complete=complete_paths,
        help="Send files with the next prompt; - for none.",
    ),
    Command(
        name="attach",
        run=attach,
        argument="PATH...|-",
        aliases=("image",),
        complete=complete_paths,
        help="Send images or PDFs with the next prompt.",
    ),
)
