"""Where answers appear on Slack: messages that are edited, or Slack's own streaming.

An address is a value of texts: `team`, `enterprise`, `channel`, `thread` (the root's ts), `user`, `mode` (edit,
native), `direct` (yes: nobody else reads along).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slack_sdk.errors import SlackApiError

from chatops.bots.gates import Lane
from chatops.bots.markup import Limit
from chatops.bots.ports import Value, View
from chatops.bots.safety import mrkdwn
from chatops.bots.slack.blocks import blocks_of
from chatops.bots.slack.calls import NOT_STREAMING, Clients, code_of, explained
from chatops.bots.slack.streams import Stream, StreamBudget
from chatops.bots.surfaces import BrokenError

EDITED = Limit(11_000)
"""Slack takes 12,000 characters of Markdown in a message."""
STREAMED = Limit(9_000, "bytes")
"""A streamed message takes about 11,000 bytes in all (measured by others)."""
POSTS = 1.05
"""Seconds between new messages in a channel."""
APPENDS = 0.65
"""Seconds between appends in a workspace: 100 a minute are allowed."""
FALLBACK = 150
"""Characters of the text for notifications."""
EVENT_TYPE = "chatops_answer"
SEARCHED = 15
"""Messages of a thread that are looked through for one whose posting was answered by silence; all that Slack gives
distributed apps in one call."""


class SlackSurface:
    """A `Surface` on Slack. `clock`: seconds."""

    def __init__(
        self,
        clients: Clients,
        budget: StreamBudget,
        address: Value,
        *,
        pace: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._budget = budget
        self._address = dict(address)
        self._pace = pace
        self._clock = clock
        self._native = self._address["mode"] == "native"
        self._streams: dict[str, Stream] = {}
        self._unsure = self._address.pop("resumed", "") == "yes"
        self.waits_for_text = self._native

    @property
    def limit(self) -> Limit:
        return STREAMED if self._native else EDITED

    def address(self) -> Value:
        return self._address

    def lane(self, ref: str | None, view: View) -> Lane:
        team, channel = self._address["team"], self._address["channel"]
        if ref is None:
            # Streams have a budget of their own, which is asked when one begins.
            return Lane(name=f"slack post {team} {channel}", pace=min(POSTS, self._pace))
        if ref in self._streams and view.open:
            return Lane(name=f"slack append {team}", pace=min(APPENDS, self._pace))
        if ref in self._streams:
            return Lane(name=f"slack stop {team}", pace=0.1)
        return Lane(name=f"slack update {team}", pace=self._pace)

    async def post(self, view: View) -> str:
        with explained():
            if self._unsure and (found := await self._find(view)) is not None:
                self._unsure = False
                await self._update(found, view)
                return found
            self._unsure = True
            ref = await self._start(view) if self._streams_now(view) else await self._post(view)
            self._unsure = False
            return ref

    def _streams_now(self, view: View) -> bool:
        return self._native and bool(view.part.body) and view.open and self._budget.take(self._address["team"])

    async def edit(self, ref: str, view: View) -> None:
        stream = self._streams.get(ref)
        with explained():
            if stream is None:
                await self._update(ref, view)
                return
            try:
                await self._grow(ref, stream, view)
            except SlackApiError as error:
                if code_of(error) not in NOT_STREAMING | {"msg_too_long"}:
                    raise
                # Slack ended the stream by itself (after about five minutes): from now on it is edited.
                del self._streams[ref]
                await self._update(ref, view)

    async def delete(self, ref: str) -> None:
        with explained():
            await (await self._client()).chat_delete(channel=self._address["channel"], ts=ref)

    def fallback(self) -> SlackSurface | None:
        user = self._address["user"]
        if self._address["channel"] in {user, ""} or self._address.get("direct") == "yes":
            return None
        # A message to a user's id goes to the direct messages with them.
        address = {**self._address, "channel": user, "thread": "", "mode": "edit", "direct": "yes"}
        return SlackSurface(self._clients, self._budget, address, pace=self._pace, clock=self._clock)

    async def _client(self) -> Any:
        return await self._clients.get(self._address["team"], self._address["enterprise"])

    async def _post(self, view: View) -> str:
        sent = await (await self._client()).chat_postMessage(
            channel=self._address["channel"],
            thread_ts=self._address["thread"] or None,
            unfurl_links=False,
            unfurl_media=False,
            metadata=_mark(view),
            **_content(view),
        )
        self._address["channel"] = str(sent["channel"])
        return str(sent["ts"])

    async def _update(self, ref: str, view: View) -> None:
        client = await self._client()
        where = {"channel": self._address["channel"], "ts": ref}
        try:
            await client.chat_update(**where, metadata=_mark(view), **_content(view))
        except SlackApiError as error:
            if code_of(error) != "streaming_state_conflict":
                raise
            # A stream that an earlier process began.
            await client.chat_stopStream(**where)
            await client.chat_update(**where, metadata=_mark(view), **_content(view))

    async def _start(self, view: View) -> str:
        text = _streamed(view)
        sent = await (await self._client()).chat_startStream(
            channel=self._address["channel"],
            thread_ts=self._address["thread"],
            recipient_team_id=self._address["team"],
            recipient_user_id=self._address["user"],
            markdown_text=text,
        )
        ref = str(sent["ts"])
        self._streams[ref] = Stream(text, self._clock())
        return ref

    async def _grow(self, ref: str, stream: Stream, view: View) -> None:
        """Sends what the stream does not have yet; ends it when the message is full, over, or too old for Slack."""
        client, text = await self._client(), _streamed(view)
        where = {"channel": self._address["channel"], "ts": ref}
        grown = text.startswith(stream.sent)
        delta = text[len(stream.sent) :] if grown else ""
        if view.open and grown and not stream.is_old(self._clock()):
            if delta:
                await client.chat_appendStream(**where, markdown_text=delta)
                stream.sent = text
            return
        controls = blocks_of(view, with_text=False)
        await client.chat_stopStream(
            **where,
            **({"markdown_text": delta} if delta else {}),
            **({"blocks": controls} if controls and not view.open else {}),
            metadata=_mark(view),
        )
        del self._streams[ref]
        if view.open or not grown:
            raise BrokenError("this stream ended; the message is edited from now on")

    async def _find(self, view: View) -> str | None:
        """A message of ours in the thread that was posted although we got no answer."""
        if not self._address["thread"]:
            return None
        try:
            found = await (await self._client()).conversations_replies(
                channel=self._address["channel"],
                ts=self._address["thread"],
                include_all_metadata=True,
                limit=SEARCHED,
            )
        except SlackApiError as error:
            if code_of(error) in {"missing_scope", "ratelimited"}:
                return None  # posted twice is better than never
            raise
        mark = _mark(view)
        ours = (m for m in found["messages"] if _marked(m, mark) or _is_beginning(m, _streamed(view)))
        return next((str(message["ts"]) for message in ours), None)


def _content(view: View) -> dict[str, Any]:
    """The arguments that show a view: Markdown alone, or in a block above its buttons (Slack takes not both)."""
    if view.controls == "none":
        return {"markdown_text": view.text}
    return {"blocks": blocks_of(view), "text": mrkdwn(view.text[:FALLBACK])}


def _streamed(view: View) -> str:
    """What a stream should hold: nothing that has to be taken back when the answer grows."""
    return view.part.opening + view.part.body + ("" if view.open else view.part.closing + view.note)


def _mark(view: View) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"turn": view.turn_id, "part": view.number}}


def _is_beginning(message: dict[str, Any], text: str) -> bool:
    """A stream that was begun and never answered for: it carries no mark yet, and must not stay open."""
    begun = str(message.get("text") or "").strip()
    return bool(message.get("bot_id") and not message.get("metadata") and begun) and text.startswith(begun)


def _marked(message: dict[str, Any], mark: dict[str, Any]) -> bool:
    found = message.get("metadata") or {}
    return found.get("event_type") == EVENT_TYPE and found.get("event_payload") == mark["event_payload"]
