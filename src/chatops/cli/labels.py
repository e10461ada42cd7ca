"""What a person does with whole conversations: `chatops history archive|unarchive|keep|tag|rename|fork`.

Part of `history`'s commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatops.cli.exits import complain, with_engine
from chatops.cli.flags import Debug
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.engine.messages import Principal
    from chatops.engine.service import Engine
    from chatops.settings import Settings

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Conversations; first characters do.")]


def _owner() -> Principal:
    from chatops.engine.messages import LOCAL_OWNER, Principal

    return Principal(user_id=LOCAL_OWNER, source="cli")


def archive(ids: Ids, *, debug: Debug = False) -> None:
    """Put conversations away: `ls` leaves them out, `ls --archived` lists them."""
    _put_away(ids, archived=True, debug=debug)


def unarchive(ids: Ids, *, debug: Debug = False) -> None:
    """Bring conversations back that were put away."""
    _put_away(ids, archived=False, debug=debug)


def _put_away(ids: list[str], *, archived: bool, debug: bool) -> None:
    async def body(engine: Engine, _: Settings) -> None:
        found = [await engine.history.conversation(_owner(), id_) for id_ in ids]
        for conversation in found:
            await engine.history.archive(_owner(), conversation.id, archived=archived)

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


def keep(ids: Ids, *, debug: Debug = False) -> None:
    """Make temporary conversations stay."""

    async def body(engine: Engine, _: Settings) -> None:
        found = [await engine.history.conversation(_owner(), id_) for id_ in ids]
        for conversation in found:
            await engine.history.keep(_owner(), conversation.id)

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


def tag(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Conversation; the first characters do.")],
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG", help="None: print its tags.")] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", "-d", help="Take these tags off.")] = False,
    debug: Debug = False,
) -> None:
    """Put tags on a conversation, or take them off; then print those that it has, one a line."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.engine.tags import normalised

        conversation = await engine.history.conversation(_owner(), id_)
        if tags:
            given = set(normalised(tags))
            before = set(conversation.tags)
            after = before - given if remove else before | given
            conversation = await engine.history.set_tags(_owner(), conversation.id, after)
        terminal.write("".join(f"{one}\n" for one in conversation.tags))
        if not conversation.tags:
            complain("no tags")

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


def rename(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Conversation; the first characters do.")],
    title: Annotated[list[str], typer.Argument(metavar="TITLE", help="Its new title.")],
    *,
    debug: Debug = False,
) -> None:
    """Give a conversation another title."""

    async def body(engine: Engine, _: Settings) -> None:
        conversation = await engine.history.conversation(_owner(), id_)
        await engine.history.rename(_owner(), conversation.id, " ".join(title))

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


def fork(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Conversation; the first characters do.")],
    *,
    message: Annotated[
        str | None, typer.Option("--at", metavar="MESSAGE", help="Last message to take along; none: all of the branch.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Copy a conversation's branch into a new conversation, and print its id."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        conversation = await engine.history.conversation(_owner(), id_)
        copy = await engine.history.fork(_owner(), conversation.id, message)
        terminal.write(f"{copy.id}\n")

    raise typer.Exit(with_engine(body, debug=debug, remote=True))
