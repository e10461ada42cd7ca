"""Runs a turn and shows it; Ctrl-C ends it and keeps what there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.cli import output
from chatops.cli.repl.reader import Waiting
from chatops.cli.repl.session import Session
from chatops.cli.waiting import Spinner, fetch_weights
from chatops.engine.errors import ChatopsError, ConflictError, InterruptedTurnError
from chatops.engine.events import Entitled, Event, ReasoningDelta, TextDelta, TurnFinished
from chatops.engine.messages import Message
from chatops.engine.requests import TurnRequest
from chatops.engine.window import SUMMARISE

if TYPE_CHECKING:
    from chatops.engine.requests import Turn

Listening = Callable[[Callable[[], None]], AbstractContextManager[Waiting]]
"""`Reader.listening`."""


class NotBegunError(Exception):
    """The turn could not begin, so the text was not sent; the cause says why."""


async def run(session: Session, request: TurnRequest, listening: Listening) -> Message | None:
    """Runs one turn and prints it as it comes.

    Returns:
        The answer as it is stored; None when Ctrl-C came before the turn began.

    Raises:
        NotBegunError: Nothing was sent.
        ChatopsError: After what there was of the answer: why it is not complete. Not when the person stopped it.
    """
    showing = _Showing(session, request)
    with listening(showing.stop) as waiting:
        try:
            # When the session ends meanwhile, this cancels the task: the engine stores what there is of the answer.
            return await showing.begin(waiting)
        except asyncio.CancelledError:
            if not showing.called_off:
                raise
            session.note("stopped before an answer came")
            return None


class _Showing:
    """One turn on the screen."""

    def __init__(self, session: Session, request: TurnRequest) -> None:
        self._session = session
        self._request = request
        self.turn: Turn | None = None
        self.called_off = False
        self._task: asyncio.Future[Message | None] | None = None
        self._stops: list[asyncio.Future[bool]] = []

    def begin(self, waiting: Waiting) -> asyncio.Future[Message | None]:
        """Runs it, and shows with it what the person types meanwhile."""
        self._task = asyncio.ensure_future(self._run(waiting))
        return self._task

    def stop(self) -> None:
        """What Ctrl-C does: ends the answer, or the wait for its beginning."""
        if self.turn is None:
            self.called_off = True
            if self._task is not None:
                self._task.cancel()
        elif not self._stops:
            self._stops.append(asyncio.ensure_future(self._session.engine.stop(self._session.me, self.turn.id)))

    async def _run(self, waiting: Waiting) -> Message | None:
        session = self._session
        async with Spinner(session.terminal, quiet=session.look.quiet, beside=waiting) as spinner:
            try:
                await self._prepare()
                turn = await self._start()
            except Exception as error:
                raise NotBegunError from error
            self.turn = turn
            session.conversation, session.emptied = turn.conversation, None
            session.asking.system = None
            session.pending.clear()
            await self._entitle(turn)
            return await self._show(turn, spinner, output_for(session, waiting))

    async def _entitle(self, turn: Turn) -> None:
        """Gives a new conversation the title that was chosen for it."""
        session = self._session
        title, session.title = session.title, None
        if title is None:
            return
        try:
            session.conversation = await session.engine.history.rename(session.me, turn.conversation.id, title)
        except ChatopsError as error:
            session.note(f"it is not called {title!r}: {error.message}")

    async def _prepare(self) -> None:
        """Weights and clients come with the first turn that needs them."""
        session = self._session
        provider = session.engine.catalog.resolve(self._request.model).provider
        if provider == "local" and session.engine.is_here:
            await fetch_weights(session.settings, session.terminal)
        if provider in session.engine.providers:
            await asyncio.to_thread(session.engine.providers.__getitem__, provider)

    async def _start(self) -> Turn:
        engine, me = self._session.engine, self._session.me
        try:
            return await engine.start_turn(me, self._request)
        except ConflictError as error:
            if error.code != ConflictError.code:
                raise
            self._session.note("an answer is still being written in this conversation: waiting for its end")
            return await engine.start_turn(me, replace(self._request, on_busy="queue"))

    async def _show(self, turn: Turn, spinner: Spinner, shown: output.Output) -> Message | None:
        session = self._session
        thinking = output.Thinking(session.terminal.note) if session.look.reasoning else None
        message: Message | None = None
        try:
            async with shown.live(), aclosing(session.engine.attach(session.me, turn.id)) as events:
                async for _, event in events:
                    if isinstance(event, TextDelta | ReasoningDelta | TurnFinished):
                        spinner.stop()
                    output.show(event, shown, thinking)
                    message = self._noted(event) or message
        except InterruptedTurnError:
            if not self._stops:
                raise
            session.note("stopped; the answer so far is kept: /continue goes on with it")
        finally:
            await asyncio.gather(*self._stops, return_exceptions=True)
            if message is not None:
                await session.finished(message, summary=self._request.text.startswith(SUMMARISE))
        if message is not None and message.status == "complete":
            spec = session.engine.catalog.resolve(self._request.model)
            for remark in output.remarks(message, spec, go_on="/continue"):
                session.note(remark)
        return message

    def _noted(self, event: Event) -> Message | None:
        """Shows the title once it is known; returns the answer as it is stored, at its end."""
        session = self._session
        if isinstance(event, Entitled) and session.conversation is not None:
            session.conversation = replace(session.conversation, title=event.title)
        return event.message if isinstance(event, TurnFinished) else None


def output_for(session: Session, waiting: Waiting = lambda _: "") -> output.Output:
    """How an answer is shown in this session; `waiting`: what is typed meanwhile, shown where rows can be redrawn."""
    terminal, render = session.terminal, session.look.render
    if render == "always" or (render == "auto" and terminal.stdout_is_tty):
        from chatops.cli.painting import Painted

        return Painted(terminal, below=waiting)
    return output.Raw(output.sanitized(terminal.write) if terminal.stdout_is_tty else terminal.write)


async def show_message(session: Session, message: Message) -> None:
    """An answer that was given before, as it would be shown now."""
    shown = output_for(session)
    async with shown.live():
        if message.text:
            shown.take(TextDelta(message.text))
