"""Conversations that come over HTTP: any format, bounded, again without harm."""

import asyncio
import json
import zipfile
from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from exports import branched_chatgpt
from fakes import answer
from server import Server, open_server

FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("ok"), upload=100_000, body_seconds=0.1) as server:
        yield server


async def send(server: Server, data: bytes, **query: str) -> dict[str, Any]:
    """The last line of what the server told."""
    async with server.http.post("/api/import", data=data, params=query, headers=FILE) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert all("messages" in line for line in lines[:-1])
    last: dict[str, Any] = lines[-1]
    return last


async def test_an_archive_of_ours_comes_back_and_coming_again_adds_nothing(server: Server, tmp_path: Path) -> None:
    await server.ask("hello", id="c")
    async with server.http.get("/api/export?format=archive&ids=c") as response:
        archive = await response.read()
    await server.json("DELETE", "/api/conversations/c", 204)

    first = (await send(server, archive, dry_run="true"))["report"]
    assert (first["new"], first["messages"]) == (1, 2)
    await server.error("GET", "/api/conversations/c", 404)
    counts = [(await send(server, archive))["report"] for _ in range(2)]

    assert [(one["new"], one["unchanged"], one["messages"]) for one in counts] == [(1, 0, 2), (0, 1, 0)]
    messages = (await server.json("GET", "/api/conversations/c/messages"))["messages"]
    assert [message["text"] for message in messages] == ["hello", "ok"]


async def test_another_programs_export_is_read_and_its_faults_name_the_clients_file(server: Server) -> None:
    data = json.dumps([branched_chatgpt(), {"mapping": 5}]).encode()

    report = (await send(server, data, name="conversations.json"))["report"]

    assert (report["new"], report["faulty"]) == (1, 1)
    assert report["faults"][0].startswith("conversations.json")


async def test_a_damaged_zip_is_told_as_an_error(server: Server) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("conversations.json", "[]")

    error = (await send(server, packed.getvalue()[:50], name="../my.zip"))["error"]

    assert error["code"] == "invalid_request"
    assert error["message"].startswith("upload is a damaged zip file")


async def test_a_file_too_large_or_too_slow_is_refused_and_nothing_is_kept(server: Server) -> None:
    error = await server.error("POST", "/api/import", 413, data=b"x" * 100_001, headers=FILE)
    assert error["code"] == "too_large"

    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * 10_000

    assert (await server.error("POST", "/api/import", 413, data=endless(), headers=FILE))["code"] == "too_large"

    async def stuck() -> AsyncGenerator[bytes, None]:
        yield b"["
        await asyncio.Event().wait()

    assert (await server.error("POST", "/api/import", 408, data=stuck(), headers=FILE))["code"] == "request_timeout"
    assert (await server.json("GET", "/api/conversations"))["conversations"] == []


async def test_more_imports_than_may_run_are_asked_to_come_back(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", imports=1, body_seconds=30.0) as server:
        go = asyncio.Event()

        async def slowly() -> AsyncGenerator[bytes, None]:
            yield b"["
            go.set()
            await asyncio.Event().wait()

        first = asyncio.create_task(server.error("POST", "/api/import", 200, data=slowly(), headers=FILE))
        await go.wait()
        while True:
            async with server.http.post("/api/import", data=b"[]", headers=FILE) as response:
                if response.status == 503:
                    break
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
