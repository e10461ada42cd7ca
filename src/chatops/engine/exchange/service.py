"""Conversations in and out of the store. Part of the engine's face (`Engine.exchange`).

Formats are imported when they are used: every command imports this.
Every method raises `PermissionDeniedError` when the principal lacks its scope.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from chatops.engine.messages import Conversation, Principal
from chatops.engine.ports import Store

if TYPE_CHECKING:
    from chatops.engine.exchange.importing import Progress, Report

Format = Literal["markdown", "json", "html", "archive"]
FORMATS: tuple[Format, ...] = get_args(Format)
_PAGE = 200


class Exchange:
    """Exports and imports for any number of principals."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def export(
        self, principal: Principal, format_: Format, ids: Sequence[str] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Conversations in a format, in pieces, in bounded memory.

        Args:
            principal: Whose.
            format_: `archive` holds all of them: every branch and attachment; the others the active branch, to read.
            ids: Whole ids, in this order; None: every conversation, also those put away, newest update first.

        Raises:
            NotFoundError: No such conversation of this person.
        """
        principal.require("history:read")
        chosen = None if ids is None else [await self._store.conversation(principal.user_id, id_) for id_ in ids]

        def conversations() -> AsyncIterator[Conversation]:
            return self._every(principal) if chosen is None else _each(chosen)

        if format_ == "archive":
            from chatops.engine.exchange import archive

            async for piece in archive.write(self._store, conversations()):
                yield piece
            return
        from chatops.engine.exchange import pages, webpage

        match format_:
            case "json":
                texts = pages.json(self._store, conversations())
            case "html":
                texts = webpage.html(self._store, conversations)
            case _:
                texts = pages.markdown(self._store, conversations())
        async for text in texts:
            yield text.encode("utf-8", "replace")

    async def _every(self, principal: Principal) -> AsyncIterator[Conversation]:
        last = None
        while page := await self._store.conversations(principal.user_id, limit=_PAGE, before=last, archived=None):
            for last in page:
                yield last

    async def import_files(
        self,
        principal: Principal,
        paths: Sequence[Path],
        *,
        progress: Progress = lambda _: None,
        write: bool = True,
    ) -> Report:
        """Imports every conversation in these files, whatever their format; see `importing.import_files`."""
        principal.require("history:write")
        from chatops.engine.exchange import importing

        return await importing.import_files(self._store, principal.user_id, paths, progress=progress, write=write)


async def _each(conversations: Sequence[Conversation]) -> AsyncIterator[Conversation]:
    for conversation in conversations:
        yield conversation
