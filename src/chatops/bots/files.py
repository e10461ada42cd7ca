"""Files that come with a question: images and PDF go to the model as they are, text goes into the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatops.bots.ports import Received
from chatops.engine.errors import InvalidRequestError
from chatops.engine.requests import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MEDIA_TYPES, Attachment

MAX_TEXT_FILE = 512 * 1024
"""Bytes of one text file: some 150,000 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as the platform sent it."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


def check_sizes(sizes: Sequence[tuple[str, int]]) -> None:
    """Before anything is fetched. Raises `InvalidRequestError`."""
    if len(sizes) > MAX_ATTACHMENTS:
        raise InvalidRequestError(f"{len(sizes)} files, {MAX_ATTACHMENTS} at most")
    for name, size in sizes:
        if size > MAX_ATTACHMENT_BYTES:
            raise InvalidRequestError(f"{name} is {size:,} bytes, {MAX_ATTACHMENT_BYTES:,} at most")


def received(files: Sequence[File]) -> Received:
    """The files as a turn takes them.

    Raises:
        InvalidRequestError: One is of a kind that no model takes, or a text too long.
    """
    attachments: list[Attachment] = []
    texts: list[str] = []
    for file in files:
        media_type = file.media_type.partition(";")[0].strip().lower()
        if media_type in MEDIA_TYPES:
            attachments.append(Attachment(name=file.name, media_type=media_type, data=file.data))
        else:
            texts.append(_text(file))
    return Received(attachments=tuple(attachments), text="\n\n".join(texts))


def _text(file: File) -> str:
    """Whatever its name says: a file is text when it reads as UTF-8 without NUL."""
    try:
        text = file.data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidRequestError(
            f"{file.name} is {file.media_type or 'of no known kind'}; I take images, PDF and text"
        )
    if len(file.data) > MAX_TEXT_FILE:
        raise InvalidRequestError(f"{file.name} is {len(file.data):,} bytes of text, {MAX_TEXT_FILE:,} at most")
    fence = "```"
    while fence in text:
        fence += "`"
    return f"File {file.name}:\n\n{fence}\n{text.rstrip()}\n{fence}"
