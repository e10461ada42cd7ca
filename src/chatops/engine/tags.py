"""Labels on conversations: one spelling for each, and few enough to be listed by an index."""

from __future__ import annotations

from collections.abc import Iterable

from chatops.engine.errors import InvalidRequestError

MAX_TAGS = 20
MAX_CHARS = 50


def normalised(tags: Iterable[str]) -> tuple[str, ...]:
    """Each once, sorted, case-folded, with single spaces; a leading `#` is dropped.

    Raises:
        InvalidRequestError: One is empty, too long or no text, or there are too many.
    """
    found = sorted({_spelt(tag) for tag in tags})
    if len(found) > MAX_TAGS:
        raise InvalidRequestError(f"{len(found)} tags, {MAX_TAGS} at most")
    return tuple(found)


def _spelt(tag: str) -> str:
    import unicodedata  # here: no one-shot has tags

    words = unicodedata.normalize("NFC", tag).casefold().split()
    spelt = " ".join(words).removeprefix("#").strip()
    if not spelt:
        raise InvalidRequestError("a tag is empty")
    if len(spelt) > MAX_CHARS:
        raise InvalidRequestError(f"the tag {spelt[:20]}… has {len(spelt)} characters, {MAX_CHARS} at most")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in spelt):
        raise InvalidRequestError(f"the tag {spelt!r} holds a character that cannot be shown")
    return spelt
