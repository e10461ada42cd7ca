"""A faithful Discord on loopback: REST with buckets and real error bodies, and a gateway. What a person sees: `peek`.

Written after Discord's API documentation (v10, 2026-08) and what discord.py 2.7.1 needs of it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from peers.discord_world import APPLICATION, GENERAL, GUILD, ME, OTHER, OTHER_GUILD, TOKEN, Json, World
from peers.journal import reset

SPAM = 5
"""Edits, or posts, of a channel in a window."""


class DiscordError(Exception):
    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, "message": message, **({"errors": errors} if errors else {})}


def too_long() -> DiscordError:
    said = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
    return DiscordError(400, 50035, "Invalid Form Body", {"content": {"_errors": [said]}})


class FakeDiscord(World):
    """`window`: seconds in which five edits, or five posts, of a channel are allowed."""

    def __init__(self, *, window: float = 5.0, allow_content: bool = True) -> None:
        super().__init__(allow_content=allow_content)
        self.window = window
        self._hits: dict[str, deque[float]] = defaultdict(deque)
        self._nonces: dict[str, str] = {}
        self._global_until = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[FakeDiscord, None]:
        app = web.Application()
        app.router.add_get("/", self.gateway.handle)
        app.router.add_get("/files/{name}", self._file)
        app.router.add_route("*", "/api/v10/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.base, self.gateway.url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/"
        self.gateway.guilds = [self._guild(GUILD, GENERAL), self._guild(OTHER_GUILD, OTHER)]
        try:
            yield self
        finally:
            await self.gateway.drop()
            await runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    async def _handle(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await _body(request)
        call = f"{request.method} /{path}"
        entry = self.journal.note(call, body)
        fault = self.journal.fault(call)
        headers = {"Via": "1.1 fake"}
        try:
            if fault is not None and fault.action == "global":
                self._global_until = time.monotonic() + fault.wait
            if (left := self._global_until - time.monotonic()) > 0:
                headers |= {"X-RateLimit-Global": "true"}
                raise self._limited(round(left, 3), everywhere=True)
            if fault is not None and fault.action not in {"lost", "slow", "global"}:
                self._hurt(fault.action, fault.wait, request)
            headers |= self._limit(request.method, path)
            if fault is not None and fault.action == "slow":
                await asyncio.sleep(fault.wait)
            status, answer = await self._route(request.method, path.split("/"), body, request)
            if fault is not None and fault.action == "lost":
                reset(request)
        except DiscordError as error:
            status, answer = error.status, error.body
            if status == 429:
                headers |= {"Retry-After": str(error.body["retry_after"])}
        entry.status = status
        self.invalid += status in {401, 403, 429}
        text = "" if answer is None else json.dumps(answer)
        response = web.Response(status=status, body=text.encode(), headers=headers)
        if answer is not None:
            response.headers["Content-Type"] = "application/json"
        return response

    def _hurt(self, action: str, wait: float, request: web.Request) -> None:
        if action == "reset":
            reset(request)
            raise DiscordError(500, 0, "gone")
        if action == "429":
            raise self._limited(wait)
        if action.isdigit() and len(action) == 3:
            raise DiscordError(int(action), 0, f"HTTP {action}")
        status = {"10008": 404, "10003": 404, "50001": 403, "50013": 403, "50083": 400}.get(action, 400)
        raise too_long() if action == "50035" else DiscordError(status, int(action), f"code {action}")

    def _limited(self, wait: float, *, everywhere: bool = False) -> DiscordError:
        error = DiscordError(429, 0, "You are being rate limited.")
        error.body = {"message": "You are being rate limited.", "retry_after": wait, "global": everywhere}
        return error

    def _limit(self, method: str, path: str) -> dict[str, str]:
        """Five edits and five posts of a channel in a window; the headers say how many are left."""
        steps = path.split("/")
        if steps[0] != "channels" or len(steps) < 3 or steps[2] != "messages" or method not in {"PATCH", "POST"}:
            return {}
        bucket = f"{method}:{steps[1]}"
        now, hits = time.monotonic(), self._hits[bucket]
        while hits and hits[0] <= now - self.window:
            hits.popleft()
        if len(hits) >= SPAM:
            raise self._limited(round(hits[0] + self.window - now, 3))
        hits.append(now)
        left = round(hits[0] + self.window - now, 3)
        return {
            "X-RateLimit-Limit": str(SPAM),
            "X-RateLimit-Remaining": str(SPAM - len(hits)),
            "X-RateLimit-Reset": str(time.time() + left),
            "X-RateLimit-Reset-After": str(left),
            "X-RateLimit-Bucket": bucket.partition(":")[0],
        }

    async def _route(self, method: str, steps: list[str], body: Json, request: web.Request) -> tuple[int, Any]:  # noqa: C901, PLR0911, PLR0912 - a table
        match method, steps:
            case "GET", ["users", "@me"]:
                if request.headers.get("Authorization") != f"Bot {TOKEN}":
                    raise DiscordError(401, 0, "401: Unauthorized")
                return 200, ME
            case "GET", ["oauth2", "applications", "@me"]:
                return 200, APPLICATION
            case "GET", ["users", number]:
                return 200, self.user(number)
            case "POST", ["users", "@me", "channels"]:
                return 200, self._direct_channel(str(body["recipient_id"]))
            case "PUT", ["applications", _, "commands"]:
                self.commands = body["list"]
                return 200, [self._command(command) for command in self.commands]
            case "GET" | "PATCH", ["channels", channel]:
                return 200, self._change_channel(channel, body)
            case "POST", ["channels", channel, "messages"]:
                return 200, await self._post(channel, body)
            case "PATCH", ["channels", channel, "messages", ref]:
                return 200, self._edit(channel, ref, body)
            case "DELETE", ["channels", channel, "messages", ref]:
                self._mine(channel, ref)
                del self.messages[ref]
                return 204, None
            case "POST", ["channels", channel, "messages", ref, "threads"]:
                return 201, await self._thread(channel, ref, body)
            case "POST", ["interactions", number, token, "callback"]:
                return self._callback(number, token, body)
            case _, ["webhooks", _, token, *rest]:
                return self._webhook(method, token, rest, body)
        raise DiscordError(404, 0, f"404: Not Found {method} {steps}")

    async def _post(self, channel: str, body: Json) -> Json:
        self._may_write(channel)
        content = body.get("content") or ""
        if len(content) > 2000:
            raise too_long()
        if not content.strip():
            raise DiscordError(400, 50006, "Cannot send an empty message")
        if body.get("uploads") and "files" in self.forbidden:
            raise DiscordError(403, 50013, "Missing Permissions")
        nonce = str(body.get("nonce") or "")
        if nonce and body.get("enforce_nonce") and nonce in self._nonces:
            return self._event(self.messages[self._nonces[nonce]])
        self.channels[channel].get("thread_metadata", {})["archived"] = False
        message = self._message(
            channel, content, ME, components=body.get("components") or [], flags=body.get("flags", 0)
        )
        message["files"] = body.get("uploads")
        message["allowed_mentions"] = body.get("allowed_mentions")
        message["reference"] = str((body.get("message_reference") or {}).get("message_id"))
        self._nonces[nonce] = message["id"]
        await self.gateway.dispatch("MESSAGE_CREATE", self._event(message))
        return self._event(message)

    def _edit(self, channel: str, ref: str, body: Json) -> Json:
        message = self._mine(channel, ref)
        if self.channels[channel].get("thread_metadata", {}).get("archived"):
            raise DiscordError(400, 50083, "Thread is archived")
        if len(body.get("content") or "") > 2000:
            raise too_long()
        if "content" in body:
            message["content"] = (body["content"] or "").strip()
        message["components"] = body.get("components", message["components"])
        message["edited"] = message.get("edited", 0) + 1
        return self._event(message)

    def _mine(self, channel: str, ref: str) -> Json:
        if channel not in self.channels:
            raise DiscordError(404, 10003, "Unknown Channel")
        if ref not in self.messages:
            raise DiscordError(404, 10008, "Unknown Message")
        message = self.messages[ref]
        if message["author"]["id"] != ME["id"]:
            raise DiscordError(403, 50005, "Cannot edit a message authored by another user")
        return message

    def _may_write(self, channel: str) -> None:
        if channel not in self.channels:
            raise DiscordError(404, 10003, "Unknown Channel")
        if channel in self.forbidden:
            raise DiscordError(403, 50013, "Missing Permissions")

    async def _thread(self, channel: str, ref: str, body: Json) -> Json:
        if f"threads:{channel}" in self.forbidden:
            raise DiscordError(403, 50013, "Missing Permissions")
        if ref in self.channels:
            raise DiscordError(400, 160004, "A thread has already been created for this message")
        self.channels[ref] = {
            "id": ref,
            "type": 11,
            "name": body["name"],
            "guild_id": self.channels[channel]["guild_id"],
            "parent_id": channel,
            "owner_id": ME["id"],
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": "2026-11-24T00:00:00+00:00",
                "locked": False,
            },
            "message_count": 0,
            "member_count": 1,
        }
        await self.gateway.dispatch("THREAD_CREATE", self._channel(ref))
        return self._channel(ref)

    def _change_channel(self, channel: str, body: Json) -> Json:
        if channel not in self.channels:
            raise DiscordError(404, 10003, "Unknown Channel")
        if "archived" in body:
            self.channels[channel]["thread_metadata"]["archived"] = body["archived"]
        return self._channel(channel)

    def _callback(self, number: str, token: str, body: Json) -> tuple[int, Any]:
        if number in self.callbacks:
            raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
        self.callbacks[number] = body
        interaction = self.tokens[token]
        if body["type"] == 5 and interaction["type"] == 2:
            hidden = bool((body.get("data") or {}).get("flags", 0) & 64)
            message = self._message(interaction["channel_id"], "", ME, hidden=hidden)
            interaction["original"] = message["id"]
        response = {"interaction": {"id": number, "type": interaction["type"], "response_message_id": None}}
        return 200, response

    def _webhook(self, method: str, token: str, rest: list[str], body: Json) -> tuple[int, Any]:
        interaction = self.tokens.get(token)
        if interaction is None or interaction.get("expired"):
            raise DiscordError(401, 50027, "Invalid Webhook Token")
        if method == "POST":
            hidden = bool(body.get("flags", 0) & 64)
            if hidden:
                self.ephemeral.append(body["content"])
            components = body.get("components") or []
            return 200, self._event(
                self._message(interaction["channel_id"], body["content"], ME, components=components, hidden=hidden)
            )
        ref = interaction["original"] if rest[1] == "@original" else rest[1]
        message = self.messages[ref]
        if method == "PATCH":
            if len(body.get("content") or "") > 2000:
                raise too_long()
            message |= {key: body[key] for key in ("content", "components") if key in body and body[key] is not None}
            if message.get("hidden"):
                self.ephemeral.append(body["content"])
        return 200, self._event(message)


async def _body(request: web.Request) -> Json:
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        said: Json = json.loads(str(form["payload_json"])) if "payload_json" in form else {}
        files = [
            field for name, field in form.items() if name.startswith("files[") and isinstance(field, web.FileField)
        ]
        return said | {"uploads": [(file.filename, file.file.read().decode()) for file in files]}
    text = await request.text()
    body = json.loads(text) if text else {}
    return body if isinstance(body, dict) else {"list": body}
