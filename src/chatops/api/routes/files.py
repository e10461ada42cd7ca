"""Attached files."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation

KIND = "application/octet-stream"


@operation(
    "GET",
    "/api/files/{sha256}",
    summary="The bytes of an attached file",
    tag="Conversations",
    answers={200: Answer(says="As they were sent; what kind of file it is, its message tells.", content_types=(KIND,))},
    errors=(404,),
)
async def file(call: Call[Nothing, Nothing]) -> Reply:
    """By the digest that the message's part names. No browser takes it for anything but a download."""
    data = await call.engine.history.attachment(call.principal, call.path("sha256"))
    headers = {"Content-Disposition": "attachment", "Cache-Control": "private, max-age=31536000, immutable"}
    return web.Response(body=data, content_type=KIND, headers=headers)


OPERATIONS: tuple[Operation[Any, Any], ...] = (file,)
