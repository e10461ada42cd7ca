"""What an export is to look like and where it goes: shared by `chatops history export` and `/export`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.engine.exchange.service import Format

NAMES: dict[str, Format] = {
    "markdown": "markdown",
    "json": "json",
    "html": "html",
    "archive": "archive",
    "md": "markdown",
    "zip": "archive",
}
"""Formats by the names that a person may give them."""
_BY_END: dict[str, Format] = {".markdown": "markdown", ".htm": "html"}


def format_of(said: str | None, file: str | None) -> Format:
    """The format that was said, else that of the file's ending, else Markdown.

    Raises:
        InvalidRequestError: What was said is none.
    """
    if said is None:
        end = Path(file or "").suffix.lower()
        return _BY_END.get(end) or NAMES.get(end.removeprefix("."), "markdown")
    if said not in NAMES:
        raise InvalidRequestError(f"no format {said!r}: there are {', '.join(dict.fromkeys(NAMES.values()))}")
    return NAMES[said]


@contextmanager
def new_file(name: str, *, overwrite: str | None = None) -> Iterator[IO[bytes]]:
    """A private file that is there once it is whole.

    Args:
        name: As the person said it.
        overwrite: What to do if it is there already, to be told; None: replace it.

    Raises:
        InvalidRequestError: It is there, or cannot be written.
    """
    from chatops.files import replacing

    try:
        path = Path(name).expanduser()
        if overwrite is not None and path.exists():
            raise InvalidRequestError(f"{name} exists: {overwrite}")
        with replacing(path, mode=0o600) as file:
            yield file
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; a home that nobody knows
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidRequestError(f"cannot write {name}: {why}") from None
