"""A person's conversations to and from a server: `engine.exchange.service.Exchange` over the HTTP API."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatops.cli.remote.faults import UNAVAILABLE, UNREACHABLE, error_of
from chatops.cli.remote.http import Http, with_query
from chatops.cli.remote.uploads import Upload
from chatops.engine.errors import ChatopsError, InvalidRequestError
from chatops.engine.exchange.importing import Report
from chatops.engine.messages import Principal

if TYPE_CHECKING:
    from chatops.engine.exchange.importing import Progress
    from chatops.engine.exchange.service import Format

_MOST_IDS = 150
"""They stand in the address, which may have 8 KiB."""


class RemoteExchange:
    """The methods of `Exchange` with their errors. The principal is not used: the credentials say who asks."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def export(
        self,
        principal: Principal,
        format_: Format,
        ids: Sequence[str] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        query: dict[str, str] = {"format": format_}
        if ids is not None:
            if len(ids) > _MOST_IDS:
                raise InvalidRequestError(f"{len(ids)} conversations at once, {_MOST_IDS} at most: or --all")
            query["ids"] = ",".join(ids)
        async with self._http.open("GET", with_query("/api/export", query)) as answer:
            async for chunk in answer.chunks:
                yield chunk

    async def import_files(
        self,
        principal: Principal,
        paths: Sequence[Path],
        *,
        progress: Progress = lambda _: None,
        write: bool = True,
    ) -> Report:
        """One file after another; a folder must be packed before."""
        for path in paths:
            if path.is_dir():
                raise InvalidRequestError(f"{path} is a folder: make a zip of it, a server takes files")
        total = Report()
        for path in paths:
            _add(total, await self._import(path, total, progress, write=write))
        return total

    async def _import(self, path: Path, so_far: Report, progress: Progress, *, write: bool) -> Report:
        query = {"name": path.name, "dry_run": str(not write).lower()}
        async with self._http.open("POST", with_query("/api/import", query), Upload(path)) as answer:
            async for told in _lines(answer.chunks):
                if "report" in told:
                    return Report(**told["report"])
                if "error" in told:
                    raise error_of(told["error"]["code"], told["error"]["message"], server=self._http.owner)
                progress(Report(messages=so_far.messages + told["messages"]))
        raise ChatopsError(f"{self._http.url} ended before the import did; doing it again goes on", code=UNREACHABLE)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                raise ChatopsError("the server does not answer as chatops does", code=UNAVAILABLE) from None


def _add(total: Report, one: Report) -> None:
    total.new += one.new
    total.grown += one.grown
    total.unchanged += one.unchanged
    total.empty += one.empty
    total.messages += one.messages
    total.faulty += one.faulty
    total.faults += one.faults
