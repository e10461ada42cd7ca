"""Puts a prompt together: arguments, standard input, files, the editor, attachments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chatops.engine.errors import InvalidRequestError
from chatops.engine.requests import MAX_ATTACHMENT_BYTES, MAX_TEXT_BYTES, Attachment
from chatops.engine.sniffing import media_type


def compose(words: Sequence[str], files: Sequence[str], *, stdin: int | None, edit: bool = False) -> str:
    """The text to send: files, then standard input, as context; a blank line; then the words.

    Args:
        words: The arguments; a lone `-` stands for standard input.
        files: Paths of text files; `-` is standard input.
        stdin: File descriptor to read when something is piped in, None on a terminal.
        edit: Open the text in the person's editor first.

    Raises:
        InvalidRequestError: A file is missing, unreadable, no UTF-8 text, or too large.
    """
    reads_input = "-" in files or tuple(words) == ("-",)
    if reads_input and stdin is None:
        raise InvalidRequestError("nothing is piped into standard input (-)")
    prompt = "" if tuple(words) == ("-",) else " ".join(words)
    piped = _decode(_read_fd(stdin), "standard input").rstrip("\n") if stdin is not None else ""
    context = [_quote(name, read_text(name)) for name in files if name != "-"]
    text = "\n\n".join(piece for piece in (*context, piped, prompt) if piece.strip())
    if not edit:
        return text
    from chatops.cli.editor import edited

    return edited(text, "prompt.md").strip()


def attach(paths: Sequence[str]) -> tuple[Attachment, ...]:
    """Reads images, PDFs and text files; what they are is told by their content, not by their names.

    Raises:
        InvalidRequestError: A file is missing, unreadable, too large, or of no kind that models take.
    """
    attachments = []
    for name in paths:
        data = _read(name, MAX_ATTACHMENT_BYTES)
        found = media_type(data)
        if found is None:
            raise InvalidRequestError(f"{name} is no PNG, JPEG, GIF, WebP, PDF or UTF-8 text: models take nothing else")
        attachments.append(Attachment(name=Path(name).name, media_type=found, data=data))
    return tuple(attachments)


def _read(name: str, limit: int) -> bytes:
    try:
        with Path(name).expanduser().open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InvalidRequestError(f"cannot read {name}: {error.strerror}") from None
    if len(data) > limit:
        raise InvalidRequestError(f"{name} is larger than {limit:,} bytes")
    return data


def read_text(name: str) -> str:
    """A text file. Raises `InvalidRequestError` when it is missing, unreadable, too large or no UTF-8."""
    return _decode(_read(name, MAX_TEXT_BYTES), name)


def _read_fd(fd: int) -> bytes:
    chunks, size = [], 0
    while chunk := os.read(fd, 65536):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_TEXT_BYTES:
            raise InvalidRequestError(f"standard input is larger than {MAX_TEXT_BYTES:,} bytes: send a part of it")
    return b"".join(chunks)


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"{name} is not UTF-8 text (byte {error.start}): convert it (iconv), or attach an image or PDF with -a"
        ) from None


def _quote(name: str, text: str) -> str:
    """A file as a fenced block under its name; the fence is longer than any in the text."""
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{name}:\n{fence}\n{text.rstrip()}\n{fence}"
