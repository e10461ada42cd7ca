"""A turn's events as server-sent events (html.spec.whatwg.org, 9.2.6), one frame a part, encoded once.

A frame's id is the turn's id and the frame's number, 1, 2, 3, ...: the numbers follow from the events alone, so a
client that comes back with its last id gets exactly the frames that it has not had, from any process.
"""

from __future__ import annotations

import orjson

from chatops.api.ui_stream import Part, UIStream
from chatops.engine.errors import ChatopsError
from chatops.engine.events import Event, TurnFinished

DONE = b"[DONE]"
PING = b": ping\n\n"


class UIFrames:
    """Frames of the AI SDK's UI message stream."""

    def __init__(self, turn_id: str, *, numbered: bool = True) -> None:
        """`numbered`: False where the frames are not those that the turn had when it ran."""
        self._prefix = f"id: {turn_id}:".encode() if numbered else None
        self._parts = UIStream()
        self._sent = 0

    def frames(self, event: Event) -> list[bytes]:
        """The frames of the next event; `[DONE]` follows the last."""
        frames = [self._frame(orjson.dumps(part)) for part in self._parts.parts(event)]
        if isinstance(event, TurnFinished):
            frames.append(self._frame(DONE))
        return frames

    def failed(self, error: ChatopsError) -> list[bytes]:
        """Without ids: a client that comes back asks for what it lacks."""
        parts: list[Part] = [
            {"type": "data-error", "data": {"code": error.code, "message": error.message}, "transient": True},
            {"type": "error", "errorText": error.message},
        ]
        return [b"data: %b\n\n" % data for data in (*map(orjson.dumps, parts), DONE)]

    def _frame(self, data: bytes) -> bytes:
        if self._prefix is None:
            return b"data: %b\n\n" % data
        self._sent += 1
        return b"%b%d\ndata: %b\n\n" % (self._prefix, self._sent, data)


def frames_had(last_event_id: str, turn_id: str) -> int:
    """How many frames of this turn a client has had, by its `Last-Event-ID`; 0 when it is another turn's, or none."""
    of, _, number = last_event_id.rpartition(":")
    return int(number) if of == turn_id and number.isascii() and number.isdigit() and len(number) < 10 else 0  # noqa: PLR2004 - ten digits of frames are no answer's
