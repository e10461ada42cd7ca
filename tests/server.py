"""The API on loopback, over an engine with scripted providers, and a client to ask it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, TCPConnector, web

from auth_rig import CHEAP
from chatops.api.access import Access, LocalAccess, LoginAccess
from chatops.api.app import create_app
from chatops.api.keys import STREAMS
from chatops.api.ports import Limits
from chatops.api.serving import Endpoints, listening
from chatops.api.settings import ServerLimits
from chatops.api.stream import Streams
from chatops.engine.auth import keys
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.nouns import Registration
from chatops.engine.models import ModelSpec
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from fakes import SlidingLimiter, Step
from rig import ME, SPEC, Rig, open_rig

BOUNDS = ServerLimits()


@dataclass
class Server:
    """A running server: `rig` is behind it, `http` a client whose addresses begin with its own."""

    rig: Rig
    app: web.Application
    http: ClientSession
    url: str

    @property
    def app_streams(self) -> Streams:
        return self.app[STREAMS]

    async def ask(self, text: str = "hi", **body: Any) -> bytes:
        """Starts a turn and reads its stream to the end."""
        async with self.http.post("/api/chat", json={"message": {"text": text}, **body}) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    async def read(self, conversation_id: str, *, had: str = "") -> bytes:
        """Reads a conversation's running turn along to its end, from after the event `had`."""
        headers = {"Last-Event-ID": had} if had else {}
        async with self.http.get(f"/api/chat/{conversation_id}/stream", headers=headers) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    async def json(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        """The JSON of an answer that must have this status; None for an empty one."""
        async with self.http.request(method, path, **request) as response:
            text = await response.text()
            assert response.status == status, text
            return json.loads(text) if text else None

    async def error(self, method: str, path: str, status: int, **request: Any) -> dict[str, Any]:
        told: dict[str, Any] = (await self.json(method, path, status, **request))["error"]
        return told


@asynccontextmanager
async def open_server(
    path: Path,
    *scripts: list[Step],
    access: Access | None = None,
    limits: Limits | None = None,
    spec: ModelSpec = SPEC,
    registration: Registration | None = None,
    **bounds: Any,
) -> AsyncGenerator[Server, None]:
    async with open_rig(path, *scripts, spec=spec) as rig:
        if registration is not None:
            rig.engine.accounts = _accounts(rig, path.parent, registration)
            access = access or LoginAccess(rig.engine.accounts)
        app = create_app(
            rig.engine,
            access or LocalAccess(ME),
            limits=limits,
            bounds=replace(BOUNDS, **bounds),
            providers=["fake", "other"],
        )
        async with listening(app, Endpoints(port=0)) as (url,):
            async with ClientSession(url, connector=TCPConnector(limit=0), cookie_jar=CookieJar(unsafe=True)) as http:
                yield Server(rig, app, http, url)
            await rig.engine.drain()


def _accounts(rig: Rig, folder: Path, registration: Registration) -> Accounts:
    return Accounts(
        store=SqliteAccounts(rig.store),
        history=rig.store,
        limiter=SlidingLimiter(rig.clock),
        keys=lambda: keys.load({}, folder),
        policy=replace(CHEAP, registration=registration),
        clock=rig.clock,
    )


@dataclass(frozen=True)
class Sent:
    """A server-sent event."""

    id: str
    data: Any


def events(stream: bytes) -> list[Sent]:
    """The events of a stream, pings left out; `data` is parsed, but for [DONE]."""
    found = []
    for block in stream.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            data = fields["data"]
            found.append(Sent(fields.get("id", ""), data if data == "[DONE]" else json.loads(data)))
    return found


def text_of(stream: bytes) -> str:
    """The answer in a stream."""
    parts = [event.data for event in events(stream) if isinstance(event.data, dict)]
    return "".join(part["delta"] for part in parts if part["type"] == "text-delta")
