"""Exports of other programs, made by hand from their formats."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
T = 1_756_000_000
"""Seconds: when the conversations here began."""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def chatgpt_message(role: str, text: str = "", *, at: float | None = None, **fields: Any) -> Json:
    content = {"content_type": "text", "parts": [text]}
    message = {"author": {"role": role}, "content": content, "create_time": at, "recipient": "all", "metadata": {}}
    return {**message, **fields}


def chatgpt(*messages: tuple[str, str | None, Json | None], **fields: Any) -> Json:
    """A conversation of (id, parent, message) nodes."""
    mapping: dict[str, Json] = {
        id_: {"id": id_, "parent": parent, "children": [], "message": message} for id_, parent, message in messages
    }
    for id_, parent, _ in messages:
        if parent in mapping:
            mapping[parent]["children"].append(id_)
    shape: Json = {
        "title": "Rolling back",
        "create_time": T + 0.25,
        "update_time": T + 100.5,
        "conversation_id": "c-1",
        "default_model_slug": "gpt-5-thinking",
        "current_node": messages[-1][0] if messages else None,
        "mapping": mapping,
    }
    return {**shape, **fields}


def branched_chatgpt(**fields: Any) -> Json:
    """A question that was asked twice, and one answered twice; hidden and empty nodes lie in between."""
    return chatgpt(
        ("root", None, None),
        ("system", "root", chatgpt_message("system", weight=0)),
        (
            "context",
            "system",
            chatgpt_message("user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        ),
        ("q1", "context", chatgpt_message("user", "How?", at=T + 1)),
        ("a1", "q1", chatgpt_message("assistant", "So.", at=T + 2, metadata={"model_slug": "gpt-4o"})),
        ("a2", "q1", chatgpt_message("assistant", "Thus.", at=T + 5)),
        ("q2", "context", chatgpt_message("user", "How then?", at=T + 10)),
        ("a3", "q2", chatgpt_message("assistant", "Like this.", at=T + 11)),
        **{"current_node": "a2", **fields},
    )


def claude(*messages: Json, **fields: Any) -> Json:
    shape = {
        "uuid": "d-1",
        "name": "Anchovies",
        "created_at": "2025-08-24T01:46:40.123456Z",
        "updated_at": "2025-08-24T01:50:00+00:00",
        "account": {"uuid": "me"},
        "chat_messages": list(messages),
    }
    return {**shape, **fields}


def claude_message(id_: str, sender: str, *blocks: Json, **fields: Any) -> Json:
    text = "".join(block.get("text", "") for block in blocks)
    shape = {"uuid": id_, "sender": sender, "text": text, "content": list(blocks), "created_at": "2025-08-24T01:47:00Z"}
    return {**shape, "attachments": [], "files": [], **fields}


def said(text: str) -> Json:
    return {"type": "text", "text": text}


def librechat_message(id_: str, parent: str | None, text: str, *, by_user: bool, **fields: Any) -> Json:
    shape = {
        "messageId": id_,
        "parentMessageId": parent or "00000000-0000-0000-0000-000000000000",
        "conversationId": "l-1",
        "isCreatedByUser": by_user,
        "sender": "User" if by_user else "GPT",
        "text": text,
        "model": None if by_user else "gpt-4o",
        "endpoint": "openAI",
        "createdAt": f"2024-05-28T18:08:5{len(id_) % 10}.014Z",
        "error": False,
        "unfinished": False,
    }
    return {**shape, **fields}


def librechat(*messages: Json, **fields: Any) -> Json:
    shape = {
        "conversationId": "l-1",
        "endpoint": "openAI",
        "title": "Stories",
        "exportAt": "08:12:16 GMT-0400",
        "branches": True,
        "recursive": False,
        "options": {"model": "gpt-4o", "promptPrefix": "You tell stories.", "endpoint": "openAI"},
        "messages": list(messages),
    }
    return {**shape, **fields}
