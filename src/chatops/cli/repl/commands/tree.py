"""The conversation as a tree: other answers, other questions, going back and forth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.cli.repl.commands.arguments import count
from chatops.cli.repl.commands.conversations import when
from chatops.cli.repl.commands.models import offer_models
from chatops.cli.repl.exchange import show_exchanges
from chatops.cli.repl.registry import Action, Choice, Command, Prefill, Send
from chatops.cli.sanitize import sanitize
from chatops.engine.errors import InvalidRequestError
from chatops.engine.window import SUMMARISE

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.branches import Branch

_BRANCHES = 30
_EXCERPT = 200
_NUMBERS = frozenset(map(str, range(1, 1000)))
"""What of an argument of `/edit` is a number, and not the text."""


async def retry(session: Session, argument: str) -> Action:
    await session.question(1)
    model = session.engine.catalog.resolve(argument).id if argument else None
    return Send(request=session.repeated("regenerate", model=model))


async def go_on(session: Session, argument: str) -> Action:
    if argument:
        raise InvalidRequestError("/continue takes no argument: to say something, leave the slash out")
    await session.last_answer()
    return Send(request=session.repeated("continue"))


async def undo(session: Session, argument: str) -> None:
    conversation = await session.current()
    question = await session.question(count(argument, "number of exchanges"))
    session.undone.append(conversation.leaf_id or question.id)
    if question.parent_id is None:
        session.emptied = question.id
        await session.measure()
        session.note("nothing is left of this branch: the next prompt begins another one (/redo goes back)")
        return
    await session.moved(await session.engine.history.switch(session.me, conversation.id, question.parent_id))
    await show_exchanges(session, 1)


async def redo(session: Session, argument: str) -> None:
    conversation = await session.current()
    for _ in range(count(argument, "number of steps")):
        if not session.undone:
            raise InvalidRequestError("there is nothing to go forward to: /branches lists every branch")
        leaf = session.undone.pop()
        await session.moved(await session.engine.history.switch(session.me, conversation.id, leaf))
    await show_exchanges(session, 1)


async def edit(session: Session, argument: str) -> Action:
    """`/edit`, `/edit 2`, `/edit other words`, `/edit 2 other words`."""
    first, _, rest = argument.partition(" ")
    back = int(first) if first in _NUMBERS else 0
    text = rest.strip() if back else argument
    question = await session.question(back or 1)
    if text:
        return Send(request=session.request(text, editing=question.id), text=text)
    if not session.has_keyboard:
        raise InvalidRequestError("/edit needs the new text here: /edit [N] TEXT")
    return Prefill(text=sanitize(question.text), editing=question.id)


async def fork(session: Session, argument: str) -> None:
    conversation = await session.current()
    copy = await session.engine.history.fork(session.me, conversation.id)
    if argument:
        copy = await session.engine.history.rename(session.me, copy.id, argument)
    await session.enter(copy)
    session.note(f"this is a copy now; the other one stays as it was ({conversation.id[:13]})")


async def branches(session: Session, argument: str) -> None:
    del argument
    conversation = await session.current()
    found = await session.engine.history.branches(session.me, conversation, limit=_BRANCHES)
    for number, branch in enumerate(found, 1):
        active = branch.end.id == conversation.leaf_id and session.emptied is None
        session.row(f"{'*' if active else ' '}{number:3}  {when(branch.end.created_at)}  {_about(branch)}")
    session.note(
        "/switch NUMBER goes to one" if len(found) > 1 else "there is one branch: /edit and /retry make others"
    )


def _about(branch: Branch) -> str:
    end = "" if branch.end.status == "complete" else f"[{branch.end.status}] "
    return f"{branch.length} messages  {end}{branch.start.role}: {branch.start.text[:_EXCERPT]}"


async def switch(session: Session, argument: str) -> None:
    conversation = await session.current()
    found = await session.engine.history.branches(session.me, conversation, limit=_BRANCHES)
    wanted = count(argument, "branch", 0)
    if not 0 < wanted <= len(found):
        there = f"are {len(found)} branches" if len(found) > 1 else "is one branch"
        raise InvalidRequestError(f"there {there}: /switch takes the number that /branches shows")
    session.undone.clear()
    end = found[wanted - 1].end.id
    await session.moved(await session.engine.history.switch(session.me, conversation.id, end))
    await show_exchanges(session, 1)


async def _offer_branches(session: Session, argument: str) -> list[Choice]:
    found = await session.engine.history.branches(session.me, await session.current(), limit=_BRANCHES)
    return [Choice(str(n), _about(one)) for n, one in enumerate(found, 1) if str(n).startswith(argument)]


async def compact(session: Session, argument: str) -> Action:
    await session.last_answer()
    session.note("asking for a summary; what is before it will not be sent any more (/undo takes it back)")
    text = f"{SUMMARISE}\n\nAbove all: {argument}" if argument else SUMMARISE
    return Send(request=session.request(text))


COMMANDS = (
    Command(
        name="retry",
        run=retry,
        argument="[MODEL]",
        aliases=("regenerate",),
        needs="conversation",
        complete=offer_models,
        help="Answer again, with another model too.",
    ),
    Command(name="continue", run=go_on, needs="conversation", help="Go on with an answer that was cut off."),
    Command(name="undo", run=undo, argument="[N]", needs="conversation", help="Go back N exchanges (1)."),
    Command(name="redo", run=redo, argument="[N]", needs="conversation", help="Go forward again."),
    Command(
        name="edit",
        run=edit,
        argument="[N] [TEXT]",
        needs="conversation",
        help="Reword the last question (N back); Esc Esc, too.",
    ),
    Command(name="fork", run=fork, argument="[TITLE]", needs="conversation", help="Go on in a copy."),
    Command(name="branches", run=branches, needs="conversation", help="List the branches that edits and retries made."),
    Command(
        name="switch",
        run=switch,
        argument="NUMBER",
        needs="conversation",
        complete=_offer_branches,
        help="Go to another branch.",
    ),
    Command(
        name="compact",
        run=compact,
        argument="[WHAT MATTERS]",
        aliases=("summarise", "summarize"),
        needs="conversation",
        help="Put a summary in the place of what was said.",
    ),
)
