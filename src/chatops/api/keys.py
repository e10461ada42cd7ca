"""What the application and its requests carry, by typed keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from chatops.api.access import Access
from chatops.api.addresses import ClientAddress
from chatops.api.metrics import Metrics
from chatops.api.offers import Offers
from chatops.api.ports import Limits
from chatops.api.settings import ServerLimits
from chatops.api.stream import Streams
from chatops.api.tasks import Tasks
from chatops.engine.messages import Principal
from chatops.engine.service import Engine
from chatops.sections import Preset

DOCUMENT: web.AppKey[dict[str, Any]] = web.AppKey("document")
"""The OpenAPI document."""
ENGINE = web.AppKey("engine", Engine)
ACCESS: web.AppKey[Access] = web.AppKey("access")
LIMITS: web.AppKey[Limits] = web.AppKey("limits")
ADDRESS = web.AppKey("address", ClientAddress)
BOUNDS = web.AppKey("bounds", ServerLimits)
IMPORTS = web.AppKey("imports", asyncio.Semaphore)
"""Held by imports that run."""
METRICS = web.AppKey("metrics", Metrics)
OFFERS = web.AppKey("offers", Offers)
PRESETS: web.AppKey[Mapping[str, Preset]] = web.AppKey("presets")
SILENCE = web.AppKey("silence", float)
"""Seconds without a byte from a provider after which it counts as gone."""
ORIGINS: web.AppKey[frozenset[str]] = web.AppKey("origins")
STREAMS = web.AppKey("streams", Streams)
TASKS = web.AppKey("tasks", Tasks)

PRINCIPAL = web.RequestKey("principal", Principal)
REQUEST_ID = web.RequestKey("request_id", str)
ERROR_CODE = web.RequestKey("error_code", str)
"""Set when the answer is an error: for the log line and the metrics."""
