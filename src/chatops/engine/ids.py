"""UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits; ids sort by time of creation.

Python has it from 3.14 on. Within a process ids never go back, even when the clock does (method 2 of section 6.2:
the random field is counted up within a millisecond).
"""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last = 0
_RANDOM_BITS = 74


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A new UUIDv7 in its canonical text form."""
    global _last  # noqa: PLW0603 - the monotonic counter is the process's
    fresh = now_ms() << _RANDOM_BITS | int.from_bytes(os.urandom(10), "big") >> 6
    with _lock:
        _last = max(_last + 1, fresh)
        value = _last
    return uuid7(value >> _RANDOM_BITS, value)


def id_for(*names: str) -> str:
    """The id that these names always have: UUIDv8 of their SHA-256 (RFC 9562, section 5.8 and appendix B.2)."""
    import hashlib  # here: it costs 2 ms of a command's start

    told = "".join(f"{len(name)}:{name}" for name in names)  # no two lists of names read the same
    digest = int.from_bytes(hashlib.sha256(told.encode()).digest()[:16], "big")
    return _text(digest & ~(0xF << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62)


def uuid7(ms: int, bits: int) -> str:
    """The UUIDv7 of a time in Unix milliseconds and the low 74 bits of `bits`, in its canonical text form."""
    return _text(ms << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1)


def _text(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
