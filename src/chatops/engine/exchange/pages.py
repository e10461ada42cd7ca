"""Conversations as Markdown, as JSON, and as a web page: their active branches, for people and for programs.

Each yields text in pieces, in bounded memory. The same content gives the same text, whatever the store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from json import dumps

from chatops.engine.branches import from_root
from chatops.engine.codec import conversation_json, iso, message_json
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Store


async def json(store: Store, conversations: AsyncIterable[Conversation]) -> AsyncGenerator[str, None]:
    """An array of what `history show --json` prints, a message a line."""
    before = "["
    async for conversation in conversations:
        head = dumps(conversation_json(conversation), ensure_ascii=False, indent=2).removesuffix("\n}")
        yield f'{before}\n{head},\n  "messages": '
        separator = "["
        async for message in from_root(store, conversation):
            yield f"{separator}\n    {dumps(message_json(message), ensure_ascii=False)}"
            separator = ","
        yield "[]\n}" if separator == "[" else "\n  ]\n}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


async def markdown(store: Store, conversations: AsyncIterable[Conversation]) -> AsyncGenerator[str, None]:
    """A heading for each conversation, and below it one for each message. What was said stays as it was written."""
    separator = ""
    async for conversation in conversations:
        yield f"{separator}# {one_line(conversation.title)}\n"
        yield f"\n*{about(conversation)}*\n"
        if conversation.system:
            yield f"\n## system\n\n{conversation.system.strip()}\n"
        async for message in from_root(store, conversation):
            yield f"\n## {heading(message)}\n\n{_body(message)}"
        separator = "\n"


def _body(message: Message) -> str:
    files = "".join(f"*[{described}]*\n\n" for described in described_files(message))
    thought = message.reasoning.strip()
    folded = f"<details><summary>Reasoning</summary>\n\n{thought}\n\n</details>\n\n" if thought else ""
    error = f"*{one_line(message.error.message)}*\n\n" if message.error else ""
    return f"{files}{folded}{message.text.strip()}\n\n{error}".rstrip() + "\n"


def one_line(text: str) -> str:
    return " ".join(text.split())


def about(conversation: Conversation) -> str:
    """What stands below a conversation's title."""
    pieces = [
        conversation.id,
        conversation.model or "",
        f"{iso(conversation.created_at)} to {iso(conversation.updated_at)}",
    ]
    return ", ".join(piece for piece in pieces if piece)


def heading(message: Message) -> str:
    """Who said a message, when, and what became of it: `assistant, openai:gpt-5, 2026-11-22T17:40:27.123Z`."""
    model = f"{message.provider}:{message.model}" if message.provider and message.model else message.model or ""
    status = "" if message.status == "complete" else message.status
    return ", ".join(piece for piece in (message.role, one_line(model), iso(message.created_at), status) if piece)


def described_files(message: Message) -> list[str]:
    return [f"file {one_line(file.name)}, {one_line(file.media_type)}, {file.size:,} bytes" for file in message.files]
