"""Where answers appear on Slack: messages that are edited, or Slack's own streaming.

An address is a value of texts: `team`, `enterprise`, `channel`, `thread` (the root's ts), `user`, `mode` (edit,
native), `direct` (yes: nobody else reads along).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from chatops.bots.gates import Lane
from chatops.bots.markup import Limit
from chatops.bots.ports import Value, View
from chatops.bots.safety import mrkdwn
from chatops.bots.slack import stopping, uploads
from chatops.bots.slack.blocks import blocks_of
from chatops.bots.slack.calls import NOT_STREAMING, STOPPED, Clients, code_of, explained, is_refusal
from chatops.bots.slack.marks import found_in, mark, streamed
from chatops.bots.slack.streams import Lacks, Stream, StreamBudget
from chatops.bots.surfaces import BrokenError, StoppedError

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
_ODD_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "invalid_arguments"}


class SlackSurface:
    """A `Surface` on Slack. `clock`: seconds."""

    most = 5

    def __init__(
        self,
        clients: Clients,
        budget: StreamBudget,
        lacks: Lacks,
        address: Value,
        *,
        pace: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._budget = budget
        self._lacks = lacks
        self._address = dict(address)
        self._pace = pace
        self._clock = clock
        self._native = self._address["mode"] == "native"
        self._streams: dict[str, Stream] = {}
        self._unsure = self._left = self._address.pop("resumed", "") == "yes"
        self._stop_button = ""
        """The message with the Stop of a stream."""
        self.waits_for_text = self._native
        self.aside = str(self._address.get("aside", ""))

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
            if self._unsure and (found := await found_in(await self._client(), view, self._address)) is not None:
                self._unsure = False
                if not view.file:
                    await self._update(found, view)
                return found
            self._unsure = True
            ref = await self._begin(view)
            self._unsure = False
            return ref

    async def _begin(self, view: View) -> str:
        if view.file:
            where = {"channel": self._address["channel"], "thread": self._address["thread"]}
            return await uploads.upload(await self._client(), view, **where)
        if self._streams_now(view):
            try:
                return await self._start(view)
            except SlackApiError as error:
                if not is_refusal(error):
                    raise
                self._lacks.note(self._address["team"], "streams")
        return await self._post(view)

    def _streams_now(self, view: View) -> bool:
        team = self._address["team"]
        wanted = self._native and bool(view.part.body) and view.open and self._lacks.has(team, "streams")
        return wanted and self._budget.take(team)

    async def edit(self, ref: str, view: View) -> None:
        if view.file:
            return  # it was posted when the answer was over
        stream = self._streams.get(ref)
        with explained():
            if stream is None:
                await self._update(ref, view)
            else:
                await self._go_on(ref, stream, view)
            await self._offer_stop(view, stream)

    async def _go_on(self, ref: str, stream: Stream, view: View) -> None:
        try:
            await self._grow(ref, stream, view)
        except SlackApiError as error:
            if code_of(error) == STOPPED:
                del self._streams[ref]
                raise StoppedError(STOPPED) from None
            if code_of(error) not in NOT_STREAMING | {"msg_too_long"}:
                raise
            # Slack ended the stream by itself (after about five minutes): from now on it is edited.
            del self._streams[ref]
            await self._update(ref, view)

    async def _offer_stop(self, view: View, stream: Stream | None) -> None:
        """Keeps a Stop below a stream that takes long, and takes it away with the answer's end."""
        channel, thread = self._address["channel"], self._address["thread"]
        if view.open and stream and not self._stop_button and self._clock() - stream.began > stopping.AFTER:
            self._stop_button = await stopping.offer(await self._client(), view, channel=channel, thread=thread)
        if self._left and self._native and view.controls == "again":
            self._stop_button = await stopping.left_in(await self._client(), channel=channel, thread=thread)
        if self._stop_button and view.controls == "again":
            await stopping.withdraw(await self._client(), channel=channel, ts=self._stop_button)
            self._stop_button = ""

    async def delete(self, ref: str) -> None:
        with explained():
            client = await self._client()
            if ref.startswith(uploads.REF):
                await uploads.delete(client, ref)
            else:
                await client.chat_delete(channel=self._address["channel"], ts=ref)

    def fallback(self) -> SlackSurface | None:
        user = self._address["user"]
        if self._address["channel"] in {user, ""} or self._address.get("direct") == "yes":
            return None
        # A message to a user's id goes to the direct messages with them.
        aside = f"I may not write in <#{self._address['channel']}>, so this is here: `/invite` me there."
        address = {**self._address, "channel": user, "thread": "", "mode": "edit", "direct": "yes", "aside": aside}
        return SlackSurface(self._clients, self._budget, self._lacks, address, pace=self._pace, clock=self._clock)

    async def _client(self) -> Any:
        return await self._clients.get(self._address["team"], self._address["enterprise"])

    async def _post(self, view: View) -> str:
        fixed = {"unfurl_links": False, "unfurl_media": False, "metadata": mark(view)}
        where = {"channel": self._address["channel"], "thread_ts": self._address["thread"] or None}
        sent = await self._shown((await self._client()).chat_postMessage, view, **where, **fixed)
        self._address["channel"] = str(sent["channel"])
        return str(sent["ts"])

    async def _update(self, ref: str, view: View) -> None:
        client = await self._client()
        where = {"channel": self._address["channel"], "ts": ref}
        try:
            await self._shown(client.chat_update, view, **where, metadata=mark(view))
        except SlackApiError as error:
            if code_of(error) != "streaming_state_conflict":
                raise
            # A stream that an earlier process began.
            await client.chat_stopStream(**where)
            await self._shown(client.chat_update, view, **where, metadata=mark(view))

    async def _shown(self, call: Callable[..., Awaitable[Any]], view: View, **fixed: Any) -> Any:
        """Makes a call that shows a view; with plain buttons where Slack's feedback buttons are not known."""
        team = self._address["team"]
        try:
            return await call(**fixed, **_content(view, thumbs=self._lacks.has(team, "thumbs")))
        except SlackApiError as error:
            if code_of(error) not in _ODD_BLOCKS or view.controls != "again" or not self._lacks.has(team, "thumbs"):
                raise
            self._lacks.note(team, "thumbs")
            return await call(**fixed, **_content(view, thumbs=False))

    async def _start(self, view: View) -> str:
        text = streamed(view)
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
        client, text = await self._client(), streamed(view)
        where = {"channel": self._address["channel"], "ts": ref}
        grown = text.startswith(stream.sent)
        delta = text[len(stream.sent) :] if grown else ""
        if view.open and grown and not stream.is_old(self._clock()):
            if delta:
                await client.chat_appendStream(**where, markdown_text=delta)
                stream.sent = text
            return
        await self._end(client, where, delta, view)
        del self._streams[ref]
        if view.open or not grown:
            raise BrokenError("this stream ended; the message is edited from now on")

    async def _end(self, client: Any, where: Mapping[str, str], delta: str, view: View) -> None:
        team = self._address["team"]
        controls = blocks_of(view, with_text=False, thumbs=self._lacks.has(team, "thumbs"))
        try:
            await client.chat_stopStream(
                **where,
                **({"markdown_text": delta} if delta else {}),
                **({"blocks": controls} if controls and not view.open else {}),
                metadata=mark(view),
            )
        except SlackApiError as error:
            if code_of(error) not in _ODD_BLOCKS or not self._lacks.has(team, "thumbs"):
                raise
            self._lacks.note(team, "thumbs")
            await self._end(client, where, delta, view)


def _content(view: View, *, thumbs: bool) -> dict[str, Any]:
    """The arguments that show a view: Markdown alone, or in a block above its buttons (Slack takes not both)."""
    if view.controls == "none":
        return {"markdown_text": view.text}
    return {"blocks": blocks_of(view, thumbs=thumbs), "text": mrkdwn(view.text[:FALLBACK])}
