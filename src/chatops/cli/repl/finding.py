"""Finds the conversation that a person means."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from chatops.engine.errors import NotFoundError
from chatops.engine.history import MAX_PAGE, MIN_PREFIX
from chatops.engine.messages import Conversation, Principal

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.service import Engine


async def meant(session: Session, said: str) -> Conversation:
    """A conversation by its number in the last listing, its id, its title, or words of its title.

    Raises:
        NotFoundError: There is none.
        InvalidRequestError: The beginning of an id fits several.
    """
    engine, me = session.engine, session.me
    if said.isdigit() and 0 < int(said) <= len(session.listed):
        return await engine.history.conversation(me, session.listed[int(said) - 1])
    found = await by_title(engine, me, said) or await by_id(engine, me, said)
    found = found or await by_title(engine, me, said, partly=True)
    if found is None:
        raise NotFoundError(f"no conversation {said!r}: /resume lists the newest, /search looks into all")
    return found


async def by_id(engine: Engine, me: Principal, said: str) -> Conversation | None:
    """By the beginning of its id, None when it is none. Raises `InvalidRequestError` when it fits several."""
    if len(said) < MIN_PREFIX or not set(said.lower()) <= set("0123456789abcdef-"):
        return None
    try:
        return await engine.history.conversation(me, said)
    except NotFoundError:
        return None


async def by_title(engine: Engine, me: Principal, said: str, *, partly: bool = False) -> Conversation | None:
    """The newest one of this title (or that holds it), letters' case aside."""
    wanted = said.casefold()
    async with aclosing(everything(engine, me)) as conversations:
        async for one in conversations:
            title = one.title.casefold()
            if title == wanted or (partly and wanted in title):
                return one
    return None


async def everything(engine: Engine, me: Principal) -> AsyncGenerator[Conversation, None]:
    """All conversations of a person, newest first."""
    last: Conversation | None = None
    while page := await engine.history.conversations(me, limit=MAX_PAGE, before=last):
        for last in page:
            yield last
