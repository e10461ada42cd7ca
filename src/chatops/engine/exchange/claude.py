"""Claude's export: `conversations.json`, an array of conversations with their messages in `chat_messages`.

Official exports are linear; a message that names its parent (`parent_message_uuid`, as the web client's own interface
does) makes a tree. Files come as the text that was taken out of them.
"""

from __future__ import annotations

from json import dumps

from chatops.engine.exchange.fields import Json, clean, instant, table, tables, text
from chatops.engine.exchange.parts import Assets, absent, fenced, file_part
from chatops.engine.exchange.trees import BadRecordError, Node, Outline
from chatops.engine.messages import FinishReason, Part, ReasoningPart, Role, TextPart
from chatops.engine.sniffing import TEXT

SOURCE = "claude"
_ROLES: dict[str, Role] = {"human": "user", "user": "user", "assistant": "assistant"}
_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
}
_CUT = frozenset({"user_canceled", "message_limit"})


def fits(record: Json) -> bool:
    return isinstance(record.get("chat_messages"), list)


def read(record: Json, assets: Assets) -> Outline:  # noqa: ARG001 - every reader gets it; this format has no files
    """A conversation.

    Raises:
        BadRecordError: It is no conversation of this format.
    """
    if not fits(record):
        raise BadRecordError("its `chat_messages` is no list")
    nodes: list[Node] = []
    faults: list[str] = []
    blobs: dict[str, bytes] = {}
    model = text(record.get("model"))
    before: str | None = None
    for place, message in enumerate(record["chat_messages"], 1):
        try:
            node = _node(message, before, model, blobs)
        except BadRecordError as error:
            faults.append(f"message {place}: {error.message}")
        else:
            nodes.append(node)
            before = node.id
    return Outline(
        source=SOURCE,
        id=text(record.get("uuid")),
        title=text(record.get("name")),
        created_at=instant(record.get("created_at")),
        updated_at=instant(record.get("updated_at")),
        leaf_id=text(record.get("current_leaf_message_uuid")) or before,
        nodes=nodes,
        blobs=blobs,
        faults=tuple(faults),
    )


def _node(message: object, before: str | None, model: str, blobs: dict[str, bytes]) -> Node:
    record = table(message)
    id_, sender = text(record.get("uuid")), text(record.get("sender"))
    if not id_:
        raise BadRecordError("it has no uuid")
    role = _ROLES.get(sender)
    if role is None:
        raise BadRecordError(f"it is by {sender!r}: it must be by human or assistant")
    stop = text(record.get("stop_reason"))
    answers = role == "assistant"
    return Node(
        id=id_,
        parent_id=text(record.get("parent_message_uuid")) or before,
        role=role,
        parts=(*_files(record, blobs), *_content(record)),
        created_at=instant(record.get("created_at")),
        provider="anthropic" if answers else None,
        model=(text(record.get("model")) or model or None) if answers else None,
        status="interrupted" if answers and (stop in _CUT or record.get("truncated") is True) else "complete",
        finish_reason=_FINISH.get(stop) if answers else None,
    )


def _files(record: Json, blobs: dict[str, bytes]) -> list[Part]:
    parts: list[Part] = []
    for file in tables(record.get("attachments")):
        name, words = text(file.get("file_name")) or "attachment.txt", text(file.get("extracted_content"))
        parts.append(file_part(name, TEXT, words.encode(), blobs) if words else TextPart(text=f"{absent(name)}\n"))
    names = [text(file.get("file_name")) for file in tables(record.get("files"))]
    return parts + [TextPart(text=f"{absent(name)}\n") for name in names if name]


def _content(record: Json) -> list[Part]:
    """The blocks of a message; older exports have its text alone. Tools and thoughts are its reasoning."""
    parts: list[Part] = []
    for block in tables(record.get("content")):
        match block.get("type"):
            case "text":
                _add(parts, TextPart, text(block.get("text")))
            case "thinking":
                _add(parts, ReasoningPart, text(block.get("thinking")))
            case "tool_use":
                call = fenced(clean(dumps(block.get("input"), ensure_ascii=False)), "json")
                _add(parts, ReasoningPart, f"{text(block.get('name'))}:\n{call}")
            case "tool_result":
                found = "\n".join(text(one.get("text")) for one in tables(block.get("content")))
                _add(parts, ReasoningPart, fenced(found or text(block.get("content"))))
    if not any(isinstance(part, TextPart) for part in parts):
        _add(parts, TextPart, text(record.get("text")))
    return parts


def _add(parts: list[Part], kind: type[TextPart | ReasoningPart], words: str) -> None:
    """Blocks of one kind in a row become one part, a paragraph each."""
    last = parts[-1] if parts else None
    if not words.strip():
        return
    if isinstance(last, kind):
        parts[-1] = kind(text=f"{last.text}\n\n{words}")
    else:
        parts.append(kind(text=words))
