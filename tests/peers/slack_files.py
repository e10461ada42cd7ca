"""The fake Slack's files: those that people attach, and what the bot uploads in Slack's three steps."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from aiohttp import web

from peers.slack_text import SlackError

if TYPE_CHECKING:
    from peers.slack_api import FakeSlack

Json = dict[str, Any]


class Files:
    """`given`: what people's messages link to. `uploaded`: what the bot shared, by id."""

    def __init__(self, slack: FakeSlack) -> None:
        self.given: dict[str, bytes] = {}
        self.uploaded: dict[str, str] = {}
        self._slack = slack
        self._names: dict[str, str] = {}
        self._ids = count(1)

    async def download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._slack.tokens:
            return web.Response(text="<html>log in</html>", content_type="text/html")
        return web.Response(body=self.given[request.match_info["name"]], content_type="application/octet-stream")

    def url(self, body: Json) -> Json:
        """Step one: where to send it."""
        id_ = f"F{next(self._ids)}"
        self._names[id_] = body["filename"]
        return {"upload_url": f"{self._slack.base}/upload/{id_}", "file_id": id_}

    async def take(self, request: web.Request) -> web.Response:
        """Step two: its bytes."""
        id_ = request.match_info["id"]
        if id_ not in self._names:
            return web.Response(status=404)
        self.uploaded[id_] = (await request.read()).decode()
        return web.Response(text="OK")

    def share(self, body: Json) -> Json:
        """Step three: a message that has it."""
        files = [
            {"id": file["id"], "name": self._names[file["id"]], "title": file.get("title")} for file in body["files"]
        ]
        if any(file["id"] not in self.uploaded for file in files):
            raise SlackError("file_not_found")
        message = {"channel": body["channel_id"], "text": body.get("initial_comment") or " "}
        self._slack.post({**message, "thread_ts": body.get("thread_ts")}, files=files)
        return {"files": files}

    def delete(self, body: Json) -> Json:
        if self.uploaded.pop(body["file"], None) is None:
            raise SlackError("file_not_found")
        return {}
