"""`chatops history`: what was said, found, shown and removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli import exchange, labels
from chatops.cli.exits import ExitCode, complain, guarded, with_engine
from chatops.cli.flags import Debug, Json, Limit, Yes
from chatops.cli.terminal import Terminal, open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.engine.messages import Conversation, Message, Principal, SearchHit
    from chatops.engine.service import Engine
    from chatops.settings import Settings

app = typer.Typer(no_args_is_help=True)
for _command in (
    labels.archive,
    labels.unarchive,
    labels.keep,
    labels.tag,
    labels.rename,
    labels.fork,
    exchange.export,
):
    app.command()(_command)
app.command("import")(exchange.import_)
Id = Annotated[str, typer.Argument(metavar="ID", help="Conversation; the first characters do (4 or more).")]


def _owner() -> Principal:
    from chatops.engine.messages import local_principal

    return local_principal()


@app.command("ls")
def list_conversations(
    *,
    limit: Limit = 20,
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away.")] = False,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Those that carry this tag.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List conversations, newest first."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.cli import listing
        from chatops.engine.codec import conversation_json

        found = _conversations(engine, limit, archived=archived, tag=tag)
        if json:
            with listing.JsonArray(terminal) as array:
                async for one in found:
                    array.add(conversation_json(one))
            return
        conversations = [one async for one in found]
        width = _id_width(terminal, [one.id for one in conversations])
        temporary = terminal.stdout_is_tty and any(one.expires_at is not None for one in conversations)
        listing.write_rows(
            terminal,
            [
                {
                    "id": one.id[:width],
                    "updated": _when(terminal, one.updated_at),
                    **({"until": _when(terminal, one.expires_at) if one.expires_at else ""} if temporary else {}),
                    "model": one.model or "",
                    "title": one.title,
                }
                for one in conversations
            ],
        )
        if not conversations and (archived or tag):
            complain("no such conversations")
        elif not conversations:
            complain('no conversations yet: chatops ask "..." begins one')

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


async def _conversations(engine: Engine, limit: int, *, archived: bool, tag: str | None) -> AsyncIterator[Conversation]:
    last = None
    while limit > 0:
        page = await engine.history.conversations(_owner(), limit=limit, before=last, archived=archived, tag=tag)
        for last in page:
            yield last
        limit = limit - len(page) if page else 0


@app.command()
def show(id_: Id, *, json: Json = False, debug: Debug = False) -> None:
    """Print a conversation: the branch that was last active."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        conversation = await engine.history.conversation(_owner(), id_)
        async with aclosing(engine.history.branch(_owner(), conversation)) as messages:
            if json:
                await _show_json(terminal, conversation, messages)
            else:
                await _show_text(terminal, messages)

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


async def _show_json(terminal: Terminal, conversation: Conversation, messages: AsyncIterator[Message]) -> None:
    """The documented shape, written message by message: a conversation may be larger than memory."""
    from chatops.cli import listing
    from chatops.engine.codec import conversation_json, message_json

    head = listing.json_text(terminal, conversation_json(conversation), indent=2).removesuffix("\n}")
    terminal.write(f'{head},\n  "messages": ')
    with listing.JsonArray(terminal, indent="  ", end="\n}\n") as array:
        async for message in messages:
            array.add(message_json(message))


async def _show_text(terminal: Terminal, messages: AsyncIterator[Message]) -> None:
    clean = sanitize if terminal.stdout_is_tty else str
    separator = ""
    async for message in messages:
        about = [message.role, message.model or "", _when(terminal, message.created_at)]
        if message.status != "complete":
            about.append(f"[{message.status}{f': {message.error.message}' if message.error else ''}]")
        head = " ".join(piece for piece in about if piece)
        files = "".join(f"[file {file.name}, {file.media_type}, {file.size:,} bytes]\n" for file in message.files)
        terminal.write(clean(f"{separator}## {head}\n{files}{message.text.rstrip()}\n"))
        separator = "\n"


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Every word must occur.")],
    *,
    limit: Limit = 20,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Find messages, newest first."""
    terminal = open_terminal()
    query = " ".join(words)

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.cli import listing

        hits = await engine.history.search(_owner(), query, limit=limit)
        if json:
            listing.write_json(terminal, (_hit_json(hit) for hit in hits))
            return
        width = _id_width(terminal, [hit.conversation.id for hit in hits])
        listing.write_rows(
            terminal,
            [
                {
                    "id": hit.conversation.id[:width],
                    "when": _when(terminal, hit.message.created_at),
                    "role": hit.message.role,
                    "text": _excerpt(hit.message.text, query),
                }
                for hit in hits
            ],
        )
        if not hits:
            complain("nothing found")

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


def _hit_json(hit: SearchHit) -> dict[str, Any]:
    from chatops.engine.codec import conversation_json, message_json

    return {"conversation": conversation_json(hit.conversation), "message": message_json(hit.message)}


@app.command("rm")
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Conversations; first characters do.")],
    *,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Delete conversations with all their messages."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.cli import asking

        found = [await engine.history.conversation(_owner(), id_) for id_ in ids]
        for conversation in found:
            if yes or asking.confirmed(
                terminal, f"Delete {sanitize(conversation.title)!r} ({conversation.id})? [y/N] "
            ):
                await engine.history.delete(_owner(), conversation.id)

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


@app.command()
def path(*, debug: Debug = False) -> None:
    """Print where the history is stored. The password of a server's address is hidden."""

    def body() -> ExitCode | None:
        import os

        from chatops.cli.config import current, visible
        from chatops.cli.remote.opening import server_of

        settings = current()
        server = server_of(os.environ, settings.paths.state)
        if server is not None:
            open_terminal().write(f"{server}\n")
            return None
        open_terminal().write(f"{settings.sqlite_path or visible(('database',), settings.database)}\n")
        return None

    raise typer.Exit(guarded(body, debug=debug))


def _id_width(terminal: Terminal, ids: list[str]) -> int:
    """Characters that tell these ids apart, by whole groups; ids of one millisecond differ late."""
    if not terminal.stdout_is_tty:
        return 36
    return next((width for width in (13, 18, 23) if len({id_[:width] for id_ in ids}) == len(set(ids))), 36)


def _when(terminal: Terminal, ms: int) -> str:
    """Local time to read on a terminal, ISO 8601 in UTC in a pipe."""
    if terminal.stdout_is_tty:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    from chatops.engine.codec import iso

    return iso(ms)


def _excerpt(text: str, query: str, before: int = 30, room: int = 200) -> str:
    """The text around the first word of the query that stands in it as it was typed."""
    flat = " ".join(text.split())
    found = [place for word in query.split() if (place := flat.casefold().find(word.casefold())) >= 0]
    start = max(min(found, default=0) - before, 0)
    return ("…" if start else "") + flat[start : start + room]
