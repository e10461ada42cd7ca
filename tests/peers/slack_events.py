"""The fake Slack's deliveries: signed HTTP with retries, Socket Mode with acknowledgements and redelivery."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from peers.slack_api import FakeSlack

Json = dict[str, Any]
SECRET = "made-up-secret"
ACK_SECONDS = 3.0
THUMBS = {"up", "down"}


class Events:
    """Sends what people do to the app: by HTTP where `url` is set, else over any open socket.

    Attributes:
        acks: Seconds that each delivery took to be acknowledged.
        retry_waits: Seconds before an event that was not acknowledged is sent again; Slack's are 0, 60, 300.
    """

    def __init__(self, slack: FakeSlack) -> None:
        self.url = ""
        self.acks: list[float] = []
        self.answers: list[Any] = []
        self.retry_waits: tuple[float, ...] = (0.0, 0.1, 0.2)
        self.ignored = 0
        """Acknowledgements that get lost."""
        self._slack = slack
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._numbers = count(1)
        self._session: aiohttp.ClientSession | None = None

    # -- what people do

    async def say(
        self, text: str, *, channel: str = "C1", user: str = "U1", thread: str = "", team: str = "T1", **fields: Any
    ) -> Json:
        """A person writes a message; with a mention the app gets two events of it."""
        ts = self._slack.new_ts()
        kind = "im" if channel.startswith("D") else "channel"
        event: Json = {"type": "message", "user": user, "text": text, "ts": ts, "channel": channel, "team": team}
        event |= {"channel_type": kind, "event_ts": ts, **({"thread_ts": thread} if thread else {}), **fields}
        self._slack.messages[channel, ts] = {"ts": ts, "user": user, "text": text, "thread_ts": thread or None}
        await self.event(event, team=team)
        if "<@UBOT>" in text and kind == "channel":
            await self.event(event | {"type": "app_mention"}, team=team)
        return event

    async def event(self, event: Json, *, team: str = "T1", enterprise: str | None = None, times: int = 1) -> None:
        number = next(self._numbers)
        body = {
            "token": "x",
            "team_id": team,
            "enterprise_id": enterprise,
            "api_app_id": "A1",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": enterprise,
                    "team_id": None if enterprise else team,
                    "user_id": "UBOT",
                    "is_bot": True,
                    "is_enterprise_install": bool(enterprise),
                }
            ],
            "is_ext_shared_channel": False,
        }
        for _ in range(times):
            await self._deliver("events_api", body)

    async def remove(self, event: Json) -> None:
        gone = {"type": "message", "subtype": "message_deleted", "channel": event["channel"], "hidden": True}
        await self.event(gone | {"deleted_ts": event["ts"], "ts": self._slack.new_ts()})

    async def slash(self, command: str, text: str, *, channel: str = "C1", user: str = "U1") -> Any:
        body = {
            "command": command,
            "text": text,
            "channel_id": channel,
            "user_id": user,
            "user_name": "ann",
            "team_id": "T1",
            "api_app_id": "A1",
            "trigger_id": f"trigger{next(self._numbers)}",
            "response_url": f"{self._slack.base}/response",
        }
        return await self._deliver("slash_commands", body)

    async def click(self, message: Json, action: str, *, user: str = "U1") -> Any:
        elements = [e for block in message["blocks"] for e in block.get("elements", [])]
        found = next(
            e for e in elements if e["action_id"].startswith((f"co:{action}:", "co:rate:" if action in THUMBS else "-"))
        )
        pressed = {"action_id": found["action_id"], "block_id": "b", "type": found["type"], "value": action}
        return await self.interact(
            {
                "type": "block_actions",
                "user": {"id": user, "name": "ann", "team_id": "T1"},
                "channel": {"id": message["channel"]},
                "message": message,
                "actions": [pressed],
            }
        )

    async def interact(self, body: Json) -> Any:
        fixed = {"team": {"id": "T1"}, "api_app_id": "A1", "trigger_id": f"trigger{next(self._numbers)}"}
        return await self._deliver("interactive", {"user": {"id": "U1", "name": "ann"}, **fixed, **body})

    # -- deliveries

    async def _deliver(self, kind: str, body: Json) -> Any:
        """Until it is acknowledged, or all tries are over; returns what the acknowledgement carried."""
        for number, wait in enumerate((0.0, *self.retry_waits)):
            await asyncio.sleep(wait if number else 0)
            began = time.monotonic()
            attempt = {"retry_attempt": number, "retry_reason": "timeout"} if number else {}
            acked, answer = await (self._by_http if self.url else self._by_socket)(kind, body, attempt)
            if acked and self.ignored > 0:
                self.ignored -= 1
            elif acked:
                self.acks.append(time.monotonic() - began)
                self.answers.append(answer)
                return answer
            if kind != "events_api":
                return None
        return None

    async def _by_socket(self, kind: str, body: Json, attempt: Json) -> tuple[bool, Any]:
        envelope = f"envelope{next(self._numbers)}"
        frame = {
            "type": kind,
            "envelope_id": envelope,
            "payload": body,
            "accepts_response_payload": kind != "events_api",
        }
        acked = self._waiting[envelope] = asyncio.get_running_loop().create_future()
        open_sockets = [socket for socket in self._sockets if not socket.closed]
        if not open_sockets:
            return False, None
        # Any connection of the app may get an event.
        await open_sockets[next(self._numbers) % len(open_sockets)].send_json(frame | attempt)
        with suppress(TimeoutError):
            async with asyncio.timeout(ACK_SECONDS):
                return True, await acked
        return False, None

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": len(self._sockets) + 1, "connection_info": {}})
        self._sockets.append(socket)
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT or not frame.data.startswith("{"):
                continue
            said = json.loads(frame.data)
            waiting = self._waiting.pop(said.get("envelope_id", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said.get("payload"))
        self._sockets.remove(socket)
        return socket

    async def ask_to_reconnect(self) -> None:
        """Slack refreshes its servers: the app should connect anew before this connection ends."""
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    @property
    def connections(self) -> int:
        return len([socket for socket in self._sockets if not socket.closed])

    async def _by_http(self, kind: str, body: Json, attempt: Json) -> tuple[bool, Any]:
        if kind == "events_api":
            data, content = json.dumps(body), "application/json"
        else:
            form = {"payload": json.dumps(body)} if kind == "interactive" else body
            data, content = urlencode(form), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content, **self.signature(data)}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt["retry_attempt"]), "X-Slack-Retry-Reason": "http_timeout"}
        self._session = self._session or aiohttp.ClientSession()
        try:
            async with self._session.post(self.url, data=data, headers=headers) as response:
                return response.status == 200, await response.text()
        except aiohttp.ClientError:
            return False, None

    @staticmethod
    def signature(data: str, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
        stamp = str(int(time.time()) if at is None else at)
        digest = hmac.new(secret.encode(), f"v0:{stamp}:{data}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def aclose(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
        if self._session is not None:
            await self._session.close()
