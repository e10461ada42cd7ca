"""Where answers appear on Discord: a thread, a direct message, a channel, or the answer to `/ask`.

An address is a value of texts: `kind` (thread, channel, interaction), `channel`, and what that kind needs.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
import discord

from chatops.bots.buttons import LABELS, button_id
from chatops.bots.discord.wire import Wire
from chatops.bots.gates import Lane
from chatops.bots.markup import Limit
from chatops.bots.ports import Value, View
from chatops.bots.surfaces import BrokenError, ClosedError, LimitedError, MissingError, SurfaceError, TooLongError

PARTS = Limit(1900)
"""Discord takes 2,000 code points; the rest is for a note, and for what its own counting may differ in."""
POSTS = 1.05
"""Seconds between new messages in a channel: five in five seconds are allowed."""
INTERACTION_SECONDS = 14 * 60
"""An interaction's token lives 15 minutes; what is still to be said goes into the channel before that."""
_EMOJI = {"stop": "⏹", "again": "🔁", "up": "👍", "down": "👎"}
_MISSING = {10008, 10015, 30046, 50027}
"""Unknown message or webhook, too many edits of an old message, a token that ended."""
_CLOSED = {10003, 50001, 50007, 50013, 160005}
"""Unknown channel, no access, no direct messages, no permission, a locked thread."""
_TOKEN_ENDED = {10015, 50027}
_ARCHIVED = 50083
_EXISTS = 160004
_NO_MENTIONS = discord.AllowedMentions.none()


@contextmanager
def explained() -> Generator[None, None, None]:
    """Raises what discord.py raised as one of `bots.surfaces`."""
    try:
        yield
    except SurfaceError:
        raise
    except discord.RateLimited as error:
        raise LimitedError("rate limited", error.retry_after) from None
    except discord.HTTPException as error:
        raise _meaning(error) from None
    except (OSError, aiohttp.ClientError, TimeoutError, RuntimeError) as error:
        raise BrokenError(type(error).__name__) from None


def _meaning(error: discord.HTTPException) -> SurfaceError:
    said = f"HTTP {error.status}, code {error.code}"
    if error.code in _MISSING:
        return MissingError(said)
    if error.code in _CLOSED or error.status in {401, 403}:
        return ClosedError(said)
    if error.code == 50035 and "length" in error.text:  # noqa: PLR2004 - invalid form body
        return TooLongError(said)
    if error.status == 429:  # noqa: PLR2004 - after all of the library's own tries
        return LimitedError(said, 5.0)
    return MissingError(said) if error.status == 404 else BrokenError(said)  # noqa: PLR2004 - not found


class DiscordSurface:
    """A `Surface` on Discord."""

    waits_for_text = False
    most = 8

    def __init__(self, client: discord.Client, wire: Wire, address: Value, *, pace: float) -> None:
        self.limit = PARTS
        self._client = client
        self._wire = wire
        self._address = dict(address)
        self._pace = pace
        self.aside = str(self._address.get("aside", ""))
        self._lost = 0
        """Messages that were found to be gone: what is posted in their place is another message for the nonce."""

    def address(self) -> Value:
        return self._address

    def lane(self, ref: str | None, view: View) -> Lane:  # noqa: ARG002 - the port's
        if self._by_webhook:
            return Lane(name=f"discord webhook {self._address['interaction']}", pace=self._pace)
        kind = "post" if ref is None else "edit"
        pace = POSTS if ref is None else self._pace
        return Lane(name=f"discord {kind} {self._address['channel']}", pace=min(pace, self._pace))

    async def post(self, view: View) -> str:
        with explained():
            if self._by_webhook:
                with self._token():
                    return await self._follow_up(view)
            channel = await self._channel()
            more = _given(view=buttons(view), reference=self._reference(view), file=_file(view))
            sent = await channel.send(
                view.text,
                nonce=_nonce(view, self._lost),
                allowed_mentions=_NO_MENTIONS,
                suppress_embeds=True,
                **more,
            )
            return str(sent.id)

    async def edit(self, ref: str, view: View) -> None:
        if view.file:
            return  # it was posted when the answer was over
        channel = self._address["channel"]
        with explained():
            if self._by_webhook:
                with self._token():
                    await self._webhook.edit_message(
                        int(ref), content=view.text, view=buttons(view), allowed_mentions=_NO_MENTIONS
                    )
                return
            message = self._client.get_partial_messageable(int(channel)).get_partial_message(int(ref))
            call = message.edit(content=view.text, view=buttons(view), allowed_mentions=_NO_MENTIONS)
            try:
                await self._wire.newest("PATCH", f"/channels/{channel}/messages/{ref}", call)
            except discord.HTTPException as error:
                self._lost += error.code in _MISSING
                if error.code != _ARCHIVED:
                    raise
                await self._unarchive()

    async def delete(self, ref: str) -> None:
        with explained():
            if self._by_webhook:
                await self._webhook.delete_message(int(ref))
            else:
                messages = self._client.get_partial_messageable(int(self._address["channel"]))
                await messages.get_partial_message(int(ref)).delete()

    def fallback(self) -> DiscordSurface | None:
        if self._address["kind"] == "direct":
            return None
        if self._address["kind"] == "thread":
            # No thread can be made or written to: the channel it hangs from.
            address = {
                "kind": "channel",
                "channel": self._address["parent"],
                "reply_to": self._address["message"],
                "user": self._address["user"],
            }
        else:
            aside = (
                f"I may not write in <#{self._address['channel']}>, so this is here: who runs that server can give me"
                " View Channel and Send Messages (in threads too) there."
            )
            address = {"kind": "direct", "channel": "0", "user": self._address["user"], "aside": aside}
        return DiscordSurface(self._client, self._wire, address, pace=self._pace)

    @property
    def _by_webhook(self) -> bool:
        return self._address["kind"] == "interaction" and time.time() < float(self._address["until"])

    @contextmanager
    def _token(self) -> Generator[None, None, None]:
        """Calls with an interaction's token. One that ended early is not used again: the bot may change the same
        messages in the channel by itself.
        """
        try:
            yield
        except discord.HTTPException as error:
            if error.code not in _TOKEN_ENDED:
                raise
            self._address["until"] = "0"
            raise BrokenError("the interaction's token ended") from None

    @property
    def _webhook(self) -> discord.Webhook:
        return discord.Webhook.partial(int(self._address["app"]), self._address["token"], client=self._client)

    async def _follow_up(self, view: View) -> str:
        if view.number == 0:
            original = self._address["original"]
            await self.edit(original, view)
            return str(original)
        more = _given(view=buttons(view), file=_file(view))
        sent = await self._webhook.send(
            view.text, wait=True, allowed_mentions=_NO_MENTIONS, suppress_embeds=True, **more
        )
        return str(sent.id)

    async def _channel(self) -> discord.abc.Messageable:
        if self._address["kind"] == "direct" and self._address["channel"] == "0":
            user = await self._client.fetch_user(int(self._address["user"]))
            self._address["channel"] = str((user.dm_channel or await user.create_dm()).id)
        if self._address["kind"] == "thread" and self._address.get("made") != "yes":
            await self._make_thread()
        return self._client.get_partial_messageable(int(self._address["channel"]))

    async def _make_thread(self) -> None:
        """A thread of a message has the message's id, so it is known before it is made, and found when it was."""
        parent = self._client.get_partial_messageable(
            int(self._address["parent"]), guild_id=int(self._address["guild"])
        )
        try:
            await parent.get_partial_message(int(self._address["message"])).create_thread(name=self._address["title"])
        except discord.HTTPException as error:
            if error.code != _EXISTS:
                raise
        self._address["made"] = "yes"

    async def _unarchive(self) -> None:
        """A thread that fell asleep takes no edits; woken, it takes them again."""
        thread = await self._client.fetch_channel(int(self._address["channel"]))
        if not isinstance(thread, discord.Thread):
            raise MissingError("archived")
        await thread.edit(archived=False)
        raise BrokenError("the thread was archived; it is open again")

    def _reference(self, view: View) -> discord.MessageReference | None:
        answered = self._address.get("reply_to")
        if answered is None or view.number:
            return None
        return discord.MessageReference(
            message_id=int(answered), channel_id=int(self._address["channel"]), fail_if_not_exists=False
        )


def _given(**options: Any) -> dict[str, Any]:
    """Those that are not None: discord.py knows absent from None."""
    return {name: value for name, value in options.items() if value is not None}


def _file(view: View) -> discord.File | None:
    return discord.File(io.BytesIO(view.file.encode()), "answer.md") if view.file else None


def _nonce(view: View, lost: int) -> str:
    """The same for the same message of the same answer, so that Discord posts it once whoever tries again."""
    return hashlib.sha256(f"{view.turn_id}/{view.number}/{lost}".encode()).hexdigest()[:24]


def buttons(view: View) -> discord.ui.View | None:
    """The buttons of a message; None takes them away. Clicks are read from their ids, so no view is kept in memory."""
    shown: Mapping[str, tuple[str, ...]] = {"none": (), "stop": ("stop",), "again": ("again", "up", "down")}
    actions = shown[view.controls]
    if not actions:
        return None
    made = discord.ui.View(timeout=None)
    for action in actions:
        label: str | None = LABELS[action] if action in {"stop", "again"} else None
        made.add_item(
            discord.ui.Button[Any](label=label, emoji=_EMOJI[action], custom_id=button_id(action, view.turn_id))
        )
    made.stop()
    return made
