"""Slack, as the desk sees it."""

from __future__ import annotations

from typing import Any

import aiohttp
import yarl
from slack_sdk.errors import SlackApiError

from chatops.bots.files import File, check_sizes, received
from chatops.bots.ports import Platform, Question, Received, Value
from chatops.bots.slack.calls import Clients
from chatops.bots.slack.questions import text_of
from chatops.bots.slack.streams import Lacks, StreamBudget
from chatops.bots.slack.surface import SlackSurface
from chatops.bots.surfaces import ClosedError
from chatops.engine.errors import InvalidRequestError
from chatops.engine.requests import MAX_ATTACHMENT_BYTES

CONTEXT_MESSAGES = 15
"""Messages of a thread that are read when we are first called in its middle: one call, also for distributed apps."""
CONTEXT_CHARS = 20_000


class SlackAdapter:
    """An `Adapter` for all workspaces of one app."""

    name: Platform = "slack"

    def __init__(self, clients: Clients, *, api_base: str, pace: float) -> None:
        self.clients = clients
        self._pace = pace
        self._api = yarl.URL(api_base)
        self._budget = StreamBudget()
        self._lacks = Lacks()

    def surface(self, address: Value) -> SlackSurface:
        return SlackSurface(self.clients, self._budget, self._lacks, address, pace=self._pace)

    async def fetch(self, question: Question) -> Received:
        check_sizes([(file["name"], file["size"]) for file in question.files])
        files = [await self._file(question, file) for file in question.files]
        got = received(files)
        if question.address.get("middle") != "yes":
            return got
        context = await self._thread_so_far(question)
        return Received(attachments=got.attachments, text="\n\n".join(filter(None, [got.text, context])))

    async def _file(self, question: Question, file: Value) -> File:
        refused = InvalidRequestError(f"{file['name']} could not be fetched from Slack; send it again")
        url = yarl.URL(file["url"])
        # The token goes to Slack alone, wherever an event says its file is.
        if (
            not (url.scheme == "https" and (url.host or "").endswith(".slack.com"))
            and url.origin() != self._api.origin()
        ):
            raise refused
        try:
            client = await self.clients.get(question.address["team"], question.address["enterprise"])
            headers = {"Authorization": f"Bearer {client.token}"}
            async with self.clients.session.get(url, headers=headers) as response:
                data = await response.content.read(MAX_ATTACHMENT_BYTES + 1)
                while len(data) <= MAX_ATTACHMENT_BYTES and (more := await response.content.readany()):
                    data += more
        except (aiohttp.ClientError, OSError, TimeoutError, ClosedError):
            raise refused from None
        # Without the scope files:read Slack answers with its login page.
        is_page = response.content_type == "text/html" and file["media_type"] != "text/html"
        if response.status != 200 or is_page:  # noqa: PLR2004 - OK
            raise refused
        check_sizes([(file["name"], len(data))])
        return File(name=file["name"], media_type=file["media_type"], data=data)

    async def _thread_so_far(self, question: Question) -> str:
        """What was said before we were called; empty when it cannot be read."""
        address = question.address
        try:
            client = await self.clients.get(address["team"], address["enterprise"])
            found = await client.conversations_replies(
                channel=address["channel"], ts=address["thread"], limit=CONTEXT_MESSAGES
            )
        except (SlackApiError, ClosedError, aiohttp.ClientError, OSError, TimeoutError):
            return ""
        messages: list[Any] = found.get("messages") or []
        said = [
            f"> {message.get('user', 'somebody')}: {text_of(message.get('text', ''), '')}"
            for message in messages
            if not question.id.endswith(message["ts"])
        ]
        return "The thread so far:\n" + "\n".join(said)[-CONTEXT_CHARS:] if said else ""
