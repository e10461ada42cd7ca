"""Conversations taken away from a server: the export of `engine.exchange.service.Exchange` over the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, NoReturn

from chatops.cli.remote.http import Http, segment
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Principal

if TYPE_CHECKING:
    from chatops.engine.exchange.service import Format


class RemoteExchange:
    """The methods of `Exchange` with their errors."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def export(
        self,
        principal: Principal,  # noqa: ARG002 - Exchange's form
        format_: Format,
        ids: Sequence[str] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """As `Exchange.export`, of one conversation or of all."""
        if ids is not None and len(ids) != 1:
            raise InvalidRequestError("a server exports one conversation at a time, or all of them (--all)")
        path = "/api/export" if ids is None else f"/api/conversations/{segment(ids[0])}/export"
        async with self._http.open("GET", f"{path}?format={format_}") as answer:
            async for chunk in answer.chunks:
                yield chunk

    async def import_files(self, *_: object, **__: object) -> NoReturn:
        """Refuses: the API has no imports."""
        raise InvalidRequestError(
            "imports go into this machine's own database: CHATOPS_SERVER=local, or run this where the server's is"
        )
