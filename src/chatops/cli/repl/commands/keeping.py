"""Writes answers and conversations to files; never over one that is there."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from chatops.cli.repl.commands.arguments import required
from chatops.cli.repl.commands.files import path_of
from chatops.engine.codec import conversation_json, message_json
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.messages import Conversation, Message


def save_text(name: str, text: str) -> str:
    """Writes a new file and says so.

    Raises:
        InvalidRequestError: It is there already, or cannot be written.
    """
    with _create(name) as file:
        file.write(text)
    return f"wrote {name}"


async def export(session: Session, argument: str) -> None:
    form, _, rest = required(argument, "/export [md|json] FILE").partition(" ")
    name = path_of(rest.strip() if form in {"md", "json"} and rest.strip() else argument)
    if form not in {"md", "json"}:
        form = "json" if name.endswith(".json") else "md"
    conversation = await session.current()
    with _create(name) as file:
        async with aclosing(session.engine.history.branch(session.me, conversation)) as messages:
            await (_json if form == "json" else _markdown)(file, conversation, messages)
    session.note(f"wrote {name}")


async def _markdown(file: TextIO, conversation: Conversation, messages: AsyncGenerator[Message, None]) -> None:
    file.write(f"# {' '.join(conversation.title.split())}\n")
    async for message in messages:
        who = message.model or message.role if message.role == "assistant" else "You"
        file.write(f"\n## {who}\n\n{message.text.rstrip()}\n")
        file.writelines(f"\n[{part.name}]\n" for part in message.files)


async def _json(file: TextIO, conversation: Conversation, messages: AsyncGenerator[Message, None]) -> None:
    """The shape of `history show --json`."""
    shape = {**conversation_json(conversation), "messages": [message_json(message) async for message in messages]}
    file.write(json.dumps(shape, ensure_ascii=False, indent=2) + "\n")


def _create(name: str) -> TextIO:
    try:
        return Path(name).expanduser().open("x", encoding="utf-8", newline="")
    except FileExistsError:
        raise InvalidRequestError(f"{name} is there already: give another name") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidRequestError(f"cannot write {name}: {reason}") from None
