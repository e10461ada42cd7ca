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


def uuid7(ms: int, bits: int) -> str:
    """The UUIDv7 of a time in Unix milliseconds and the low 74 bits of `bits`, in its canonical text form."""
    number = ms << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
