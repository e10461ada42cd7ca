"""Where an answer goes: raw text, rendered Markdown, one JSON object, JSON lines, a code block, a file."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from chatops.cli.sanitize import Sanitizer
from chatops.engine.codec import message_json
from chatops.engine.errors import InvalidRequestError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Message
from chatops.engine.models import ModelSpec

Write = Callable[[str], None]

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(.*?)(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
BUILT_IN = "no API key: using the built-in SmolLM2-135M (small, often wrong)"


class Output(Protocol):
    """Takes a turn's events as they come. Each implementation ends its output with a newline."""

    def take(self, event: Event) -> None: ...

    def live(self) -> AbstractAsyncContextManager[None]:
        """Is open while the turn runs; on leaving it, also in the middle, it ends what was begun."""
        ...


class Raw:
    """The text as it comes, byte for byte, and a newline at the end when it has none."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._open = False

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            if self._open:
                self._write("\n")

    def take(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                # Before the write: when the reader is gone, no newline is owed.
                self._open = False
                self._write(text)
                self._open = not text.endswith("\n")
            case TurnStarted(_, message) if message.text:
                self.take(TextDelta(message.text))
            case _:
                pass


class Whole:
    """Nothing until the end, then what `shape` makes of the message; also of a partial one."""

    def __init__(self, write: Write, shape: Callable[[Message], str]) -> None:
        self._write = write
        self._shape = shape

    def live(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def take(self, event: Event) -> None:
        if isinstance(event, TurnFinished):
            text = self._shape(event.message)
            if text:
                self._write(text if text.endswith("\n") else text + "\n")


class Records:
    """The UI message stream's parts, one JSON object a line."""

    def __init__(self, write: Write) -> None:
        from chatops.api.ui_stream import UIStream

        self._write = write
        self._stream = UIStream()

    def take(self, event: Event) -> None:
        for part in self._stream.parts(event):
            self._write(json.dumps(part, ensure_ascii=False, separators=(",", ":")) + "\n")

    def live(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


class Thinking:
    """The model's reasoning, dim, apart from the answer."""

    def __init__(self, note: Write) -> None:
        self._note = note
        self._open = False

    def take(self, event: Event) -> None:
        if isinstance(event, ReasoningDelta):
            self._note(event.text)
            self._open = True
        elif self._open:
            self._open = False
            self._note("\n\n")


def show(event: Event, shown: Output, thinking: Thinking | None) -> None:
    """Hands an event to both: each ends what it has begun before the other writes, since a terminal has one cursor."""
    if thinking is not None and not isinstance(event, ReasoningDelta):
        thinking.take(event)
    shown.take(event)
    if thinking is not None and isinstance(event, ReasoningDelta):
        thinking.take(event)


def as_json(message: Message) -> str:
    """The shape of `history show --json`, with the conversation's id."""
    shape: dict[str, Any] = {**message_json(message), "conversation_id": message.conversation_id}
    return json.dumps(shape, ensure_ascii=False)


def first_code_block(message: Message) -> str:
    """The content of the answer's first fenced code block.

    Raises:
        InvalidRequestError: There is none.
    """
    match = _FENCE.search(message.text)
    if match is None:
        raise InvalidRequestError("the answer holds no code block (--extract)", code="no_code_block")
    return match[2]


def code_blocks(message: Message) -> list[str]:
    """The contents of the answer's fenced code blocks, in order."""
    return [match[2] for match in _FENCE.finditer(message.text)]


def remarks(message: Message, spec: ModelSpec, *, go_on: str) -> Iterator[str]:
    """What a person should know of an answer that its text does not say. `go_on` tells how an answer is continued."""
    answered = f"{message.provider}:{message.model}"
    if answered != spec.id:
        yield f"{spec.id} could not answer; this is {answered}"
    if message.finish_reason == "length":
        yield f"the answer reached its maximum length; {go_on} goes on"
    if message.finish_reason == "content_filter":
        yield f"{answered} held back the answer or the rest of it (content filter)"


def sanitized(write: Write) -> Write:
    """For a terminal: what a model says must not move the cursor, set the clipboard or hide text."""
    sanitizer = Sanitizer()
    return lambda text: write(sanitizer.feed(text))


def to_file(path: str) -> Write:
    """A file at `path`; what it held stays until the first word comes.

    Raises:
        InvalidRequestError: It cannot be written.
    """
    try:
        file = Path(path).expanduser().open("a", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidRequestError(f"cannot write {path}: {error.strerror}") from None
    begun = False

    def write(text: str) -> None:
        nonlocal begun
        if not begun:
            file.truncate(0)
            begun = True
        file.write(text)
        file.flush()

    return write
