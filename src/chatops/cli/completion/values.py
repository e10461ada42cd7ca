"""The lists that values come from: models, presets, providers, settings, conversations, tags. No provider is asked."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatops.engine.ports import Store
    from chatops.settings import Settings

MOST = 50
"""Conversations that are offered: the newest; more would be no help."""
TAGGED = 500
"""Conversations whose tags are offered: the newest, for there is no list of tags."""

Values = dict[str, str]
"""Words with their explanation."""


def values(kind: str, settings: Settings, start: str) -> Values:
    """What there is of a kind that begins with `start`. Raises `ChatopsError` when it cannot be read."""
    found = _LISTS[kind](settings, start) if kind in _LISTS else {}
    return {word: said for word, said in found.items() if word.startswith(start)}


def _models(settings: Settings, start: str) -> Values:
    """Those that are known, aliases, and a provider's bare name; of providers with a key, where a choice is left."""
    from chatops.catalog import catalog

    models = catalog(settings, os.environ)
    usable = {one.name for one in settings.providers.values() if one.kind == "local" or one.has_key(os.environ)}
    named = start.partition(":")[0] if ":" in start else None
    ids = [id_ for id_, spec in models.known.items() if spec.provider in usable or spec.provider == named]
    return {**dict.fromkeys(ids, ""), **models.aliases}


def _presets(settings: Settings, _: str) -> Values:
    return {name: preset.system or preset.prompt or preset.model or "" for name, preset in settings.presets.items()}


def _providers(settings: Settings, _: str) -> Values:
    return {name: one.kind for name, one in settings.providers.items()}


def _settings(settings: Settings, _: str) -> Values:
    from chatops import schema

    known = [name for name, check in schema.KEYS.items() if callable(check)]
    return dict.fromkeys([*known, *(schema.shown(key) for key in settings.origins)], "")


def _conversations(settings: Settings, start: str) -> Values:
    from chatops.engine.errors import NotFoundError
    from chatops.engine.messages import LOCAL_OWNER

    async def read(store: Store) -> Values:
        if not start:
            return {one.id: one.title for one in await store.conversations(LOCAL_OWNER, limit=MOST)}
        found: Values = {}
        for id_ in await store.conversation_ids(LOCAL_OWNER, start, limit=MOST):
            with suppress(NotFoundError):  # it was deleted in between
                found[id_] = (await store.conversation(LOCAL_OWNER, id_)).title
        return found

    return _read(settings, read)


def _tags(settings: Settings, _: str) -> Values:
    """Those of the newest conversations."""
    from chatops.engine.messages import LOCAL_OWNER

    async def read(store: Store) -> Values:
        newest = await store.conversations(LOCAL_OWNER, limit=TAGGED, archived=None)
        return dict.fromkeys(sorted({tag for one in newest for tag in one.tags}), "")

    return _read(settings, read)


def _read(settings: Settings, read: Callable[[Store], Awaitable[Values]]) -> Values:
    """What `read` finds in the database; nothing, and no new database, where there is none."""
    import asyncio

    from chatops.bootstrap import open_store

    async def run() -> Values:
        store = await open_store(settings.database, mongo_driver=settings.mongo_driver)
        try:
            return await read(store)
        finally:
            await store.aclose()

    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        return {}
    return asyncio.run(run())


_LISTS: Mapping[str, Callable[[Settings, str], Values]] = {
    "model": _models,
    "preset": _presets,
    "provider": _providers,
    "setting": _settings,
    "conversation": _conversations,
    "tag": _tags,
}
