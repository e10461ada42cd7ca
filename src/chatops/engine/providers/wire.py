"""What a protocol's pure half gives to its transports, and the way from bytes to events that all of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from chatops.engine.errors import ProviderError
from chatops.engine.events import ProviderEvent, ReasoningDelta, TextDelta
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import sse
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.storable import Joiner

Json = dict[str, Any]
MAX_COUNT = 2**53
"""Above this a number of tokens is nonsense, and no JavaScript client could read it."""


class EventDecoder(Protocol):
    """Turns the JSON events of one answer into ours."""

    done: bool
    """The server said that nothing follows."""

    def chunk(self, data: Json) -> list[ProviderEvent]:
        """Raises `ProviderError` when the event is an error."""
        ...

    def end(self) -> list[ProviderEvent]:
        """The last events; `Finished` closes them.

        Raises:
            ProviderUnavailableError: The stream ended without a finish reason (`provider_stream_cut`).
        """
        ...


class Wire(NamedTuple):
    """One protocol, without any I/O.

    Attributes:
        official: Base URL of the service that defined it.
        domains: Where that service answers, in all its regions.
        path: Where an answer is asked for, under the base URL.
        models_path: Where the models are listed.
        key_variable: The environment variable its users know.
        body: A request's JSON; `official` is whether it goes to that service itself.
        headers: What goes with every request for a key and, again, whether it goes to that service.
        decoder: Makes the decoder of one answer.
    """

    official: str
    domains: tuple[str, ...]
    path: str
    models_path: str
    key_variable: str
    body: Callable[[ChatRequest, bool], dict[str, object]]
    headers: Callable[[str, bool], dict[str, str]]
    decoder: Callable[[Faults], EventDecoder]


class Reader:
    """Bytes of one answer in, events out. Neighbouring deltas that came in one read come out as one."""

    __slots__ = ("_decoder", "_empty", "_faults", "_loads", "_sse", "done")

    def __init__(self, decoder: EventDecoder, faults: Faults, loads: Callable[[str], object] = json.loads) -> None:
        """`loads`: reads JSON; raises `ValueError` or `RecursionError` for what it cannot read."""
        self._decoder = decoder
        self._faults = faults
        self._loads = loads
        self._sse = sse.Decoder()
        self.done = False
        self._empty = True

    def feed(self, data: bytes) -> Iterator[ProviderEvent]:
        """Raises `ProviderError` after the events that came before it."""
        events: list[ProviderEvent] = []
        try:
            for event in self._sse.feed(data):
                events += self._event(event.data)
                if self.done:
                    break
        except ProviderError:
            yield from merged(events)
            raise
        except sse.EventTooLargeError as error:
            raise self._faults.cut(f"sent {error}") from None
        yield from merged(events)

    def _event(self, text: str) -> list[ProviderEvent]:
        if not text.strip():
            return []
        self._empty = False
        if text.startswith("[DONE]"):
            self.done = True
            return []
        try:
            data = self._loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise self._faults.cut("sent an event that is no JSON object")
        events = self._decoder.chunk(data)
        self.done = self._decoder.done
        return events

    def end(self) -> list[ProviderEvent]:
        """Raises as `EventDecoder.end`."""
        if self._empty:
            raise self._faults.cut("ended its answer before it began: is its base_url right?")
        return self._decoder.end()


class Deltas:
    """The two texts of one answer, made storable; whatever is no string or empty gives no event."""

    __slots__ = ("_reasoning", "_text")

    def __init__(self) -> None:
        self._text = Joiner()
        self._reasoning = Joiner()

    def text(self, piece: object) -> list[ProviderEvent]:
        text = self._text.feed(piece) if isinstance(piece, str) else ""
        return [TextDelta(text)] if text else []

    def reasoning(self, piece: object) -> list[ProviderEvent]:
        text = self._reasoning.feed(piece) if isinstance(piece, str) else ""
        return [ReasoningDelta(text)] if text else []

    def rest(self) -> list[ProviderEvent]:
        """What is left of characters whose other half never came."""
        reasoning, text = self._reasoning.end(), self._text.end()
        return [*([ReasoningDelta(reasoning)] if reasoning else []), *([TextDelta(text)] if text else [])]


def merged(events: list[ProviderEvent]) -> Iterator[ProviderEvent]:
    """The same events with neighbouring deltas of a kind joined."""
    run: list[str] = []
    kind: type[TextDelta | ReasoningDelta] | None = None
    for event in events:
        if isinstance(event, TextDelta | ReasoningDelta):
            if kind is not type(event) and kind is not None:
                yield kind("".join(run))
                run = []
            kind = type(event)
            run.append(event.text)
            continue
        if kind is not None:
            yield kind("".join(run))
            run, kind = [], None
        yield event
    if kind is not None:
        yield kind("".join(run))


def count(data: Mapping[str, Any], *path: str) -> int:
    """The number of tokens at a path of keys; 0 for what is absent or no sane count."""
    value: Any = data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT else 0


def model_names(body: bytes) -> list[str]:
    """Ids in a list of models, sorted.

    Raises:
        ValueError: It is no such list.
    """
    data = json.loads(body)
    items = data.get("data") if isinstance(data, dict) else data
    if not isinstance(items, list):
        raise ValueError("no list")  # noqa: TRY004 - a caller has one thing to catch
    return sorted({item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)})
