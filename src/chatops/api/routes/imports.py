"""Conversations to bring along: a file of another program, or an archive of ours."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from chatops.api.errors import OverloadedError
from chatops.api.keys import BOUNDS, IMPORTS
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, encode, operation
from chatops.api.routes.conversations import FORBID, TAG
from chatops.api.uploads import uploaded
from chatops.engine.errors import ChatopsError

if TYPE_CHECKING:
    from chatops.engine.exchange.importing import Report

_NAME = re.compile(r"[\w][\w .()-]{0,99}")
_TELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQuery:
    """`name`: the file's, for what is told of its faults. `dry_run`: store nothing."""

    __pydantic_config__ = FORBID

    name: str = "upload"
    dry_run: bool = False


@operation(
    "POST",
    "/api/import",
    summary="Import conversations",
    tag=TAG,
    query=ImportQuery,
    upload=("application/octet-stream",),
    answers={
        200: Answer(
            says='JSON lines: how far it is, `{"messages": 40}`; at the end `{"report": {...}}` or `{"error": {...}}`.',
            content_types=("application/x-ndjson",),
        )
    },
    streams=True,
)
async def import_(call: Call[ImportQuery, Nothing]) -> Reply:
    """The body is the file: an export of ChatGPT, Claude or LibreChat, or an archive of chatops (JSON, JSON lines or a
    zip of them). Doing it again adds only what is new. It ends when its client leaves; what was imported stays.
    """
    call.principal.require("history:write")
    config = call.request.config_dict
    gate, bounds = config[IMPORTS], config[BOUNDS]
    if gate.locked():
        raise OverloadedError("other imports are running; try again when they are done")
    name = call.query.name if _NAME.fullmatch(call.query.name) else "upload"
    async with gate, uploaded(call.request, name, most=bounds.upload, seconds=bounds.body_seconds) as path:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(call.request)
        await _run(call, path, response)
    return response


async def _run(call: Call[ImportQuery, Nothing], path: Path, response: web.StreamResponse) -> None:
    """The import, with a line a second about how far it is."""
    seen = 0

    def look(report: Report) -> None:
        nonlocal seen
        seen = report.messages

    importing = asyncio.ensure_future(
        call.engine.exchange.import_files(call.principal, [path], progress=look, write=not call.query.dry_run)
    )
    try:
        while not (await asyncio.wait([importing], timeout=_TELL_SECONDS))[0]:
            await _tell(response, {"messages": seen})
        report = importing.result()
    except ChatopsError as error:
        await _tell(response, {"error": {"code": error.code, "message": _placed(error.message, path)}})
    else:
        shape = {**asdict(report), "faults": [_placed(fault, path) for fault in report.faults]}
        await _tell(response, {"report": shape})
    finally:
        importing.cancel()
        await asyncio.wait([importing])


def _placed(text: str, path: Path) -> str:
    """What is told about a file names the client's, not ours."""
    return text.replace(f"{path.parent}/", "")


async def _tell(response: web.StreamResponse, line: dict[str, Any]) -> None:
    await response.write(f"{encode(line)}\n".encode())


OPERATIONS: tuple[Operation[Any, Any], ...] = (import_,)
