"""A faithful Slack on loopback: Web API with tiers, streaming rules and real error codes; events over HTTP and Socket
Mode. What a person sees: `peek`. Written after Slack's method pages (2026-08) and what others measured of streaming.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from peers.journal import Fault, Journal, reset
from peers.slack_events import Events
from peers.slack_files import Files
from peers.slack_text import SlackError, body_of, check_blocks, text_of

TEAM, BOT_USER, APP = "T1", "UBOT", "A1"
TOKEN, APP_TOKEN, SECRET = "xoxb-made-up", "xapp-made-up", "made-up-secret"
TIERS = {
    "chat.update": 50,
    "chat.appendStream": 100,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "conversations.replies": 50,
    "chat.delete": 50,
}
"""Calls a minute, for a workspace and app."""
Json = dict[str, Any]


class FakeSlack:
    """`minute`: seconds that the tiers count in. `stream_seconds`: how long a stream may live."""

    def __init__(self, *, minute: float = 60.0, stream_seconds: float = 300.0) -> None:
        self.journal = Journal()
        self.events = Events(self)
        self.minute = minute
        self.stream_seconds = stream_seconds
        self.messages: dict[tuple[str, str], Json] = {}
        self.tokens = {TOKEN: TEAM}
        self.people = {"U1": "Ann", "U2": "Bob"}
        self.closed: set[str] = set()
        """Channels that the bot may not write to."""
        self.files = Files(self)
        self.knows_thumbs = True
        """Whether blocks with feedback buttons are taken."""
        self.statuses: list[Json] = []
        self.prompts: list[Json] = []
        self.ephemeral: list[str] = []
        self.views: list[Json] = []
        self.homes: dict[str, Json] = {}
        self._hits: dict[str, deque[float]] = defaultdict(deque)
        self._ts = count(1)
        self.base = ""

    @property
    def api_base(self) -> str:
        return f"{self.base}/api/"

    def new_ts(self) -> str:
        return f"{int(time.time())}.{next(self._ts):06d}"

    def peek(self, channel: str, thread: str | None = None) -> list[Json]:
        """The bot's messages that a person sees in a channel or thread, oldest first."""
        return [
            message
            for (where, _), message in self.messages.items()
            if where == channel and message["user"] == BOT_USER and thread in {None, message.get("thread_ts")}
        ]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[FakeSlack, None]:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._handle)
        app.router.add_get("/socket", self.events.socket)
        app.router.add_get("/files/{name}", self.files.download)
        app.router.add_post("/upload/{id}", self.files.take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await self.events.aclose()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        body = await body_of(request)
        entry = self.journal.note(method, body)
        fault = self.journal.fault(method)
        try:
            if fault is not None and fault.action == "reset":
                reset(request)
                return web.Response(status=500)
            if fault is not None and fault.action == "500":
                entry.status = 500
                return web.Response(status=500, text="oops")
            await self._hurt(fault)
            token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(body.get("token", ""))
            answer = {"ok": True, **self._route(method, body, token)}
            if fault is not None and fault.action == "lost":
                reset(request)
        except SlackError as error:
            entry.status = 429 if error.retry_after else 200
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
            return web.json_response({"ok": False, "error": error.code}, status=entry.status, headers=headers)
        entry.status = 200
        scopes = "chat:write,commands" if method == "auth.test" else ""
        return web.json_response(answer, headers={"x-oauth-scopes": scopes} if scopes else {})

    @staticmethod
    async def _hurt(fault: Fault | None) -> None:
        if fault is None or fault.action in {"lost", "reset"}:
            return
        if fault.action == "slow":
            await asyncio.sleep(fault.wait)
            return
        limited = fault.action == "429"
        raise SlackError("ratelimited" if limited else fault.action, max(1, round(fault.wait)) if limited else 0)

    def _route(self, method: str, body: Json, token: str) -> Json:  # noqa: C901, PLR0911, PLR0912 - a table
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                raise SlackError("invalid_auth")
            return {"url": f"{self.base.replace('http', 'ws')}/socket"}
        if method == "oauth.v2.access":
            return self._grant(body)
        team = self.tokens.get(token)
        if team is None:
            raise SlackError("invalid_auth")
        self._limit(method, team, str(body.get("channel", "")))
        match method:
            case "auth.test":
                return {"team_id": team, "user_id": BOT_USER, "bot_id": "B1", "team": "Team", "user": "bot", "url": "x"}
            case "chat.postMessage":
                return self.post(body)
            case "chat.update":
                return self._update(body)
            case "chat.delete":
                self._mine(body)
                return {"ts": self.messages.pop((body["channel"], body["ts"]))["ts"]}
            case "chat.startStream":
                return self._start_stream(body)
            case "chat.appendStream" | "chat.stopStream":
                return self._grow_stream(body, ends=method == "chat.stopStream")
            case "chat.postEphemeral":
                self.ephemeral.append(body["text"])
                return {"message_ts": self.new_ts()}
            case "conversations.open":
                return {"channel": {"id": f"D{str(body['users']).removeprefix('U')}"}}
            case "conversations.replies":
                found = [m for (c, _), m in self.messages.items() if c == body["channel"] and self._in(m, body["ts"])]
                return {"messages": found[: int(body.get("limit", 1000))], "has_more": False}
            case "users.info":
                return {"user": self._user(str(body["user"]))}
            case "assistant.threads.setStatus":
                self.statuses.append(body)
            case "assistant.threads.setSuggestedPrompts":
                self.prompts.append(body)
            case "views.open":
                self.views.append(body["view"])
            case "views.publish":
                check_blocks(body["view"]["blocks"], most=100)
                self.homes[str(body["user_id"])] = body["view"]
            case "files.getUploadURLExternal":
                return self.files.url(body)
            case "files.completeUploadExternal":
                return self.files.share(body)
            case "files.delete":
                return self.files.delete(body)
            case _:
                raise SlackError("unknown_method")
        return {}

    @staticmethod
    def _in(message: Json, thread: str) -> bool:
        return thread in {message["ts"], message.get("thread_ts")}

    def _limit(self, method: str, team: str, channel: str) -> None:
        """So many calls a minute for a method in a workspace; one post a second in a channel, with short bursts."""
        limits = [(f"{team}/{method}", TIERS.get(method, 1000), self.minute)]
        if method == "chat.postMessage":
            limits.append((f"{team}/{method}/{channel}", 5, self.minute / 12))
        for key, most, seconds in limits:
            hits, now = self._hits[key], time.monotonic()
            while hits and hits[0] <= now - seconds:
                hits.popleft()
            if len(hits) >= most:
                raise SlackError("ratelimited", max(1, round(hits[0] + seconds - now)))
            hits.append(now)

    def post(self, body: Json, files: list[Json] | None = None) -> Json:
        channel = self._open_channel(body["channel"])
        text = text_of(body, thumbs=self.knows_thumbs)
        message = {
            "ts": self.new_ts(),
            "channel": channel,
            "user": BOT_USER,
            "bot_id": "B1",
            "text": text[:40_000],
            "blocks": body.get("blocks") or [],
            "metadata": body.get("metadata"),
            "files": files or [],
            "unfurl": (body.get("unfurl_links"), body.get("unfurl_media")),
        }
        if body.get("thread_ts"):
            message["thread_ts"] = body["thread_ts"]
        self.messages[channel, str(message["ts"])] = message
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _user(self, user: str) -> Json:
        if user not in self.people:
            raise SlackError("user_not_found")
        return {"id": user, "name": self.people[user].lower(), "profile": {"display_name": self.people[user]}}

    def _open_channel(self, channel: str) -> str:
        """A user's id stands for the direct messages with them."""
        if channel in self.closed:
            raise SlackError("not_in_channel")
        return f"D{channel.removeprefix('U')}" if channel.startswith("U") else channel

    def _update(self, body: Json) -> Json:
        message = self._mine(body)
        if "stream" in message:
            raise SlackError("streaming_state_conflict")
        text = text_of(body, thumbs=self.knows_thumbs)
        if body.get("text") and not body.get("blocks") and len(body["text"]) > 4000:
            raise SlackError("msg_too_long")
        message |= {"text": text, "blocks": body.get("blocks") or [], "edited": message.get("edited", 0) + 1}
        message["metadata"] = body.get("metadata") or message["metadata"]
        return {"channel": body["channel"], "ts": body["ts"]}

    def _mine(self, body: Json) -> Json:
        if body["channel"] in self.closed:
            raise SlackError("channel_not_found")
        message = self.messages.get((body["channel"], body["ts"]))
        if message is None:
            raise SlackError("message_not_found")
        if message["user"] != BOT_USER:
            raise SlackError("cant_update_message")
        return message

    def _start_stream(self, body: Json) -> Json:
        if not body.get("thread_ts"):
            raise SlackError("invalid_arguments")
        if not body["channel"].startswith("D"):
            for name in ("recipient_user_id", "recipient_team_id"):
                if not body.get(name):
                    raise SlackError(f"missing_{name}")
        posted = self.post({**body, "metadata": None})
        message = posted["message"]
        message["stream"] = time.monotonic()
        return {"channel": posted["channel"], "ts": posted["ts"]}

    def _grow_stream(self, body: Json, *, ends: bool) -> Json:
        message = self._mine(body)
        began = message.get("stream")
        if began is None or time.monotonic() - began > self.stream_seconds:
            message.pop("stream", None)
            raise SlackError("message_not_in_streaming_state")
        text = message["text"] + (body.get("markdown_text") or "")
        if len(text.encode()) > 11_000:
            raise SlackError("msg_too_long")
        check_blocks(body.get("blocks") or [], thumbs=self.knows_thumbs)
        message["text"] = text
        message["appended"] = message.get("appended", 0) + 1
        if ends:
            del message["stream"]
            message["blocks"] = body.get("blocks") or []
            message["metadata"] = body.get("metadata")
        return {"channel": body["channel"], "ts": body["ts"]}

    def _grant(self, body: Json) -> Json:
        """An installation: the code names the team."""
        team = str(body["code"]).removeprefix("code-")
        token = f"xoxb-{team}"
        grid = team.startswith("E")
        self.tokens[token] = team
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": "chat:write,commands",
            "bot_user_id": BOT_USER,
            "app_id": APP,
            "team": None if grid else {"id": team, "name": team},
            "enterprise": {"id": team, "name": team} if grid else None,
            "is_enterprise_install": grid,
            "authed_user": {"id": "U9"},
        }
