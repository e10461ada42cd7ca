"""Conversations to take away."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.api.routes.conversations import FORBID, TAG
from chatops.engine.exchange.service import Format

_FILES: dict[Format, tuple[str, str]] = {
    "json": ("application/json", "json"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "html": ("text/html; charset=utf-8", "html"),
    "archive": ("application/zip", "zip"),
}
FILE = {
    200: Answer(says="The file, in pieces.", content_types=tuple(kind.partition(";")[0] for kind, _ in _FILES.values()))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """`json`, `markdown` and `html` hold active branches, to read; `archive` holds all, to import."""

    __pydantic_config__ = FORBID

    format: Format = "json"


@operation(
    "GET",
    "/api/conversations/{id}/export",
    summary="Export a conversation",
    tag=TAG,
    query=ExportQuery,
    answers=FILE,
    errors=(404,),
)
async def export(call: Call[ExportQuery, Nothing]) -> Reply:
    return await _file(call, call.query.format, [call.path("id")])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsQuery:
    """`ids`: conversations, with commas between, in this order; none: every one."""

    __pydantic_config__ = FORBID

    format: Format = "json"
    ids: str | None = None


@operation(
    "GET",
    "/api/export",
    summary="Export conversations",
    tag=TAG,
    query=ExportsQuery,
    answers=FILE,
    errors=(404,),
)
async def export_all(call: Call[ExportsQuery, Nothing]) -> Reply:
    ids = None if call.query.ids is None else call.query.ids.split(",")
    return await _file(call, call.query.format, ids)


async def _file(call: Call[Any, Nothing], format_: Format, ids: Sequence[str] | None) -> web.StreamResponse:
    kind, suffix = _FILES[format_]
    async with aclosing(call.engine.exchange.export(call.principal, format_, ids)) as pieces:
        # Before the status is sent: what is not there is an error, not an empty file.
        first = await anext(pieces, b"")
        response = web.StreamResponse(
            headers={
                "Content-Type": kind,
                "Content-Disposition": f'attachment; filename="chatops.{suffix}"',
                # A page of what a model said must do nothing here, should a browser show it after all.
                "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
            }
        )
        await response.prepare(call.request)
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
    return response


OPERATIONS: tuple[Operation[Any, Any], ...] = (export, export_all)
