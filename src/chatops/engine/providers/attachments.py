"""Files of a message in the three kinds that models take: images, PDF, text."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import FilePart, Message
from chatops.engine.providers.storable import storable

_TEXTUAL = frozenset({"application/json", "application/toml", "application/xml", "application/yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file ready to be sent: `base64` for an image or PDF, `text` for what can be read as text."""

    kind: Literal["image", "pdf", "text"]
    name: str
    media_type: str
    base64: str = ""
    text: str | None = None


def attachments(message: Message, blobs: Mapping[str, bytes]) -> list[Attachment]:
    """The files of a message.

    Raises:
        InvalidRequestError: A file is of another kind.
    """
    return [_attachment(part, blobs.get(part.sha256)) for part in message.files]


def _attachment(part: FilePart, data: bytes | None) -> Attachment:
    media_type, name = part.media_type.lower().partition(";")[0].strip(), storable(part.name)
    if data is None:
        # The model should know that there was a file, though its bytes no longer travel along.
        return Attachment(kind="text", name=name, media_type=media_type, text=f"[file {name}]")
    if media_type.startswith("text/") or media_type in _TEXTUAL:
        text = storable(data.decode("utf-8", "replace"))
        return Attachment(kind="text", name=name, media_type=media_type, text=f"File {name}:\n\n{text}")
    encoded = b2a_base64(data, newline=False).decode()
    if media_type.startswith("image/"):
        return Attachment(kind="image", name=name, media_type=media_type, base64=encoded)
    if media_type == "application/pdf":
        return Attachment(kind="pdf", name=name, media_type=media_type, base64=encoded)
    raise InvalidRequestError(f"{name} is {media_type}; a model takes images, PDF and text files")
