"""The session: read a prompt, run it, and again, until the person or the script is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatops.cli.exits import ExitCode, report
from chatops.cli.repl import mentions, turn
from chatops.cli.repl.reader import Line, Reader
from chatops.cli.repl.registry import Action, Compose, Leave, Prefill, Registry, Send
from chatops.cli.repl.session import Session
from chatops.engine.errors import ChatopsError

if TYPE_CHECKING:
    from chatops.engine.messages import Conversation

TITLE_LOOKS = 30
"""Looks for a title that a model writes, one a second."""


class Loop:
    """One session from its first prompt to its end."""

    def __init__(self, session: Session, reader: Reader, registry: Registry) -> None:
        self._session = session
        self._reader = reader
        self._registry = registry
        self._default = ""
        self._editing: str | None = None
        self._warned = False
        self._watching: asyncio.Task[None] | None = None

    async def run(self) -> ExitCode:
        """Returns how to exit: in a script, the first error's code, which also ends it."""
        try:
            return await self._run()
        finally:
            if self._watching is not None:
                self._watching.cancel()
                await asyncio.gather(self._watching, return_exceptions=True)

    async def _run(self) -> ExitCode:
        while True:
            try:
                line = await self._read()
                action = await self._act(line) if line is not None else None
                if isinstance(action, Leave):
                    return ExitCode.OK
                await self._follow(action)
            except EOFError:
                return ExitCode.OK
            except (ChatopsError, OSError) as error:
                code = report(error, debug=self._session.debug, width=self._session.note_width)
                if not self._session.interactive or isinstance(error, BrokenPipeError):
                    return code

    async def _read(self) -> Line | None:
        """The next prompt; None when there is nothing to do. Two Ctrl-C on an empty prompt leave."""
        default, self._default = self._default, ""
        try:
            line = await self._reader.read(default, editing=self._editing is not None)
        except KeyboardInterrupt:
            if self._warned and self._editing is None:
                raise EOFError from None
            self._warned, self._editing = True, None
            self._session.note("Ctrl-D leaves")
            return None
        self._warned = False
        return line if line.text else None

    async def _act(self, line: Line) -> Action:
        """What a prompt asks for: a command, or a turn."""
        editing, self._editing = self._editing, None
        if line.shown.startswith("/") and not line.shown.startswith("//"):
            return await self._command(line.text)
        text = line.text.removeprefix("/") if line.shown.startswith("//") else line.text
        for name in mentions.find(line.shown) if line.may_mention else ():
            self._session.note(mentions.attach(self._session.pending, name))
        return Send(request=self._session.request(text, editing=editing), text=line.shown)

    async def _command(self, text: str) -> Action:
        """Runs a command; Ctrl-C ends it."""
        task = asyncio.ensure_future(self._registry.run(self._session, text))
        stopped = False

        def stop() -> None:
            nonlocal stopped
            stopped = True
            task.cancel()

        with self._reader.listening(stop):
            try:
                return await task
            except asyncio.CancelledError:
                if not stopped:
                    raise
                self._session.note("stopped")
                return None

    async def _follow(self, action: Action) -> None:
        if isinstance(action, Compose):
            from chatops.cli.prompt import compose

            with self._reader.lent():
                text = await asyncio.to_thread(compose, [action.text], [], stdin=None, edit=True)
            action = Send(request=self._session.request(text), text=text) if text else None
        if isinstance(action, Prefill):
            self._default, self._editing = action.text, action.editing
        if isinstance(action, Send):
            await self._send(action)

    async def _send(self, action: Send) -> None:
        before = self._session.conversation
        try:
            await turn.run(self._session, action.request, self._reader.listening)
        except turn.NotBegunError as error:
            self._default = action.text
            if action.request.kind == "edit" and action.request.message_id != self._session.emptied:
                self._editing = action.request.message_id
            raise error.__cause__ or error from None
        finally:
            if before is None and self._session.conversation is not None and self._session.interactive:
                self._watch(self._session.conversation)

    def _watch(self, conversation: Conversation) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = asyncio.create_task(self._see_title(conversation))

    async def _see_title(self, conversation: Conversation) -> None:
        """A model's title shows as soon as it is there."""
        for _ in range(TITLE_LOOKS if self._session.settings.titles else 0):
            await asyncio.sleep(1)
            try:
                now = await self._session.engine.history.conversation(self._session.me, conversation.id)
            except ChatopsError:
                return
            if now.title != conversation.title:
                mine = self._session.conversation
                if mine is not None and mine.id == now.id:
                    self._session.conversation = now
                    self._reader.refresh()
                return
