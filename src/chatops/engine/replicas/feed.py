"""One turn of another replica as it is known here: its events, for all who read it in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager, suppress

from chatops.engine.codec import storable
from chatops.engine.errors import ChatopsError, StoreError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Message

COME_AGAIN = "the rest of this answer does not come from the process that writes it just now; read it again in a moment"


class Feed:
    """Grows by `take` until it is over: by the turn's last event, or by `fail`."""

    def __init__(self, turn_id: str) -> None:
        self.turn_id = turn_id
        self.events: list[Event] = []
        self.over = False
        self.readers = 0
        self.heard_at = asyncio.get_running_loop().time()
        """When the last event came, or the first was asked for; by the loop's clock."""
        self.left_at = self.heard_at
        """When its last reader left, if it has none."""
        self._failure: ChatopsError | None = None
        self._changed = asyncio.Event()

    @property
    def started(self) -> TurnStarted | None:
        """The turn's first event, which says whose it is; None: nothing has come yet."""
        first = self.events[0] if self.events else None
        return first if isinstance(first, TurnStarted) else None

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def take(self, last: int, events: Sequence[Event]) -> None:
        """Adds the events of an entry, of which `last` is the number of the last; those that are here already are left
        out. An entry that does not follow ends the feed, since readers must not miss any.
        """
        first = last - len(events) + 1
        if first > len(self.events) + 1:
            self.fail(StoreError(COME_AGAIN))
        fresh = events[len(self.events) + 1 - first :]
        if self.over or not fresh:
            return
        self.events += fresh
        self.over = isinstance(fresh[-1], TurnFinished)
        self._tell()

    def end(self, message: Message) -> None:
        """The store says that the turn ended, and nothing comes any more: the end as its own process would have told
        it, if all of the answer is here. Else the readers must come again, or read what is stored.
        """
        if len(message.text) + len(message.reasoning) <= self._size():
            self.take(len(self.events) + 1, [TurnFinished(message)])
        else:
            self.fail(StoreError(COME_AGAIN))

    def fail(self, error: ChatopsError) -> None:
        """Readers get what is here, then this."""
        if not self.over:
            self._failure = error
            self.over = True
            self._tell()

    async def changed(self, seconds: float) -> None:
        """Waits for the next change, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def read(self, after: int) -> AsyncGenerator[Sequence[Event], None]:
        """As `TurnLog.read`. Raises `StoreError` when the rest cannot be had."""
        with self.used():
            while True:
                changed = self._changed
                if after < len(self.events):
                    batch = self.events[after:]
                    after += len(batch)
                    yield batch
                elif not self.over:
                    await changed.wait()
                elif self._failure is not None:
                    raise self._failure
                else:
                    return

    @contextmanager
    def used(self) -> Generator[None, None, None]:
        """Within it somebody needs this feed."""
        self.readers += 1
        try:
            yield
        finally:
            self.readers -= 1
            self.left_at = asyncio.get_running_loop().time()

    def _tell(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _size(self) -> int:
        """Characters of the answer, as a store counts them."""
        texts = [event.text for event in self.events if isinstance(event, TextDelta)]
        thoughts = [event.text for event in self.events if isinstance(event, ReasoningDelta)]
        begun = self.started.message if self.started else None
        before = len(begun.text) + len(begun.reasoning) if begun else 0
        return before + len(storable("".join(texts))) + len(storable("".join(thoughts)))
