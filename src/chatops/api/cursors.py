"""Where a page ends, as an opaque text that names the place by what lies there, so that inserts move nothing."""

from __future__ import annotations

import base64
import binascii
import json

from chatops.engine.errors import InvalidRequestError

Place = list[int | str]


def written(*place: int | str) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read(cursor: str, *kinds: type) -> Place:
    """What `written` was given. Raises `InvalidRequestError` when it was not from us."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise InvalidRequestError("the cursor is none of this list's: begin again without it")
    return place
