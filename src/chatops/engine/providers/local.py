"""The embedded model: answers with no key, no server and no network. Small, and often wrong: front ends say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatops.engine.errors import PROVIDER_MODEL_MISSING, ProviderRejectedError
from chatops.engine.events import ProviderEvent
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import llama, openai_wire
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.weights import SMOLLM2, find
from chatops.engine.providers.wire import Json, merged

if TYPE_CHECKING:
    from chatops.engine.ports import Provider

CONTEXT: Final = 2048
"""Tokens of one conversation that the embedded model is given, answer included: a long prompt takes its time."""

SYSTEM: Final = "You are chatops, a helpful AI assistant. Give short, correct answers in English."
_SAMPLING: Final[dict[str, object]] = {"temperature": 0, "dry_multiplier": 0.8}
# The system prompt and the sampling are the best of fifteen pairs tried: with the model's own prompt it babbles.


class LocalProvider:
    """A GGUF model in this process. It is loaded at the first use, or by `load`."""

    def __init__(
        self,
        name: str = "local",
        *,
        cache_dir: Path,
        model_path: Path | None = None,
        slots: int = 2,
        context: int = CONTEXT,
        threads: int = 1,
    ) -> None:
        """See `llama.load` for `slots`, `context` and `threads`.

        Args:
            name: What the settings call it.
            cache_dir: Where `weights.fetch` puts the embedded model's weights.
            model_path: Another GGUF file, used as it is: without the embedded model's system prompt and sampling.
            slots: Answers that can be made at once.
            context: Tokens of one conversation.
            threads: Cores to use.
        """
        self.name = name
        self.model = model_path.stem if model_path else SMOLLM2.model
        self._cache_dir = cache_dir
        self._model_path = model_path
        self._load = partial(llama.load, slots=slots, context=context, threads=threads)
        self._faults = Faults(name)
        self._loading = asyncio.Lock()
        self._server: Any = None
        self._calls: set[llama.Call] = set()

    def weights_path(self) -> Path | None:
        """The model's file; None when the embedded model must be fetched first (`weights.fetch`).

        Raises:
            SettingsError: There is no file at `model_path`.
        """
        return find(self._cache_dir, self._model_path)

    async def load(self) -> None:
        """Loads the model, once. The event loop stands still for 0.2 s: a server does it before it serves.

        Raises:
            ProviderRejectedError: There are no weights yet (`provider_model_missing`).
            SettingsError: This machine cannot run it, or the file is no model.
        """
        async with self._loading:
            if self._server is not None:
                return
            path = self.weights_path()
            if path is None:
                raise self._missing("The built-in model is not here yet: run `chatops models pull` (94 MB, once)")
            await asyncio.to_thread(self._start, path)

    def _start(self, path: Path) -> None:
        # As the result of a future it would stay until the garbage collector comes by, and so would its 200 MB.
        self._server = self._load(path)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        if self._model_path is None and request.model != self.model:
            raise self._missing(f"{self.name} has no model {request.model}, only {self.model}")
        body = self.payload(request)
        await self.load()
        call = llama.Call(self._server, body)
        decoder = openai_wire.Decoder(self._faults)
        self._calls.add(call)
        try:
            async with aclosing(call.batches(request.silence)) as batches:
                async for batch in batches:
                    for event in self._events(decoder, batch):
                        yield event
        except TimeoutError:
            raise self._faults.silent(request.silence) from None
        finally:
            self._calls.discard(call)
        for event in decoder.end():
            yield event

    def _events(self, decoder: openai_wire.Decoder, batch: list[Json]) -> Iterator[ProviderEvent]:
        events: list[ProviderEvent] = []
        try:
            for chunk in batch:
                self._check(chunk)
                events += decoder.chunk({**chunk, "model": self.model})
        finally:
            # What came before an error is the reader's.
            yield from merged(events)

    def _check(self, chunk: Json) -> None:
        error = chunk.get("error")
        if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
            raise self._faults.rejected(
                f"can take {error.get('n_ctx')} tokens, and this prompt with its history has "
                f"{error.get('n_prompt_tokens')}: shorten it, start a new conversation or use a larger model"
            )

    async def models(self) -> list[str]:
        return [self.model]

    def payload(self, request: ChatRequest) -> dict[str, object]:
        # Progress reports are llama.cpp's only occasions to stop while it reads the prompt.
        extra: dict[str, object] = {"return_progress": True}
        if self._model_path is not None:
            return openai_wire.body(request) | extra
        return _SAMPLING | openai_wire.body(replace(request, system=request.system or SYSTEM)) | extra

    async def aclose(self) -> None:
        """Stops what runs and frees the model, as soon as the last call has noticed."""
        for call in self._calls:
            call.stop()
        self._server = None

    def _missing(self, what: str) -> ProviderRejectedError:
        return ProviderRejectedError(what, provider=self.name, code=PROVIDER_MODEL_MISSING)


if TYPE_CHECKING:
    _: Provider = LocalProvider(cache_dir=Path())
