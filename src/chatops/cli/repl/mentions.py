"""`@path` in a prompt: the file goes with it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chatops.cli import prompt
from chatops.cli.repl.session import Pending
from chatops.cli.sanitize import sanitize
from chatops.engine.sniffing import TEXT

_MENTION = re.compile(r'(?<![^\s(\[{,;:])@(?:"([^"\n]+)"|([^\s"]+))')
_TRAILING = ".,;:!?)]}'"


def find(text: str) -> list[str]:
    """Mentioned files that are there, as they were written, in order, once each; `@` before anything else is text."""
    found: dict[str, None] = {}
    for match in _MENTION.finditer(text):
        quoted, bare = match.groups()
        names = [quoted] if quoted else [bare, bare.rstrip(_TRAILING)]
        name = next((name for name in names if name and _is_file(name)), None)
        if name is not None:
            found[name] = None
    return list(found)


def _is_file(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def attach(pending: Pending, name: str, *, text_too: bool = True) -> str:
    """Puts a file with the next prompt: an image or PDF as an attachment, a text as a quotation.

    Args:
        pending: Where to.
        name: Its path; `~` is the home folder.
        text_too: Quote a text; otherwise it is an attachment too.

    Returns:
        What was done, for the person.

    Raises:
        InvalidRequestError: It cannot be read, is too large or of no kind that models take.
    """
    (attachment,) = prompt.attach([name])
    if text_too and attachment.media_type == TEXT:
        pending.texts[name] = prompt.compose([], [name], stdin=None)
        return f"{name} goes with the next prompt as text"
    pending.attachments[name] = attachment
    return f"{name} goes with the next prompt ({attachment.media_type}, {len(attachment.data):,} bytes)"


def paths(prefix: str, limit: int = 100) -> list[str]:
    """Files and folders whose path begins with `prefix`, sorted; folders end with a slash. Hidden ones on demand.

    Those whose name could steer a terminal or hide from the eye are left out.
    """
    folder, name = os.path.split(prefix)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:  # noqa: PTH111 - keeps "./" and an empty folder
            found = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(name)
                and sanitize(entry.name) == entry.name
                and (name.startswith(".") or not entry.name.startswith("."))
            )
    except (OSError, ValueError):
        return []
    return [os.path.join(folder, entry) for entry in found[:limit]]  # noqa: PTH118 - as the person began it
