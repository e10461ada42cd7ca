"""Our own archive: a zip that holds conversations as they are, with all branches, and each attachment once.

`manifest.json` says what it is; `conversations.jsonl` has a line for each conversation and after it one for each of
its messages, in the order of their numbers; `blobs/SHA256` are the attachments. Nothing in it depends on when, where or
from which store it was written, so the same content gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress
from dataclasses import fields, replace
from json import dumps
from typing import Any

from chatops.engine.codec import message_record
from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Store

VERSION = 1
FORMAT = "chatops-archive"
MANIFEST, CONVERSATIONS, BLOBS = "manifest.json", "conversations.jsonl", "blobs/"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can name."""
_PAGE = 200


class _Sink(io.RawIOBase):
    """What was written since it was last taken. It cannot seek, so that the zip is written straight on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def write(store: Store, conversations: AsyncIterable[Conversation]) -> AsyncGenerator[bytes, None]:
    """The archive of these conversations, in pieces. Holds a page of messages and one attachment at a time.

    Raises:
        StoreError: The database cannot be read.
    """
    sink = _Sink()
    blobs: dict[str, str] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(MANIFEST), _line({"format": FORMAT, "version": VERSION}))
        with archive.open(_member(CONVERSATIONS), "w", force_zip64=True) as lines:
            async for conversation in conversations:
                lines.write(_line({"conversation": conversation_record(conversation)}))
                async for page in _pages(store, conversation):
                    for message in page:
                        blobs |= dict.fromkeys((file.sha256 for file in message.files), conversation.owner_id)
                        lines.write(_line({"message": message_record(message)}))
                    yield sink.take()
                yield sink.take()
        for sha256, owner_id in blobs.items():
            with suppress(NotFoundError):  # a message may say that it had a file that is gone; so does its copy
                archive.writestr(_member(BLOBS + sha256), await store.blob(owner_id, sha256))
            yield sink.take()
    yield sink.take()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    member.create_system = 3  # so that it is the same on every system
    return member


def _line(record: dict[str, Any]) -> bytes:
    return dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


async def _pages(store: Store, conversation: Conversation) -> AsyncGenerator[list[Message], None]:
    seq = 0
    while page := await store.messages(conversation.owner_id, conversation.id, after_seq=seq, limit=_PAGE):
        seq = page[-1].seq
        # A running answer is in the archive as far as it has come.
        yield [replace(one, status="interrupted") if one.status == "streaming" else one for one in page]


def conversation_record(conversation: Conversation) -> dict[str, Any]:
    """All that a conversation says but whose it is: that is whoever imports it."""
    record = {}
    for field in fields(Conversation):
        value = getattr(conversation, field.name)
        if field.name != "owner_id" and value != field.default:
            record[field.name] = list(value) if isinstance(value, tuple) else value
    return record
