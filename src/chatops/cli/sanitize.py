r"""Takes out of untrusted text what could steer a terminal or hide from the eye. Newline and tab stay.

Removed: escape sequences as a whole (ECMA-48: CSI, OSC, DCS, SOS, PM, APC, two-character ones, 7-bit and 8-bit forms),
other C0 and C1 controls, DEL, bidirectional controls (CVE-2021-42574), invisible characters (zero-width, soft hyphen,
tags, most variation selectors). Joiners and emoji selectors stay where writing needs them. U+2028 and U+2029 become
newlines, lone surrogates U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ESC, _BEL, _CAN, _SUB, _ST = "\x1b", "\x07", "\x18", "\x1a", "\x9c"
_STRINGS = frozenset("]PX^_\x9d\x90\x98\x9e\x9f")
"""What opens a sequence that lasts up to its terminator: OSC, DCS, SOS, PM, APC."""
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = frozenset("\ufe0e\ufe0f")

_MAX_CONTROL = 64
"""Characters that an unfinished CSI sequence may swallow."""
_MAX_STRING = 4096
"""Characters that an unterminated string sequence may swallow; the end of the line ends it too."""

_SPECIAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_EMOJI = re.compile(
    "[0-9#*©®\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff]"
)
# Arabic to Sinhala, Tibetan, Myanmar, Khmer, Mongolian, Balinese to Lepcha, Saurashtra to Meetei, their supplements.
_JOINING = re.compile(
    "[\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u1b00-\u1c4f\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
_REPLACED = {"\u2028": "\n", "\u2029": "\n"}


class Sanitizer:
    """Cleans the pieces of one stream: whatever the split, the output joined is `sanitize` of the input joined."""

    __slots__ = ("_eaten", "_held", "_last", "_state")

    def __init__(self) -> None:
        self._state: Callable[[str], str] = self._text
        self._eaten = 0
        self._last = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """What is safe of `text`; a joiner at the end waits for its neighbour."""
        pieces = []
        position = 0
        while position < len(text):
            if self._state == self._text and not self._held:
                special = _SPECIAL.search(text, position)
                end = special.start() if special else len(text)
                if end > position:
                    pieces.append(text[position:end])
                    self._last = text[end - 1]
                    position = end
                    continue
            pieces.append(self._state(text[position]))
            position += 1
        return "".join(pieces)

    def finish(self) -> str:
        """The end of the stream: what is held or unfinished is dropped. Ready for another stream."""
        self._state, self._eaten, self._last, self._held = self._text, 0, "", ""
        return ""

    def _text(self, char: str) -> str:
        if char == _ESC:
            self._state = self._escape
        elif char == "\x9b":
            self._enter(self._control)
        elif char in _STRINGS and char >= "\x80":
            self._enter(self._string)
        else:
            return self._visible(char)
        return ""

    def _enter(self, state: Callable[[str], str]) -> None:
        self._state = state
        self._eaten = 0

    def _escape(self, char: str) -> str:
        if char == "[":
            self._enter(self._control)
        elif char in _STRINGS and char < "\x80":
            self._enter(self._string)
        elif " " <= char <= "/":
            self._enter(self._charset)
        elif "0" <= char <= "~":
            self._state = self._text
        else:
            return self._leave(char)
        return ""

    def _leave(self, char: str) -> str:
        """No such sequence: `char` is text again."""
        self._state = self._text
        return self._text(char)

    def _charset(self, char: str) -> str:
        """ESC, intermediate characters, a final one: as in ESC ( B."""
        return self._until("0", char)

    def _control(self, char: str) -> str:
        """A CSI sequence ends with a final character."""
        return self._until("@", char)

    def _until(self, first_final: str, char: str) -> str:
        self._eaten += 1
        if first_final <= char <= "~":
            self._state = self._text
            return ""
        return "" if " " <= char < first_final and self._eaten <= _MAX_CONTROL else self._leave(char)

    def _string(self, char: str) -> str:
        self._eaten += 1
        if char in {_BEL, _ST, _CAN, _SUB}:
            self._state = self._text
            return ""
        # An ESC is the first half of the terminator ESC \, or begins another sequence.
        over = char in {"\n", _ESC} or "\x80" <= char <= "\x9f" or self._eaten > _MAX_STRING
        return self._leave(char) if over else ""

    def _visible(self, char: str) -> str:
        if char in _JOINERS:
            self._held = self._held or char
            return ""
        if char in _SELECTORS and not self._held and _EMOJI.match(self._last):
            self._last = char
            return char
        char = _REPLACED.get(char, "\ufffd" if "\ud800" <= char <= "\udfff" else char)
        if _SPECIAL.match(char):
            return ""
        joiner = self._held if self._held and self._joins(char) else ""
        self._held = ""
        self._last = char
        return joiner + char

    def _joins(self, char: str) -> bool:
        if self._held == "\u200d" and _EMOJI.match(char):
            return self._last in _SELECTORS or _EMOJI.match(self._last) is not None
        return _JOINING.match(self._last) is not None and _JOINING.match(char) is not None


def sanitize(text: str) -> str:
    """The whole of `text`, cleaned. Cleaning twice changes nothing more."""
    return text if _SPECIAL.search(text) is None else Sanitizer().feed(text)


def escaped(json_text: str) -> str:
    """JSON in which what `sanitize` would take out stands as an escape: the same JSON, harmless to look at."""
    return _SPECIAL.sub(lambda found: "".join(f"\\u{unit:04x}" for unit in _units(found[0])), json_text)


def _units(char: str) -> list[int]:
    """The UTF-16 code units of a character, of which JSON writes escapes."""
    data = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2)]
