"""By what a message of ours is known again that was posted although we got no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from chatops.bots.ports import View
from chatops.bots.slack import uploads
from chatops.bots.slack.calls import code_of

EVENT_TYPE = "chatops_answer"
SEARCHED = 15
"""Messages of a thread that are looked through for one whose posting was answered by silence; all that Slack gives
distributed apps in one call."""
Json = dict[str, Any]


def mark(view: View) -> Json:
    """The metadata of a message."""
    return {"event_type": EVENT_TYPE, "event_payload": {"turn": view.turn_id, "part": view.number}}


def streamed(view: View) -> str:
    """What a stream should hold: nothing that has to be taken back when the answer grows."""
    return view.part.opening + view.part.body + ("" if view.open else view.part.closing + view.note)


async def found_in(client: Any, view: View, address: Mapping[str, str]) -> str | None:
    """The reference of a view's message that stands in the thread already."""
    if not address["thread"]:
        return None
    try:
        found = await client.conversations_replies(
            channel=address["channel"], ts=address["thread"], include_all_metadata=True, limit=SEARCHED
        )
    except SlackApiError as error:
        if code_of(error) in {"missing_scope", "ratelimited"}:
            return None  # posted twice is better than never
        raise
    messages: list[Json] = found["messages"]
    if view.file:
        files = [file for message in messages for file in message.get("files") or []]
        return next(
            (f"{uploads.REF}{file['id']}" for file in files if file.get("name") == uploads.file_name(view)), None
        )
    ours = (one for one in messages if _is_marked(one, mark(view)) or _is_beginning(one, streamed(view)))
    return next((str(message["ts"]) for message in ours), None)


def _is_beginning(message: Json, text: str) -> bool:
    """A stream that was begun and never answered for: it carries no mark yet, and must not stay open."""
    begun = str(message.get("text") or "").strip()
    return bool(message.get("bot_id") and not message.get("metadata") and begun) and text.startswith(begun)


def _is_marked(message: Json, wanted: Json) -> bool:
    found = message.get("metadata") or {}
    return bool(found.get("event_type") == EVENT_TYPE and found.get("event_payload") == wanted["event_payload"])
