r"""Text that every store, terminal and socket can take.

A model's JSON may hold `\ud83d` without its other half, or `\u0000`: legal in JSON, but not in UTF-8, and not in
every database. A pair that was split over two pieces of a stream is put together again; the rest becomes U+FFFD.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\ud800-\udfff\0]")
_HIGH = ("\ud800", "\udbff")


def storable(text: str) -> str:
    """The text with surrogate pairs joined, and each lone surrogate and NUL replaced by U+FFFD."""
    if _UNSAFE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "\ufffd")


class Joiner:
    """Makes the pieces of one stream storable; their concatenation comes out as `storable` of the whole."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be told so far; a high surrogate at the end waits for the next piece."""
        if not self._held and _UNSAFE.search(text) is None:
            return text
        text = self._held + text
        self._held = text[-1] if text and _HIGH[0] <= text[-1] <= _HIGH[1] else ""
        return storable(text[: len(text) - len(self._held)])

    def end(self) -> str:
        """The replacement for a half that never came, or nothing."""
        held, self._held = self._held, ""
        return storable(held)
