"""The slash commands: one typed registry that the parser, `/help` and completion read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.requests import TurnRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Run this turn. `text` is what the person typed for it, to give back when the turn cannot begin."""

    request: TurnRequest
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """Put `text` before the person; what is made of it takes the place of the question `editing`."""

    text: str
    editing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """Open the person's editor with `text` and send what comes out."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """End the session."""


Action = Send | Prefill | Compose | Leave | None


class Choice(NamedTuple):
    """What may be said as an argument, a few words about it, and what the menu shows for it when it says nothing."""

    text: str
    about: str = ""
    shown: str = ""


Complete = Callable[["Session", str], Awaitable[list[Choice]]]
"""Choices for an argument that begins so. They may come from anywhere: whoever shows them sanitises."""
Run = Callable[["Session", str], Awaitable[Action]]
Need = Literal["nothing", "conversation", "keyboard"]
"""When a command is valid: always, in a conversation, where a person types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command. `run` gets the session and what stood after the name, without spaces around it."""

    name: str
    run: Run
    help: str
    argument: str = ""
    aliases: tuple[str, ...] = ()
    needs: Need = "nothing"
    complete: Complete | None = None

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()

    def obstacle(self, session: Session) -> str | None:
        """Why it is not valid now; None when it is."""
        if self.needs == "conversation" and session.conversation is None:
            return "there is no conversation yet: say something first, or /resume one"
        if self.needs == "keyboard" and not session.has_keyboard:
            return "this needs a person at a terminal that is not dumb"
        return None


class Registry:
    """Commands by name, in the order they are shown in."""

    def __init__(self, *groups: tuple[str, tuple[Command, ...]]) -> None:
        self.groups = groups
        self._by_name = {name: command for command in self for name in (command.name, *command.aliases)}

    def __iter__(self) -> Iterator[Command]:
        for _, commands in self.groups:
            yield from commands

    def find(self, name: str) -> Command:
        """The command of this name or alias, without its slash.

        Raises:
            InvalidRequestError: There is none; says the nearest.
        """
        command = self._by_name.get(name.lower())
        if command is not None:
            return command
        from difflib import get_close_matches

        close = get_close_matches(name.lower(), self._by_name, n=1, cutoff=0.5)
        hint = f"did you mean /{close[0]}?" if close else "/help lists them."
        raise InvalidRequestError(f"no command /{name}: {hint} Nothing was sent; // sends a text that begins with /")

    def named(self, prefix: str, session: Session) -> list[Command]:
        """Those that begin so and are valid now, once each."""
        return [
            command
            for command in self
            if any(name.startswith(prefix.lower()) for name in (command.name, *command.aliases))
            and command.obstacle(session) is None
        ]

    async def run(self, session: Session, line: str) -> Action:
        """Runs a line that begins with a slash.

        Raises:
            InvalidRequestError: No such command, or it is not valid now.
        """
        name, rest = [*line[1:].split(None, 1), "", ""][:2]
        command = self.find(name)
        obstacle = command.obstacle(session)
        if obstacle is not None:
            raise InvalidRequestError(f"/{command.name}: {obstacle}")
        return await command.run(session, rest.strip())
