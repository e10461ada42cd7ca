"""Writes answers and conversations to files; never over one that is there."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from chatops.cli.exporting import format_of, new_file
from chatops.cli.repl.commands.arguments import required
from chatops.cli.repl.commands.files import complete_paths, words
from chatops.cli.repl.registry import Choice
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session

_FORMATS = ("md", "json", "html", "archive")
USAGE = "[FORMAT] FILE"
_ANOTHER = "give another name"


def save_text(name: str, text: str) -> str:
    """Writes a new file and says so.

    Raises:
        InvalidRequestError: It is there already, or cannot be written.
    """
    try:
        with Path(name).expanduser().open("x", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise InvalidRequestError(f"{name} exists: {_ANOTHER}") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidRequestError(f"cannot write {name}: {reason}") from None
    return f"wrote {name}"


async def export(session: Session, argument: str) -> None:
    """As `chatops history export` does it, of this conversation."""
    *form, name = words(required(argument, f"/export {USAGE}"))
    if len(form) > 1:
        raise InvalidRequestError(f"/export {USAGE}: put a name with spaces into quotes")
    conversation = await session.current()
    pieces = session.engine.exchange.export(session.me, format_of(form[0] if form else None, name), [conversation.id])
    with new_file(name, overwrite=_ANOTHER) as file:
        async with aclosing(pieces):
            async for piece in pieces:
                file.write(piece)
    session.note(f"wrote {name}")


async def complete_export(session: Session, argument: str) -> list[Choice]:
    """Formats as the first word, files as any."""
    fitting = [Choice(f"{name} ") for name in _FORMATS if name.startswith(argument)]
    return [*fitting, *await complete_paths(session, argument)]
