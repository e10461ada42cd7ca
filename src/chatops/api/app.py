"""The application: an engine behind HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

from chatops.api import middleware, openapi
from chatops.api.access import Access
from chatops.api.addresses import ClientAddress
from chatops.api.cors import allowing
from chatops.api.keys import (
    ACCESS,
    ADDRESS,
    BOUNDS,
    DOCUMENT,
    ENGINE,
    IMPORTS,
    LIMITS,
    METRICS,
    OFFERS,
    ORIGINS,
    PRESETS,
    SILENCE,
    STREAMS,
    TASKS,
)
from chatops.api.metrics import Metrics
from chatops.api.offers import Offers
from chatops.api.operations import Operation
from chatops.api.page import add_page
from chatops.api.ports import Limits, NoLimits
from chatops.api.routes import (
    auth,
    chat,
    conversations,
    document,
    exports,
    files,
    imports,
    invitations,
    links,
    metrics,
    models,
    openai,
    probes,
    searching,
    tokens,
    trees,
    usage,
    users,
)
from chatops.api.settings import ServerLimits
from chatops.api.stream import Streams
from chatops.api.tasks import Tasks
from chatops.engine.errors import StoreError
from chatops.engine.service import Engine
from chatops.sections import Preset

SWEEP_SECONDS = 60.0
SWEEP_LIMIT = 100

log = logging.getLogger(__name__)

OPERATIONS: Sequence[Operation[Any, Any]] = (
    *auth.OPERATIONS,
    *tokens.OPERATIONS,
    *links.OPERATIONS,
    *users.OPERATIONS,
    *invitations.OPERATIONS,
    *chat.OPERATIONS,
    *conversations.OPERATIONS,
    *exports.OPERATIONS,
    *trees.OPERATIONS,
    *searching.OPERATIONS,
    *imports.OPERATIONS,
    *files.OPERATIONS,
    *models.OPERATIONS,
    *usage.OPERATIONS,
    *openai.OPERATIONS,
    *probes.OPERATIONS,
    *metrics.OPERATIONS,
    *document.OPERATIONS,
)


def create_app(
    engine: Engine,
    access: Access,
    *,
    limits: Limits | None = None,
    bounds: ServerLimits | None = None,
    providers: Iterable[str] = (),
    presets: Mapping[str, Preset] | None = None,
    silence: float = 300.0,
    origins: Iterable[str] = (),
    proxies: Iterable[str] = (),
) -> web.Application:
    """The application over an engine, which stays the caller's to drain and close.

    Args:
        engine: What everything is asked of.
        access: Who somebody is.
        limits: How often somebody may ask; None: as often as they like.
        bounds: What the server may be made to hold.
        providers: Those whose models are listed.
        presets: Those of the settings, offered with the models.
        silence: Seconds without a byte from a provider after which it counts as gone.
        origins: Whose pages may ask with a token, beside our own.
        proxies: Ours, which tell who asked them.

    Raises:
        SettingsError: `proxies` are no addresses.
    """
    bounds = bounds or ServerLimits()
    allowed = frozenset(origins)
    app = web.Application(middlewares=[middleware.identify, allowing(allowed), middleware.tell_errors])
    app[ORIGINS] = allowed
    app[ADDRESS] = ClientAddress(proxies)
    app[ENGINE] = engine
    app[ACCESS] = access
    app[LIMITS] = limits or NoLimits()
    app[BOUNDS] = bounds
    app[IMPORTS] = asyncio.Semaphore(bounds.imports)
    app[TASKS] = Tasks()
    app[STREAMS] = Streams(app[TASKS], bounds)
    app[OFFERS] = Offers(engine, tuple(providers))
    app[PRESETS] = presets or {}
    app[SILENCE] = silence
    app[DOCUMENT] = openapi.document(OPERATIONS)
    app[METRICS] = Metrics(app[STREAMS], engine.catalog)
    engine.watchers.append(app[METRICS].turn)
    app.on_response_prepare.append(middleware.add_headers)
    app.cleanup_ctx.append(_streaming)
    for one in OPERATIONS:
        app.router.add_route(one.method, one.path, one.__call__)
        if one.method == "GET" and not one.streams:
            app.router.add_route("HEAD", one.path, one.__call__)
    add_page(app)
    return app


async def _streaming(app: web.Application) -> AsyncGenerator[None, None]:
    timers = [
        asyncio.create_task(app[STREAMS].keep_alive(), name="pings"),
        asyncio.create_task(_sweep(app[ENGINE]), name="sweep"),
    ]
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        await asyncio.wait(timers)
        await app[TASKS].aclose()


async def _sweep(engine: Engine) -> None:
    """Deletes temporary conversations whose time is over."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            while await engine.sweep(limit=SWEEP_LIMIT) == SWEEP_LIMIT:
                pass
        except StoreError as error:
            log.warning("sweep: %s", error.message)
