"""What a person does with the whole conversation: tags, putting it away, how long it stays, deleting it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from chatops.cli import durations
from chatops.cli.options import A_WHILE
from chatops.cli.repl.commands.conversations import when
from chatops.cli.repl.commands.files import words
from chatops.cli.repl.registry import Choice, Command
from chatops.engine.errors import InvalidRequestError
from chatops.engine.history import MAX_PAGE
from chatops.engine.tags import normalised

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session


async def tag(session: Session, argument: str) -> None:
    """`/tag`, `/tag work "two words"`, `/tag -work`."""
    conversation = await session.current()
    said = words(argument)
    if said:
        less = set(normalised(word[1:] for word in said if word.startswith("-")))
        more = set(normalised(word for word in said if not word.startswith("-")))
        tags = set(conversation.tags) - less | more
        conversation = await session.engine.history.set_tags(session.me, conversation.id, tags)
        session.conversation = conversation
    session.show(" ".join(f"#{one}" for one in conversation.tags) or "no tags")


async def _offer_tags(session: Session, argument: str) -> list[Choice]:
    """Tags of the newest conversations for the last word; of this one, after a minus."""
    head, space, last = argument.rpartition(" ")
    if last.startswith("-"):
        found = [f"-{one}" for one in (await session.current()).tags]
    else:
        newest = await session.engine.history.conversations(session.me, limit=MAX_PAGE, archived=None)
        found = sorted({tag for one in newest for tag in one.tags})
    return [Choice(f"{head}{space}{shlex.quote(one)}") for one in found if one.startswith(last)]


async def archive(session: Session, argument: str) -> None:
    """Changes over, since there is no other way to see which it is."""
    del argument
    conversation = await session.current()
    away = not conversation.archived
    session.conversation = await session.engine.history.archive(session.me, conversation.id, archived=away)
    session.note("put away: no list shows it; /archive brings it back" if away else "brought back: lists show it again")


async def temporary(session: Session, argument: str) -> None:
    """`/temporary`, `/temporary 2h`, `/temporary -`."""
    conversation = session.conversation
    if argument == "-":
        session.expires_in = None
        if conversation is not None and conversation.expires_at is not None:
            session.conversation = await session.engine.history.keep(session.me, conversation.id)
            session.note("this conversation stays")
        else:
            session.note("conversations that begin here stay")
        return
    if conversation is not None and conversation.expires_at is not None and not argument:
        session.note(f"this conversation is deleted at {when(conversation.expires_at)}; /temporary - keeps it")
        return
    session.expires_in = durations.seconds(argument or A_WHILE)
    begins = "the next prompt begins" if conversation is None else "/new begins"
    session.note(f"{begins} a conversation that is deleted after {argument or A_WHILE}; /temporary - keeps it")


async def delete(session: Session, argument: str) -> None:
    conversation = await session.current()
    if argument != "yes":
        raise InvalidRequestError(f"/delete yes deletes {conversation.title!r} with all its branches, for good")
    await session.engine.history.delete(session.me, conversation.id)
    await session.enter(None)
    session.note("deleted; the next prompt begins a new conversation")


COMMANDS = (
    Command(
        name="tag",
        run=tag,
        argument="[TAG|-TAG ...]",
        needs="conversation",
        complete=_offer_tags,
        help="Show tags, put some on, or (-) take them off.",
    ),
    Command(name="archive", run=archive, needs="conversation", help="Put it away, or bring it back."),
    Command(
        name="temporary",
        run=temporary,
        argument="[DURATION|-]",
        help="New ones are deleted by themselves; - keeps.",
    ),
    Command(name="delete", run=delete, argument="yes", needs="conversation", help="Delete the conversation."),
)
