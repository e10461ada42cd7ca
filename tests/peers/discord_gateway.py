"""The fake Discord's gateway: hello, identify, heartbeats, dispatch, resume with replay."""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

MESSAGE_CONTENT = 1 << 15


@dataclass
class Session:
    """A bot's session: it outlives its connections."""

    id: str
    intents: int
    seq: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    compress: Any = None
    shard: int = 0
    shards: int = 1

    def has(self, guild: str | None) -> bool:
        """Whether a server's events come here; direct messages come to the first shard."""
        return (int(guild or 0) >> 22) % self.shards == self.shard


class Gateway:
    """Dispatches events to every identified session.

    Attributes:
        allow_content: Whether the app has the privileged message-content intent.
        heartbeats: How many were acknowledged.
    """

    def __init__(self, token: str, *, allow_content: bool = True) -> None:
        self.token = token
        self.allow_content = allow_content
        self.sessions: dict[str, Session] = {}
        self.resumed = 0
        self.heartbeats = 0
        self.url = ""
        self.me: dict[str, Any] = {}
        self.guilds: list[dict[str, Any]] = []
        self.refuses = 0
        """The close code that who identifies gets."""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        compress = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        await _send(socket, compress, {"op": 10, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None})
        session: Session | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            data = json.loads(frame.data)
            if data["op"] == 1:
                self.heartbeats += 1
                await _send(socket, compress, {"op": 11})
            elif data["op"] == 2:
                session = await self._identify(socket, compress, data["d"])
            elif data["op"] == 6:
                session = await self._resume(socket, compress, data["d"])
        if session is not None and session.socket is socket:
            session.socket = None
        return socket

    async def _identify(self, socket: web.WebSocketResponse, compress: Any, said: dict[str, Any]) -> Session | None:
        if said["token"] != self.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        if said["intents"] & MESSAGE_CONTENT and not self.allow_content:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        if self.refuses:
            await socket.close(code=self.refuses, message=b"No.")
            return None
        shard, shards = said.get("shard") or (0, 1)
        session = Session(
            id=f"session{len(self.sessions)}",
            intents=said["intents"],
            socket=socket,
            compress=compress,
            shard=shard,
            shards=shards,
        )
        own = [guild for guild in self.guilds if session.has(guild["id"])]
        self.sessions[session.id] = session
        ready = {
            "v": 10,
            "user": self.me,
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in own],
            "session_id": session.id,
            "shard": [shard, shards],
            "resume_gateway_url": self.url,
            "application": {"id": self.me["id"], "flags": 0},
        }
        await self._dispatch_to(session, "READY", ready)
        for guild in own:
            await self._dispatch_to(session, "GUILD_CREATE", guild)
        return session

    async def _resume(self, socket: web.WebSocketResponse, compress: Any, said: dict[str, Any]) -> Session | None:
        session = self.sessions.get(said["session_id"])
        if session is None:
            await _send(socket, compress, {"op": 9, "d": False})
            return None
        session.socket, session.compress = socket, compress
        for event in session.sent:
            if event["s"] > said["seq"]:
                await _send(socket, compress, event)
        self.resumed += 1
        await self._dispatch_to(session, "RESUMED", {})
        return session

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        for session in list(self.sessions.values()):
            if not session.has(data.get("guild_id")):
                continue
            shown = data
            if name.startswith("MESSAGE_") and not session.intents & MESSAGE_CONTENT and not self._is_open(data):
                shown = data | {"content": "", "embeds": [], "attachments": [], "components": []}
            await self._dispatch_to(session, name, shown)

    def _is_open(self, data: dict[str, Any]) -> bool:
        """Without the intent a bot sees the content of mentions, direct messages and its own messages."""
        mentions = {user["id"] for user in data.get("mentions", [])}
        return "guild_id" not in data or self.me["id"] in {*mentions, data.get("author", {}).get("id")}

    async def _dispatch_to(self, session: Session, name: str, data: dict[str, Any]) -> None:
        session.seq += 1
        event = {"op": 0, "t": name, "s": session.seq, "d": data}
        session.sent.append(event)
        if session.socket is not None and not session.socket.closed:
            await _send(session.socket, session.compress, event)

    async def drop(self) -> None:
        """Cuts every connection; the sessions may be resumed."""
        for session in self.sessions.values():
            if session.socket is not None:
                socket, session.socket = session.socket, None
                await socket.close(code=4000)

    async def ask_to_reconnect(self) -> None:
        for session in self.sessions.values():
            if session.socket is not None:
                await _send(session.socket, session.compress, {"op": 7, "d": None})


async def _send(socket: web.WebSocketResponse, compress: Any, data: dict[str, Any]) -> None:
    text = json.dumps(data)
    try:
        if compress is None:
            await socket.send_str(text)
        else:
            await socket.send_bytes(compress.compress(text.encode()) + compress.flush(zlib.Z_SYNC_FLUSH))
    except (ConnectionError, asyncio.CancelledError, RuntimeError):
        return
