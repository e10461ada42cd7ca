"""Reads our own archive back. It may come from anybody: what it says is checked before it is believed."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import groupby
from json import loads
from typing import Any

from chatops.engine.codec import message_from
from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.exchange.archive import BLOBS, CONVERSATIONS, FORMAT, MANIFEST, VERSION
from chatops.engine.exchange.fields import clean
from chatops.engine.exchange.sources import MAX_RECORD_BYTES, Members
from chatops.engine.exchange.trees import BadRecordError, Tree
from chatops.engine.messages import Conversation, FilePart, Message
from chatops.engine.requests import MAX_ATTACHMENT_BYTES, MAX_TEXT_BYTES, NAME
from chatops.engine.tags import normalised

_SHA256 = re.compile(r"[0-9a-f]{64}")
_IDS = frozenset({"id", "conversation_id", "parent_id", "leaf_id"})
_NUMBERS = frozenset({"created_at", "updated_at", "expires_at", "seq", "tokens"})
_MOST = 253_402_300_800_000
"""A time past the year 9999 cannot be shown."""
_CHOICES: dict[str, set[str | None]] = {
    "role": {"user", "assistant"},
    "status": {"complete", "interrupted", "failed"},
    "finish_reason": {None, "stop", "length", "tool_calls", "content_filter"},
}


def is_archive(files: Members) -> bool:
    """Whether these are the members of an archive of ours.

    Raises:
        InvalidRequestError: They are, of a newer version than this program can read.
    """
    if CONVERSATIONS not in files.namelist() or MANIFEST not in files.namelist():
        return False
    with files.open(MANIFEST) as file:
        try:
            manifest = loads(file.read(4096))
        except ValueError:
            return False
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return False
    version = manifest.get("version")
    if version != VERSION:
        raise InvalidRequestError(
            f"this archive is of version {version!r}, this program reads {VERSION}: update chatops"
        )
    return True


def read(files: Members, owner_id: str) -> Iterator[Tree | BadRecordError]:
    """The conversations of an archive, one at a time; read each one's messages before the next."""
    with files.open(CONVERSATIONS) as file:
        numbered = _numbered(iter(lambda: file.readline(MAX_RECORD_BYTES), b""))
        for _, lines in groupby(numbered, key=lambda line: line[0]):
            _, place, head = next(lines)
            conversation = _conversation(head, owner_id)
            if conversation is None:
                yield BadRecordError(f"{place}: it is no record of a conversation")
                continue
            faults: list[str] = []
            yield Tree(
                conversation=conversation,
                messages=_messages(lines, conversation, faults),  # noqa: B031 - read before the next group
                blob=lambda sha256: _blob(files, sha256),
                faults=faults,
                native=True,
            )


_Line = tuple[int, str, Any]


def _numbered(lines: Iterator[bytes]) -> Iterator[_Line]:
    """Each line's conversation (counted), place and content, None for a line that is no record."""
    count = 0
    for number, line in enumerate(lines, 1):
        record = _record(line)
        count += record is not None and "conversation" in record
        yield count, f"{CONVERSATIONS}, line {number}", record


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _conversation(record: dict[str, Any] | None, owner_id: str) -> Conversation | None:
    """The conversation of a line, None when it is no record of one."""
    known = {field.name for field in fields(Conversation)} - {"owner_id"}
    try:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in (record or {})["conversation"].items()
            if name in known
        }
        conversation = Conversation(**values, owner_id=owner_id)
        _check(conversation)
        _check_text(conversation.title, conversation.model or "", conversation.system or "")
        if conversation.tags != normalised(conversation.tags) or not isinstance(conversation.archived, bool):
            return None
    except (InvalidRequestError, AttributeError, KeyError, TypeError, ValueError):
        return None
    return conversation


def _message(record: dict[str, Any] | None, conversation: Conversation, after: int) -> Message | None:
    """The message of a line, None when it is no record of one of this conversation past number `after`."""
    try:
        message = message_from((record or {})["message"])
        _check(message)
        for part in message.parts:
            _check_text(*((part.name, part.media_type) if isinstance(part, FilePart) else (part.text,)))
            if isinstance(part, FilePart) and not (_SHA256.fullmatch(part.sha256) and isinstance(part.size, int)):
                return None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return message if message.conversation_id == conversation.id and message.seq > after else None


def _check(found: Conversation | Message) -> None:
    """Raises `ValueError` for a value that no record of ours has: a store would take it, and every reader fall over."""
    for field in fields(found):
        value: Any = getattr(found, field.name)
        if field.name in _NUMBERS and value is not None:
            right = isinstance(value, int) and 0 <= value < _MOST
        elif field.name in _CHOICES:
            right = value in _CHOICES[field.name]
        else:
            right = field.name not in _IDS or value is None or NAME.fullmatch(value) is not None
        if not right:
            raise ValueError(field.name)


def _check_text(*texts: str) -> None:
    """Raises `ValueError` for what a store cannot keep."""
    if any(clean(text) != text or len(text.encode()) > MAX_TEXT_BYTES for text in texts):
        raise ValueError("text")


def _messages(lines: Iterator[_Line], conversation: Conversation, faults: list[str]) -> Iterator[Message]:
    seen: set[str] = set()
    last = 0
    for _, place, record in lines:
        message = _message(record, conversation, last)
        if message is None:
            faults.append(f"{place}: it is no record of a message of this conversation")
            continue
        if message.parent_id is not None and message.parent_id not in seen:
            faults.append(f"{place}: its parent {message.parent_id} is not before it: it was taken as a first message")
            message = replace(message, parent_id=None)
        seen.add(message.id)
        last = message.seq
        yield message


def _blob(files: Members, sha256: str) -> bytes:
    """An attachment's bytes. Raises `NotFoundError` when they are not there, or not what their name says."""
    try:
        with files.open(BLOBS + sha256) as file:
            data = file.read(MAX_ATTACHMENT_BYTES + 1)
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error):
        data = b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise NotFoundError(f"attachment {sha256} is missing or damaged in the archive")
    return data
