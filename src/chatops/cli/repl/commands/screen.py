"""Help, leaving, and how things are typed and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from chatops.cli.repl.registry import Choice, Command, Compose, Leave
from chatops.cli.repl.session import Render
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.registry import Action
    from chatops.cli.repl.session import Session

_KEYS = """\
Enter sends; Ctrl-J, Esc Enter or \\ Enter begins a line; Tab completes
Ctrl-R and Up search what was typed before; Ctrl-X Ctrl-E opens $EDITOR
Esc Esc rewords the last question; Ctrl-C stops an answer or clears the line
Ctrl-D leaves; @path sends a file; // sends a text that begins with /"""


async def help_(session: Session, argument: str) -> None:
    from chatops.cli.repl.commands import REGISTRY

    if argument:
        command = REGISTRY.find(argument.removeprefix("/"))
        names = ", ".join(f"/{alias}" for alias in command.aliases)
        session.show(f"{command.usage}\n  {command.help}" + (f" Also: {names}." if names else ""))
        obstacle = command.obstacle(session)
        if obstacle:
            session.show(f"  Not now: {obstacle}")
        return
    for title, commands in REGISTRY.groups:
        session.show(f"{title}\n" + "\n".join(f"  {one.usage:27} {one.help}" for one in commands))
    session.show(f"Keys\n  {_KEYS.replace(chr(10), chr(10) + '  ')}")


async def _offer_commands(session: Session, argument: str) -> list[Choice]:
    from chatops.cli.repl.commands import REGISTRY

    return [Choice(one.name, one.help) for one in REGISTRY.named(argument, session)]


async def leave(session: Session, argument: str) -> Action:
    del session, argument
    return Leave()


async def multiline(session: Session, argument: str) -> None:
    del argument
    session.look.multiline = not session.look.multiline
    session.note("Enter begins a line, Esc Enter sends" if session.look.multiline else "Enter sends")


async def vi(session: Session, argument: str) -> None:
    del argument
    session.look.vi = not session.look.vi
    session.note("the keys are those of vi" if session.look.vi else "the keys are those of emacs")


async def render(session: Session, argument: str) -> None:
    choices: dict[str, Render] = {choice: choice for choice in get_args(Render)}
    if argument and argument not in choices:
        raise InvalidRequestError(f"/render takes {', '.join(choices)}")
    if argument:
        session.look.render = choices[argument]
    session.note(f"Markdown is rendered: {session.look.render}")


async def _offer_renders(session: Session, argument: str) -> list[Choice]:
    del session
    return [Choice(choice) for choice in get_args(Render) if choice.startswith(argument)]


async def editor(session: Session, argument: str) -> Action:
    del session
    return Compose(text=argument)


COMMANDS = (
    Command(
        name="help",
        run=help_,
        argument="[COMMAND]",
        aliases=("?",),
        complete=_offer_commands,
        help="Show this, or more about a command.",
    ),
    Command(
        name="editor", run=editor, argument="[TEXT]", needs="keyboard", help="Write the prompt in $VISUAL or $EDITOR."
    ),
    Command(name="multiline", run=multiline, needs="keyboard", help="Enter begins a line, or sends (changes over)."),
    Command(name="vi", run=vi, needs="keyboard", help="Keys of vi, or of emacs (changes over)."),
    Command(
        name="render",
        run=render,
        argument="[auto|always|never]",
        complete=_offer_renders,
        help="Show or choose when Markdown is rendered.",
    ),
    Command(name="exit", run=leave, aliases=("quit", "q"), help="Leave."),
)
