"""What arguments of commands have in common."""

from __future__ import annotations

from chatops.engine.errors import InvalidRequestError


def count(said: str, what: str, default: int = 1) -> int:
    """A whole number above 0, `default` when nothing was said.

    Raises:
        InvalidRequestError: It is something else.
    """
    if not said:
        return default
    if said.isascii() and said.isdigit() and int(said[:9]) > 0:
        return int(said[:9])
    raise InvalidRequestError(f"{said!r} is no {what}: give a whole number above 0")


def required(said: str, usage: str) -> str:
    """Raises `InvalidRequestError` when nothing was said."""
    if not said:
        raise InvalidRequestError(f"something is missing: {usage}")
    return said
