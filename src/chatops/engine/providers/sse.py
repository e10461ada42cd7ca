"""Server-sent events from bytes, by the WHATWG standard (html.spec.whatwg.org, 9.2.6), split wherever they may be."""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT = 8 * 1024 * 1024
"""Bytes of one event that are kept; far above any answer's, far below what hurts."""

_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """`name` is empty where the server gave none; several lines of data are joined by LF."""

    name: str
    data: str


class EventTooLargeError(ValueError):
    """An event, or a line that does not end."""


class Decoder:
    """Bytes in, events out. An event that the end of the stream cuts off is none."""

    __slots__ = ("_after_cr", "_data", "_limit", "_name", "_partial", "_size", "_start", "_too_large")

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._partial: list[bytes] = []
        self._data: list[str] = []
        self._name = ""
        self._size = 0
        self._start = True
        self._after_cr = False
        self._too_large = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete.

        Raises:
            EventTooLargeError: There is more than `limit` bytes of an event. The events before it are given first.
        """
        events: list[Event] = []
        for line in [] if self._too_large else self._lines(data):
            content = line.rstrip(b"\r\n")
            self._size += len(content)
            if self._size > self._limit:
                self._too_large = True
                break
            self._partial.append(content)
            if len(content) < len(line):
                self._line(b"".join(self._partial), events)
                self._partial.clear()
        if self._too_large and not events:
            raise EventTooLargeError(f"an event of more than {self._limit} bytes")
        return events

    def _lines(self, data: bytes) -> list[bytes]:
        """Lines with their ends; a CR ends its line at once, and swallows an LF that comes later."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if data.endswith(b"\r"):
            self._after_cr = True
        return data.splitlines(keepends=True)

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._start:
            self._start = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(Event(self._name, "\n".join(self._data)))
            self._data, self._name, self._size = [], "", 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
        else:
            self._size -= len(line)
