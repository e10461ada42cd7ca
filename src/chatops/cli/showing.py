"""A turn of `ask` on its way to where it is shown."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from chatops.cli.output import Output, Thinking, show
from chatops.engine.errors import ChatopsError
from chatops.engine.events import ReasoningDelta, Record, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Message, local_principal

if TYPE_CHECKING:
    from chatops.cli.waiting import Spinner
    from chatops.engine.service import Engine

ME = local_principal()


class Showing:
    """Takes the turn's records as they come.

    `message`: the answer, once it is over. `asked`: the model that was asked first, as "provider:model".
    """

    def __init__(self, shown: Output, thinking: Thinking | None, spinner: Spinner) -> None:
        self.shown = shown
        self.message: Message | None = None
        self.asked = ""
        self._thinking = thinking
        self._spinner = spinner
        self._turn = ""
        self._seq = 0

    @property
    def complete(self) -> bool:
        return self.message is not None and self.message.status == "complete"

    def take(self, record: Record) -> None:
        self._seq, event = record
        if isinstance(event, TextDelta | ReasoningDelta | TurnFinished):
            self._spinner.stop()
        if isinstance(event, TurnStarted):
            self._turn = event.message.id
            self.asked = f"{event.message.provider}:{event.message.model}"
        if isinstance(event, TurnFinished):
            self.message = event.message
        show(event, self.shown, self._thinking)

    async def stop(self, engine: Engine) -> None:
        """Stops the turn and shows what came until then: what is kept is what was shown, to the letter."""
        if not self._turn:
            return
        with suppress(ChatopsError):  # its own end, or a server that is gone
            await engine.stop(ME, self._turn)
            async with aclosing(engine.attach(ME, self._turn, after=self._seq)) as events:
                async for record in events:
                    self.take(record)
