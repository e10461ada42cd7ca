"""The models of the settings."""

from __future__ import annotations

from collections.abc import Mapping

from chatops.engine.models import DEFAULTS, LOCAL_MODEL, Catalog, ModelSpec
from chatops.settings import Settings


def default_model(settings: Settings, env: Mapping[str, str]) -> str:
    """The model when nobody names one: the settings', else that of the first provider with a key, else the embedded.

    `echo` never chooses itself.
    """
    if settings.model is not None:
        return settings.model
    for name in ("openai", "anthropic"):
        provider = settings.providers.get(name)
        if provider is not None and provider.has_key(env):
            return DEFAULTS[name]
    return LOCAL_MODEL


def catalog(settings: Settings, env: Mapping[str, str]) -> Catalog:
    """The models of these settings."""
    specs = [
        ModelSpec(
            id=id_,
            context=said.context,
            max_output=said.max_output,
            fallbacks=said.fallbacks,
            images=said.images,
        )
        for id_, said in settings.models.items()
    ]
    return Catalog(
        providers=settings.providers, default=default_model(settings, env), aliases=settings.aliases, specs=specs
    )
