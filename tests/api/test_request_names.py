"""Log lines name the request and the person that they are of, and nobody who used the connection before."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatops import logs
from fakes import answer
from server import open_server


class Names(logging.Handler):
    """What a JSON line would name, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Mapping[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(logs._ids.get())


async def test_a_second_request_of_a_connection_has_no_name_of_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names, log = Names(), logging.getLogger("chatops.api.middleware")
    log.addHandler(names)
    try:
        async with open_server(tmp_path / "db", answer("ok")) as server:
            with caplog.at_level(logging.INFO, log.name):
                await server.json("GET", "/api/conversations", headers={"X-Request-Id": "first"})
                await server.json("GET", "/livez", headers={"X-Request-Id": "second"})
    finally:
        log.removeHandler(names)

    first, second = names.seen
    assert first["request_id"] == "first"
    assert "principal_id" in first
    assert second == {"request_id": "second"}
