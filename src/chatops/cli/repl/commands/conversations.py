"""Beginning, finding and naming conversations."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatops.cli.repl.commands.arguments import count, required
from chatops.cli.repl.exchange import show_exchanges
from chatops.cli.repl.finding import meant
from chatops.cli.repl.registry import Choice, Command
from chatops.engine.errors import ChatopsError
from chatops.engine.search import excerpt

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.messages import Conversation

_LISTED = 20
_OFFERED = 50
_EXCERPT = 160


async def new(session: Session, argument: str) -> None:
    await session.enter(None)
    session.title = argument or None
    session.note("the next prompt begins a new conversation")


async def resume(session: Session, argument: str) -> None:
    if not argument:
        await _list(session)
        return
    conversation = await meant(session, argument)
    if conversation.model is not None:
        with suppress(ChatopsError):  # its provider is not set up any more: the session's model answers
            session.asking.model = session.engine.catalog.resolve(conversation.model).id
    await session.enter(conversation)
    session.note(f"{conversation.title} · {session.asking.model}")
    await show_exchanges(session, 1)


async def _list(session: Session) -> None:
    found = await session.engine.history.conversations(session.me, limit=_LISTED)
    session.listed = [one.id for one in found]
    for number, one in enumerate(found, 1):
        mark = "*" if session.conversation is not None and one.id == session.conversation.id else " "
        session.row(f"{mark}{number:3}  {when(one.updated_at)}  {one.title}")
    session.note("/resume NUMBER goes on with one" if found else "no conversations yet")


async def _offer(session: Session, argument: str) -> list[Choice]:
    """Titles for the person, ids for the engine: titles repeat."""
    found = await session.engine.history.conversations(session.me, limit=_OFFERED)
    wanted = argument.casefold()
    fitting: list[Conversation] = [one for one in found if one.id.startswith(wanted) or wanted in one.title.casefold()]
    return [Choice(one.id, when(one.updated_at), one.title) for one in fitting]


async def history(session: Session, argument: str) -> None:
    await session.current()
    await show_exchanges(session, count(argument, "number of exchanges", 3))


async def search(session: Session, argument: str) -> None:
    wanted = required(argument, "/search WORDS")
    hits = await session.engine.history.search(session.me, wanted, limit=_LISTED)
    session.listed = [hit.conversation.id for hit in hits]
    for number, hit in enumerate(hits, 1):
        session.row(f"{number:4}  {when(hit.message.created_at)}  {hit.conversation.title}")
        session.row(f"      {hit.message.role}: {excerpt(hit.message.text, wanted, _EXCERPT)}")
    session.note("/resume NUMBER goes on with one" if hits else "nothing found")


async def rename(session: Session, argument: str) -> None:
    title = required(argument, "/rename TITLE")
    conversation = await session.current()
    session.conversation = await session.engine.history.rename(session.me, conversation.id, title)
    session.note(f"renamed to {session.conversation.title}")


def when(ms: int) -> str:
    """Unix milliseconds as local time."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


COMMANDS = (
    Command(name="new", run=new, argument="[TITLE]", aliases=("clear",), help="Begin a new conversation."),
    Command(
        name="resume",
        run=resume,
        argument="[NUMBER|ID|TITLE]",
        aliases=("load",),
        complete=_offer,
        help="Go on with an earlier one, or list the newest.",
    ),
    Command(name="history", run=history, argument="[N]", needs="conversation", help="Show the last N exchanges (3)."),
    Command(name="search", run=search, argument="WORDS", help="Find messages in all conversations."),
    Command(name="rename", run=rename, argument="TITLE", needs="conversation", help="Give the conversation a title."),
)
