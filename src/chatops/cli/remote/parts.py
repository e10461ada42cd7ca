"""The UI message stream read back: server-sent events to parts, parts to a turn's events. Pure.

The other half of `api.ui_stream` and `api.frames`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from chatops.cli.remote.shapes import Json, moment, usage_of
from chatops.engine.events import Entitled, Event, ReasoningDelta, TextDelta, TurnStarted, UsageUpdated
from chatops.engine.messages import Conversation, Message

MAX_FRAME = 64 * 2**20


class Frame(NamedTuple):
    """A server-sent event: its id (empty for none) and data."""

    id: str
    data: str


class Frames:
    """Cuts bytes into frames, wherever the pieces end. Comments are left out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Raises `ValueError` for a frame without an end."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        if len(self._rest) > MAX_FRAME:
            raise ValueError("a frame that does not end")
        for block in blocks:
            fields = dict(_field(line) for line in block.decode("utf-8", "replace").split("\n") if line)
            if "data" in fields:
                yield Frame(fields.get("id", ""), fields["data"])


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


class Turns:
    """Makes a turn's events from its parts, and keeps what is known of its message.

    Attributes:
        conversation: None before the turn has begun.
        message: Its answer as it stood at the beginning.
        text: What came of the answer.
        done: The stream has ended as it should.
    """

    def __init__(self, now: int) -> None:
        self._now = now
        self._start: Json | None = None
        self.conversation: Conversation | None = None
        self.message: Message | None = None
        self.text = ""
        self.reasoning = ""
        self.error: Json | None = None
        self.end: Json = {}
        self.done = False

    def events(self, data: str) -> list[Event]:
        """The events of the next frame's data; the turn's end is the caller's to tell, when `done`.

        Raises:
            ValueError: It is none of a UI message stream.
        """
        if data == "[DONE]":
            self.done = True
            return []
        part: Any = json.loads(data)
        if not isinstance(part, dict):
            raise ValueError("a part that is no object")  # noqa: TRY004 - it is what came that is wrong
        try:
            return self._take(part)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a part that lacks something: {error}") from None

    def _take(self, part: Json) -> list[Event]:
        match part["type"]:
            case "start":
                self._start = part
            case "data-conversation" if self.conversation is None and self._start is not None:
                return [self._began(part["data"], self._start)]
            case "data-conversation" if self.conversation is not None:
                return [Entitled(part["data"]["id"], part["data"]["title"])]
            case "text-delta" if part["delta"]:
                self.text += part["delta"]
                return [TextDelta(part["delta"])]
            case "reasoning-delta" if part["delta"]:
                self.reasoning += part["delta"]
                return [ReasoningDelta(part["delta"])]
            case "data-usage":
                return [UsageUpdated(usage_of(part["data"]))]
            case "data-error":
                self.error = part["data"]
            case "finish" | "abort" | "error":
                self.end = part
            case _:
                pass
        return []

    def _began(self, data: Json, start: Json) -> TurnStarted:
        about = start.get("messageMetadata", {})
        provider, _, model = about.get("model", "").partition(":")
        self.conversation = Conversation(
            id=data["id"],
            owner_id="",
            title=data["title"],
            created_at=moment(data["created_at"]) if "created_at" in data else self._now,
            updated_at=self._now,
        )
        self.message = Message(
            id=start["messageId"],
            conversation_id=data["id"],
            role="assistant",
            parts=(),
            created_at=self._now,
            parent_id=about.get("parent_id"),
            status="streaming",
            provider=provider or None,
            model=model or None,
        )
        return TurnStarted(self.conversation, self.message)
