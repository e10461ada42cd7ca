"""What the configured providers offer, kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from chatops.engine.models import ModelSpec
from chatops.engine.offers import offered
from chatops.engine.service import Engine

KEPT_SECONDS = 300.0


class Offers:
    """What the providers offer, asked at most every five minutes: a list costs a provider's round trip."""

    def __init__(self, engine: Engine, providers: Sequence[str]) -> None:
        """`providers`: the names of those that may answer."""
        self._engine = engine
        self._providers = providers
        self._asking = asyncio.Lock()
        self._found: list[ModelSpec] = []
        self._until = 0.0

    async def models(self) -> list[ModelSpec]:
        """The default model first. A provider that does not answer is left out until the next time."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._found = await self._ask()
                self._until = time.monotonic() + KEPT_SECONDS
        return self._found

    async def _ask(self) -> list[ModelSpec]:
        catalog, providers = self._engine.catalog, self._engine.providers
        answers = await asyncio.gather(*(offered(providers, name) for name in self._providers))
        found = {catalog.default: catalog.resolve(None)}
        for name, answer in zip(self._providers, answers, strict=True):
            for model in answer if isinstance(answer, list) else []:
                found.setdefault(f"{name}:{model}", catalog.resolve(f"{name}:{model}"))
        return list(found.values())
