"""A provider that says the last message back, word by word: for tests and demonstrations, never chosen by default.

The model's name tells what happens, its parts joined by hyphens, `echo:plain-d20-n500`:

    plain     (first, any word) says the message back
    dN        waits N milliseconds before each word
    nN        answers with N words, the message's over and over
    rN        thinks N words first
    cutN      breaks the stream after N words
    429, ...  refuses with this HTTP status, before the first word
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

from chatops.engine.errors import PROVIDER_MODEL_MISSING
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.faults import Faults

if TYPE_CHECKING:
    from chatops.engine.ports import Provider

_PART = re.compile(r"(d|n|r|cut|)([0-9]{1,6})")
_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    delay: float = 0.0
    words: int | None = None
    thoughts: int = 0
    cut: int | None = None
    status: int | None = None


class EchoProvider:
    """A `Provider` that needs nothing."""

    def __init__(self, name: str = "echo") -> None:
        self.name = name
        self._faults = Faults(name)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        """As `Provider.stream`; counts words as tokens."""
        script = self._script(request.model)
        if script.status is not None:
            raise self._faults.refused(script.status, {}, b"as the model's name asks")
        for _ in range(script.thoughts):
            await asyncio.sleep(script.delay)
            yield ReasoningDelta("hm ")
        words = _answer(request, script)
        limit = request.sampling.max_tokens
        for number, word in enumerate(words[:limit]):
            if number == script.cut:
                break
            await asyncio.sleep(script.delay)
            yield TextDelta(word)
        if script.cut is not None:
            raise self._faults.cut("broke its stream, as the model's name asks")
        asked = sum(len(_WORD.findall(message.text)) for message in request.messages)
        yield UsageUpdated(Usage(input_tokens=asked, output_tokens=len(words[:limit])))
        yield Finished("stop" if limit is None or len(words) <= limit else "length", request.model)

    def _script(self, model: str) -> _Script:
        fields = {"d": "delay", "n": "words", "r": "thoughts", "cut": "cut", "": "status"}
        found: dict[str, float | int] = {}
        for part in model.split("-")[1:]:
            if (match := _PART.fullmatch(part)) is None:
                raise self._faults.rejected(f"has no model {model}: {part!r} says nothing", code=PROVIDER_MODEL_MISSING)
            found[fields[match[1]]] = int(match[2])
        return _Script(**{**found, "delay": found.get("delay", 0) / 1000})  # type: ignore[arg-type]  # ints but one

    async def models(self) -> list[str]:
        """As `Provider.models`; a model with parts is not listed."""
        return ["plain"]

    def payload(self, request: ChatRequest) -> dict[str, object]:
        """As `Provider.payload`."""
        messages = [{"role": message.role, "content": message.text} for message in request.messages]
        return {"model": request.model, "messages": messages}

    async def aclose(self) -> None:
        """Nothing is open."""


def _answer(request: ChatRequest, script: _Script) -> list[str]:
    text = request.messages[-1].text
    if script.words is None or not text.strip():
        return _WORD.findall(text)
    words = islice(cycle(text.split()), script.words)
    return [f" {word}" if number else word for number, word in enumerate(words)]


if TYPE_CHECKING:
    _: Provider = EchoProvider()
