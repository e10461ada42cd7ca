"""Is it alive, is it ready."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from chatops import __version__
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, encode, operation
from chatops.api.shapes import Alive, Ready
from chatops.engine.errors import ChatopsError

PATIENCE = 5.0
"""Seconds that the store has for a read."""


@operation(
    "GET",
    "/livez",
    summary="The process answers",
    tag="Operation",
    answers={200: Answer(says="It does.", shape=Alive)},
    account=False,
)
async def livez(call: Call[Nothing, Nothing]) -> Reply:  # noqa: ARG001 - every handler's form
    return {"status": "alive", "version": __version__}


@operation(
    "GET",
    "/readyz",
    summary="Turns can be started",
    tag="Operation",
    answers={200: Answer(says="They can.", shape=Ready), 503: Answer(says="Not now; says why.", shape=Ready)},
    account=False,
)
async def readyz(call: Call[Nothing, Nothing]) -> Reply:
    """The store answers a read, the default model's provider is configured, and the server is not shutting down.
    A Redis that is away is told, and keeps nobody from using this replica.
    """
    checks = {"turns": "ok" if call.engine.open else "shutting down"}
    checks["store"] = await _store(call)
    checks["provider"] = _provider(call)
    ready = all(said == "ok" for said in checks.values())
    if call.engine.replicas is not None:
        checks["redis"] = "ok" if call.engine.replicas.status() == "ok" else "unreachable"
    body = {"status": "ready" if ready else "not_ready", "checks": checks}
    return web.json_response(body, status=200 if ready else 503, dumps=encode)


async def _store(call: Call[Nothing, Nothing]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await call.engine.ping()
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except ChatopsError as error:
        return error.code
    return "ok"


def _provider(call: Call[Nothing, Nothing]) -> str:
    try:
        spec = call.engine.catalog.resolve(None)
        call.engine.providers[spec.provider]
    except ChatopsError as error:
        return error.code
    return "ok"


OPERATIONS: tuple[Operation[Any, Any], ...] = (livez, readyz)
