"""The lists that values come from: models, presets, providers, settings, conversations. No provider is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatops.settings import Settings

MOST = 50
"""Conversations that are offered: the newest; more would be no help."""

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
    import asyncio

    from chatops.bootstrap import open_store
    from chatops.engine.errors import NotFoundError
    from chatops.engine.messages import LOCAL_OWNER

    async def read() -> Values:
        store = await open_store(settings.database, mongo_driver=settings.mongo_driver)
        found: Values = {}
        try:
            if start:
                for id_ in await store.conversation_ids(LOCAL_OWNER, start, limit=MOST):
                    found[id_] = (await store.conversation(LOCAL_OWNER, id_)).title
            else:
                newest = await store.conversations(LOCAL_OWNER, limit=MOST)
                found = {one.id: one.title for one in newest}
        except NotFoundError:  # one was deleted in between
            pass
        finally:
            await store.aclose()
        return found

    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        return {}
    return asyncio.run(read())


_LISTS: Mapping[str, Callable[[Settings, str], Values]] = {
    "model": _models,
    "preset": _presets,
    "provider": _providers,
    "setting": _settings,
    "conversation": _conversations,
}
