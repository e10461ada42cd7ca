"""What can go wrong when a message is written, as the reply machine sees it.

SurfaceError
├── LimitedError    429: not before `retry_after` seconds; then with the newest text
├── MissingError    this message is gone or cannot be changed: its text goes into a new one
├── TooLongError    the platform counts differently than we do: smaller parts
├── ClosedError     this place cannot be written to: its fallback
├── StoppedError    who reads it stopped it, by the platform's own means
└── BrokenError     5xx, a reset, silence: the same again, later
"""

from __future__ import annotations


class SurfaceError(Exception):
    """Base of all. The message names the platform's own code, never a token or what was written."""


class LimitedError(SurfaceError):
    def __init__(self, message: str, retry_after: float) -> None:
        """`retry_after`: seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class MissingError(SurfaceError):
    pass


class TooLongError(SurfaceError):
    pass


class ClosedError(SurfaceError):
    pass


class StoppedError(SurfaceError):
    pass


class BrokenError(SurfaceError):
    pass
