"""One turn of a server, read to its end whatever becomes of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from chatops.cli.remote.faults import UNAVAILABLE, UNREACHABLE, NotTakenError, raise_for
from chatops.cli.remote.http import Answer, Http, segment
from chatops.cli.remote.parts import Frames, Turns
from chatops.cli.remote.shapes import message_of, usage_of
from chatops.engine.codec import error_from
from chatops.engine.errors import ChatopsError, NotFoundError, PermissionDeniedError
from chatops.engine.events import Event, Record, TextDelta, TurnFinished
from chatops.engine.ids import now_ms
from chatops.engine.messages import Message, ReasoningPart, TextPart

WAITS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each new try; one that brought something makes them begin again."""
PATIENCE = 0.5
"""A wait longer than this is for an answer that has begun: a server that was never there is told soon."""


class RemoteTurn:
    """A turn that is asked for and read.

    Args:
        http: The server.
        body: Of `POST /api/chat`: with a `client_id`, so that sending it again is safe, and the conversation's id.
        patience: The longest wait for a server that is not there at the beginning, in seconds.
        waits: Seconds before each new try.
    """

    def __init__(
        self, http: Http, body: dict[str, Any], *, patience: float = PATIENCE, waits: Sequence[float] = WAITS
    ) -> None:
        self._waits = waits
        self._http = http
        self._body = body
        self._patience = patience
        self._stored = body.get("store", True)
        self._turns = Turns(now_ms())
        self._last_id = ""
        self._conversation_id = ""
        self._turn_id = ""
        self._seen = False

    async def records(self) -> AsyncGenerator[Record, None]:
        """Its events, numbered. Raises as `Engine.start_turn`, and after `TurnFinished` as `Engine.attach`."""
        seq = 0
        async with aclosing(self._events()) as events:
            async for event in events:
                seq += 1
                yield Record(seq, event)
                if isinstance(event, TurnFinished):
                    raise_for(event.message, self._http.owner)

    async def _events(self) -> AsyncGenerator[Event, None]:
        waits = iter(self._waits)
        while not self._turns.done:
            self._seen = False
            try:
                async with aclosing(self._connection()) as events:
                    async for event in events:
                        yield event
                self._check_done()
            except ChatopsError as error:
                waits = iter(self._waits) if self._seen else waits
                wait = next(waits, None)
                if wait is None or not self._is_worth_it(error, wait):
                    raise
                await asyncio.sleep(wait)
        message = await self._finished() if self._stored else self._as_told()
        missing = message.text.removeprefix(self._turns.text) if message.text.startswith(self._turns.text) else ""
        if missing:  # it went on while nobody could read it along
            yield TextDelta(missing)
        yield TurnFinished(message)

    def _is_worth_it(self, error: ChatopsError, wait: float) -> bool:
        """Whether asking again after so long may bring more: a server may come back."""
        if not self._turn_id:
            return error.code == UNREACHABLE and wait <= self._patience
        return self._stored and (error.code == UNREACHABLE or isinstance(error, NotTakenError))

    def _check_done(self) -> None:
        if not self._turns.done:
            raise ChatopsError(f"{self._http.url} ended the answer's stream too early", code=UNREACHABLE)

    async def _connection(self) -> AsyncGenerator[Event, None]:
        """What comes over one connection: the turn's beginning, or what is missing of it."""
        if self._turn_id:
            target = f"/api/chat/{segment(self._conversation_id)}/stream"
            call = self._http.open("GET", target, headers={"last-event-id": self._last_id} if self._last_id else {})
        else:
            call = self._http.open("POST", "/api/chat", self._body)
        async with call as answer:
            self._seen = True
            if answer.status == 204 or not self._is_ours(answer):  # noqa: PLR2004 - no stream is kept any more
                self._turns.done = True
                return
            async with aclosing(self._read(answer)) as events:
                async for event in events:
                    yield event

    def _is_ours(self, answer: Answer) -> bool:
        """Whether this stream is the turn's: another may have begun in the conversation since."""
        told = answer.headers.get("x-turn-id", "")
        if not self._turn_id:
            self._turn_id = told
            self._conversation_id = answer.headers.get("x-conversation-id", "")
        if not told:
            raise ChatopsError(f"{self._http.url} does not answer as chatops does", code=UNAVAILABLE)
        return told == self._turn_id

    async def _read(self, answer: Answer) -> AsyncGenerator[Event, None]:
        frames = Frames()
        async for chunk in answer.chunks:
            try:
                for frame in frames.feed(chunk):
                    for event in self._turns.events(frame.data):
                        yield event
                    self._last_id = frame.id or self._last_id
            except ValueError:
                raise ChatopsError(f"{self._http.url} sent what is no answer of chatops", code=UNAVAILABLE) from None
            if self._turns.done:
                return

    async def _finished(self) -> Message:
        """The answer as it is stored; as it was told, when these credentials may not read the history."""
        path = f"/api/conversations/{segment(self._conversation_id)}/messages"
        for wait in (*self._waits, None):
            try:
                page = await self._http.json("GET", path, query={"limit": 1, "leaf_id": self._turn_id})
            except (PermissionDeniedError, NotFoundError):
                return self._as_told()
            except ChatopsError as error:
                if error.code != UNREACHABLE and not isinstance(error, NotTakenError):
                    raise
                if wait is None:
                    return self._as_told()
            else:
                message = message_of(page["messages"][-1], self._conversation_id)
                if message.status != "streaming" or wait is None:
                    return message
            await asyncio.sleep(wait)
        raise AssertionError  # the last round returns

    def _as_told(self) -> Message:
        turns = self._turns
        end = turns.end.get("type")
        if turns.message is None or end is None:
            raise ChatopsError(f"{self._http.url} is gone, and with it the end of the answer", code=UNREACHABLE)
        parts = [ReasoningPart(text=turns.reasoning)] if turns.reasoning else []
        about = turns.end.get("messageMetadata", {})
        provider, _, model = about.get("model", "").partition(":")
        return replace(
            turns.message,
            provider=provider or turns.message.provider,
            model=model or turns.message.model,
            parts=(*parts, *([TextPart(text=turns.text)] if turns.text else [])),
            status={"finish": "complete", "abort": "interrupted"}.get(end, "failed"),  # type: ignore[arg-type]  # a status
            finish_reason=about.get("finish_reason"),
            usage=usage_of(about["usage"]) if "usage" in about else None,
            error=error_from(turns.error) if turns.error else None,
        )
