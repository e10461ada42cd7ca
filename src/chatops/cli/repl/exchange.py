"""Earlier questions and answers on the screen."""

from __future__ import annotations

from chatops.cli.repl.session import Session
from chatops.cli.repl.turn import show_message
from chatops.cli.terminal import sanitize
from chatops.engine.messages import Message

_QUESTION_LINES = 10


async def show_exchanges(session: Session, count: int) -> None:
    """The last questions of the active branch, each with its answer."""
    messages = await session.recent(2 * count)
    for message in messages:
        if message.role == "user":
            _show_question(session, message)
        else:
            await show_message(session, message)
            if message.status != "complete":
                session.note(f"[{message.status}: {message.error.message if message.error else 'cut off'}]")


def _show_question(session: Session, message: Message) -> None:
    lines = [*(f"[{file.name}]" for file in message.files), *message.text.splitlines()]
    left = len(lines) - _QUESTION_LINES
    shown = [*lines[:_QUESTION_LINES], f"… {left} more lines"] if left > 1 else lines
    text = sanitize("\n".join(f"{'…' if number else '>'} {line}" for number, line in enumerate(shown)))
    session.terminal.write(f"\x1b[2m{text}\x1b[0m\n" if session.terminal.color else f"{text}\n")
