"""What the API says of itself, and what it counts."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from chatops.api.page import FOLDER
from chatops.engine.events import TextDelta
from fakes import answer
from server import Server, open_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("<b>ok</b>", tokens=1)) as server:
        yield server


async def test_the_document_is_complete_in_itself(server: Server) -> None:
    document = await server.json("GET", "/openapi.json")

    assert document["openapi"] == "3.1.0"
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in schemas
    served = {(route.method, route.resource.canonical) for route in server.app.router.routes() if route.resource}
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    page = {"/", *(f"/{file.relative_to(FOLDER).as_posix()}" for file in FOLDER.rglob("*"))}
    assert {one for one in served if one[0] != "HEAD" and one[1] not in page} == told
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


async def test_the_page_runs_no_script_and_loads_nothing(server: Server) -> None:
    async with server.http.get("/docs") as response:
        page = await response.text()
        policy = response.headers["Content-Security-Policy"]

    assert response.content_type == "text/html"
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page
    assert "/api/chat/{conversation_id}/stream" in page
    assert not re.findall(r'(?:src|href)=["\']?https?:', page)


@pytest.mark.parametrize(
    ("format_", "kind", "holds"),
    [
        ("json", "application/json", b'"messages"'),
        ("markdown", "text/markdown", b"hello?"),
        ("html", "text/html", b"&lt;b&gt;ok"),
        ("archive", "application/zip", b"conversations.jsonl"),
    ],
)
async def test_a_conversation_is_exported_as_a_file_that_no_browser_runs(
    server: Server, format_: str, kind: str, holds: bytes
) -> None:
    await server.ask("hello?", id="c1")
    await server.ask("another", id="c2")

    for path, both in (("/api/conversations/c1/export", False), ("/api/export", True)):
        async with server.http.get(path, params={"format": format_}) as response:
            content = await response.read()
        assert response.content_type == kind
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["Content-Security-Policy"].startswith("sandbox")
        assert holds in content
        assert format_ == "archive" or (b"another" in content) is both
    await server.error("GET", "/api/conversations/nobody/export", 404)


async def test_what_happens_is_counted(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", answer("a", tokens=3), [TextDelta("cut")]) as server:
        await server.ask("hi")
        await server.ask("hi")
        await server.error("GET", "/api/conversations/nobody", 404)
        async with server.http.get("/metrics") as response:
            text = await response.text()

    for line in (
        'chatops_turns_total{provider="fake",status="complete",surface="api"} 1.0',
        'chatops_turns_total{provider="fake",status="failed",surface="api"} 1.0',
        'chatops_tokens_total{kind="output",model="m",provider="fake"} 3.0',
        'chatops_time_to_first_token_seconds_count{provider="fake"} 2.0',
        'chatops_http_requests_total{method="POST",route="/api/chat",status="200"} 2.0',
        'chatops_errors_total{code="not_found"} 1.0',
        'chatops_errors_total{code="provider_stream_cut"} 1.0',
        "chatops_open_streams 0.0",
    ):
        assert line in text.splitlines()


async def test_figures_are_for_this_machine_and_for_administrators(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", registration="open") as server:
        proxied = {"X-Forwarded-For": "203.0.113.9"}
        async with server.http.get("/metrics", headers=proxied) as response:
            assert response.status == 401
        people: list[dict[str, Any]] = [
            await server.json(
                "POST", "/api/auth/register", 201, json={"email": e, "name": "N", "password": "long enough"}
            )
            for e in ("a@example.com", "b@example.com")
        ]
        for signed, status in zip(people, (200, 403), strict=True):
            headers = {**proxied, "Authorization": f"Bearer {signed['access_token']}"}
            async with server.http.get("/metrics", headers=headers) as response:
                assert response.status == status
