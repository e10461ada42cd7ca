"""An answer as it grows: fed by its turn, read by whoever shows it. Feeding never waits for a platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from chatops.bots import sentences
from chatops.engine.errors import ChatopsError, NotFoundError, StoreError
from chatops.engine.events import TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Message, Principal
from chatops.engine.service import Engine

POLL = 1.0
"""Seconds between looks at an answer that another process writes."""


class Answer:
    """The text so far, and how it ended. `note` is the sentence below an answer that did not end by itself.

    Args:
        pressable: Whether it has buttons: it is a turn's answer, and no notice of our own.
    """

    def __init__(self, turn_id: str, *, pressable: bool = True) -> None:
        self.turn_id = turn_id
        self.pressable = pressable
        self.over = False
        self.note = ""
        self.version = 0
        self.ended: list[Callable[[], None]] = []
        """Called once, when it is over."""
        self._chunks: list[str] = []
        self._changed = asyncio.Event()

    @property
    def text(self) -> str:
        if len(self._chunks) > 1:
            self._chunks[:] = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    def begin(self, text: str) -> None:
        """What stands there already (an answer that is continued)."""
        self._chunks[:] = [text]
        self._tell()

    def add(self, text: str) -> None:
        self._chunks.append(text)
        self._tell()

    def end(self, message: Message) -> None:
        """The stored message is the truth, whatever was fed before."""
        self._chunks[:] = [message.text]
        self.close(sentences.note_of(message))

    def close(self, note: str) -> None:
        """Nothing more comes; `note` says why, where that needs saying."""
        self.note = note
        self.over = True
        self._tell()
        for call in self.ended:
            call()

    async def changed(self, seen: int) -> int:
        """Waits until there is more than at version `seen`; returns the version that is."""
        while self.version == seen:
            await self._changed.wait()
        return self.version

    def _tell(self) -> None:
        self.version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


async def follow(engine: Engine, principal: Principal, answer: Answer) -> None:
    """Feeds an answer from its turn: live where it runs, from the store where it is over or runs elsewhere."""
    try:
        async with aclosing(engine.attach(principal, answer.turn_id)) as records:
            async for record in records:
                match record.event:
                    case TurnStarted(_, message):
                        answer.begin(message.text)
                    case TextDelta(text):
                        answer.add(text)
                    case TurnFinished(message):
                        answer.end(message)
    except ChatopsError:
        # It says how the turn ended, after its last event; or the turn is not in this process's log.
        pass
    while not answer.over:
        await _look(engine, principal, answer)


async def _look(engine: Engine, principal: Principal, answer: Answer) -> None:
    """Reads the stored answer, and waits a little when it is not over."""
    try:
        message = await engine.history.message(principal, answer.turn_id)
    except NotFoundError:
        answer.close("⚠ this conversation was deleted")
        return
    except StoreError:
        message = None  # the platform keeps what it shows until the database is back
    if message is not None and message.status != "streaming":
        answer.end(message)
        return
    if message is not None and message.text != answer.text:
        answer.begin(message.text)
    await asyncio.sleep(POLL)
