"""The order of a person's list of conversations. Pure; for every store."""

from __future__ import annotations

from collections.abc import Iterable

from chatops.engine.messages import Conversation


def newest_first(found: Iterable[Conversation], limit: int) -> list[Conversation]:
    """A page, from the pages of those that are put away and those that are not: each lies in a range of its own."""
    return sorted(found, key=lambda one: (one.updated_at, one.id), reverse=True)[:limit]
