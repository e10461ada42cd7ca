"""Pieces of messages that several formats make in the same way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable

from chatops.engine.messages import FilePart, Part

Assets = Callable[[str], bytes | None]
"""The bytes of a file of the export by the beginning of its name, None when it is not there."""


def fenced(code: str, language: str = "") -> str:
    """A block of code, with a fence that is longer than any in it; nothing for nothing."""
    if not code.strip():
        return ""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def absent(name: str) -> str:
    """What stands for a file that an export names and does not bring along."""
    return f"[file {name}]"


def file_part(name: str, media_type: str, data: bytes, blobs: dict[str, bytes]) -> FilePart:
    """A file of a message; its bytes go into `blobs`."""
    sha256 = hashlib.sha256(data).hexdigest()
    blobs[sha256] = data
    return FilePart(name=name, media_type=media_type, sha256=sha256, size=len(data))


def flat(parts: Iterable[Part]) -> str:
    """Parts as one text; a file is its name."""
    return "\n\n".join(absent(part.name) if isinstance(part, FilePart) else part.text for part in parts)
