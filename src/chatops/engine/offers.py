"""Which models a provider offers, asked with patience."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from chatops.engine.errors import PROVIDER_UNREACHABLE, ChatopsError, ProviderUnavailableError
from chatops.engine.ports import Provider

PATIENCE = 5.0
"""Seconds that a provider has to list its models."""


async def offered(
    providers: Mapping[str, Provider], name: str, *, patience: float = PATIENCE
) -> list[str] | ChatopsError:
    """A provider's models, or why it did not list them within `patience` seconds."""
    try:
        # Making a provider may run `api_key_cmd`.
        provider = await asyncio.to_thread(providers.__getitem__, name)
        async with asyncio.timeout(patience):
            return await provider.models()
    except TimeoutError:
        return ProviderUnavailableError(
            f"{name} did not list its models within {patience:g} s", provider=name, code=PROVIDER_UNREACHABLE
        )
    except ChatopsError as error:
        return error
