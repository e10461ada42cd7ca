"""The built page that the package brings along: it is of these sources, and it is served as it should be."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from chatops.api.page import FOLDER, add_page

WEB = Path(__file__).parents[2] / "web"
FIRST_LOAD = 300_000


def _digest(folder: Path, names: Iterable[str]) -> str:
    """As web/tools/stamp.ts: SHA-256 over a line for each file in the order of their paths."""
    lines = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _names(folder: Path) -> list[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if "node_modules" not in path.parts and path.name != "build.json"]


def test_the_built_page_is_of_these_sources_and_was_not_changed_by_hand() -> None:
    """When this fails: `make web`, and commit what it changed."""
    stamp = json.loads((FOLDER / "build.json").read_text(encoding="utf-8"))

    assert stamp == {"sources": _digest(WEB, _names(WEB)), "files": _digest(FOLDER, _names(FOLDER))}


def test_what_the_lock_file_names_is_fixed_by_hash_and_tied_to_no_host() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert all("integrity" in entry for entry in packages.values() if "inBundle" not in entry)
    assert not any("resolved" in entry for entry in packages.values())


@pytest.fixture
async def server() -> AsyncGenerator[TestServer]:
    app = web.Application()
    add_page(app)
    running = TestServer(app)
    async with running:
        yield running


@pytest.fixture
async def client(server: TestServer) -> AsyncGenerator[ClientSession]:
    plain = {"Accept-Encoding": "identity"}
    async with ClientSession(server.make_url("/"), auto_decompress=False, headers=plain) as session:
        yield session


async def test_the_page_runs_nothing_but_its_own_files(client: ClientSession) -> None:
    async with client.get("/") as page:
        text = await page.text()
        policy = page.headers["Content-Security-Policy"]

    assert page.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self'" in policy
    assert "<script>" not in text
    assert "style=" not in text


async def test_assets_are_kept_for_good_and_sent_packed(client: ClientSession) -> None:
    for name in _names(FOLDER):
        path = "/" if name == "index.html" else f"/{name}"
        async with client.get(path, headers={"Accept-Encoding": "gzip"}) as packed:
            body = await packed.read()
        assert gzip.decompress(body) == (FOLDER / name).read_bytes()
        assert ("immutable" in packed.headers["Cache-Control"]) == name.startswith("assets/")
        async with client.get(path, headers={"If-None-Match": packed.headers["ETag"]}) as again:
            assert again.status == 304
        async with client.get(path) as plain:
            assert await plain.read() == (FOLDER / name).read_bytes()


async def test_no_other_path_is_served(client: ClientSession) -> None:
    for path in ("/build.json", "/assets/", "/assets/../page.py", "/assets/%2e%2e/page.py", "/static/index.html"):
        async with client.get(path) as answer:
            assert answer.status == 404


async def test_the_first_load_is_small(client: ClientSession) -> None:
    """The page, its styles, its entry; what they load later is not counted. `make web` counts the same."""
    async with client.get("/") as page:
        text = await page.text()
    names = [name for name in _names(FOLDER) if f"/{name}" in text or name == "index.html"]

    assert len(names) >= 3
    assert sum(len(gzip.compress((FOLDER / name).read_bytes(), 9)) for name in names) < FIRST_LOAD
