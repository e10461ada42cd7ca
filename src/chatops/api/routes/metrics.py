"""Figures for a monitor."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web

from chatops.api.addresses import is_local
from chatops.api.keys import ACCESS, METRICS
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.engine.auth.administration import require_admin


@operation(
    "GET",
    "/metrics",
    summary="Figures in Prometheus' text format",
    tag="Operation",
    answers={200: Answer(says="The figures.", content_types=("text/plain",))},
    errors=(401,),
    account=False,
)
async def metrics(call: Call[Nothing, Nothing]) -> Reply:
    """For monitors on this machine; from elsewhere an administrator's API token is needed."""
    request = call.request
    if not is_local(request):
        require_admin(await request.config_dict[ACCESS].principal(request))
    text = request.config_dict[METRICS].text()
    return web.Response(body=text, headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4; charset=utf-8"})


OPERATIONS: tuple[Operation[Any, Any], ...] = (metrics,)
