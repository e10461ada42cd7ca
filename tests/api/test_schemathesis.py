"""Every operation of the OpenAPI document under generated requests: no 5xx, no answer that is not documented."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chatops.api.access import LocalAccess
from chatops.api.app import OPERATIONS
from chatops.api.openapi import document
from chatops.engine.messages import local_principal
from fakes import answer
from server import open_server

CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
schema = schemathesis.openapi.from_dict(document(OPERATIONS))


@contextmanager
def running(path: Path) -> Iterator[str]:
    """A server on a loop of its own: schemathesis' clients wait for their answers."""
    ready: Any = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        done = asyncio.Event()
        async with open_server(
            path,
            answer("ok", tokens=1),
            access=LocalAccess(local_principal("api")),
            registration="open",
            body_seconds=5.0,
            linger_seconds=0.2,
        ) as server:
            await server.ask("hi", id="c1")
            found.update(url=server.url, loop=asyncio.get_running_loop(), done=done)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield str(found["url"])
    finally:
        found["loop"].call_soon_threadsafe(found["done"].set)
        thread.join()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("schemathesis") / "db") as url:
        yield url


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_breaks_the_contract(case: Case[Any], url: str) -> None:
    case.call_and_validate(base_url=url, checks=list(CHECKS), timeout=30)
