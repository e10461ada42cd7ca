"""A history that the caller gives along, and what a message is made of."""

from __future__ import annotations

from collections.abc import Sequence

from chatops.engine.messages import Conversation, FilePart, Message, Part, TextPart
from chatops.engine.ports import NewId
from chatops.engine.requests import Attachment, Said
from chatops.engine.window import count_tokens


def messages(history: Sequence[Said], conversation: Conversation, now: int, new_id: NewId) -> tuple[Message, ...]:
    """The messages of a history, oldest first, each the parent of the next, the first a root."""
    found: list[Message] = []
    for said in history:
        made = parts(said.text, said.attachments)
        found.append(
            Message(
                id=new_id(),
                conversation_id=conversation.id,
                parent_id=found[-1].id if found else None,
                role=said.role,
                parts=made,
                tokens=count_tokens(made),
                created_at=now,
            )
        )
    return tuple(found)


def parts(text: str, attachments: Sequence[Attachment]) -> tuple[Part, ...]:
    """Files first, then the text if there is any."""
    files = tuple(
        FilePart(name=one.name, media_type=one.media_type, sha256=digest(one), size=len(one.data))
        for one in attachments
    )
    return (*files, TextPart(text=text)) if text else files


def digest(attachment: Attachment) -> str:
    import hashlib  # here: it costs 2 ms of a command's start, and few prompts have attachments

    return hashlib.sha256(attachment.data).hexdigest()
