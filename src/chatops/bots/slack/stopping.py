"""Stop, while Slack itself streams: a streamed message has no buttons before its end, so a message below it has one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError

from chatops.bots.ports import View
from chatops.bots.slack.blocks import stop_blocks
from chatops.bots.slack.calls import code_of
from chatops.bots.slack.marks import SEARCHED

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

AFTER = 3.0
"""Seconds that a stream runs before it is offered: most answers are over by then."""
MARK = {"event_type": "chatops_stop", "event_payload": {}}
"""Tells it from an answer that begins with this word (`marks`)."""
log = logging.getLogger(__name__)


async def offer(client: AsyncWebClient, view: View, *, channel: str, thread: str) -> str:
    """Posts the button; returns its message's `ts`, empty when that went wrong: the word “stop” works as well."""
    try:
        sent: Any = await client.chat_postMessage(
            channel=channel, thread_ts=thread, text="Stop", blocks=stop_blocks(view.turn_id), metadata=MARK
        )
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.debug("no Stop: %s", code_of(error) if isinstance(error, SlackApiError) else type(error).__name__)
        return ""
    return str(sent["ts"])


async def withdraw(client: AsyncWebClient, *, channel: str, ts: str) -> None:
    """Takes it away; a button that stays says that the answer is over."""
    try:
        await client.chat_delete(channel=channel, ts=ts)
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.debug("Stop stays: %s", type(error).__name__)


async def left_in(client: AsyncWebClient, *, channel: str, thread: str) -> str:
    """The button's message that a process left in a thread when it died; empty when there is none, or nobody says."""
    try:
        found = await client.conversations_replies(
            channel=channel, ts=thread, include_all_metadata=True, limit=SEARCHED
        )
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
        return ""
    messages: list[dict[str, Any]] = found.get("messages") or []
    marked = (m for m in messages if (m.get("metadata") or {}).get("event_type") == MARK["event_type"])
    return next((str(message["ts"]) for message in marked), "")
