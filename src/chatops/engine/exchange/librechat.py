"""LibreChat: the JSON that its web page exports, and the documents of its MongoDB database put together by `gathering`.

Of its 0.8 line: `messagesTree` or `messages`, flat with `parentMessageId` or nested in `children` (`recursive`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json import dumps

from chatops.engine.exchange.fields import Json, clean, instant, table, tables, text
from chatops.engine.exchange.parts import Assets, absent, fenced
from chatops.engine.exchange.trees import BadRecordError, Node, Outline
from chatops.engine.messages import ErrorInfo, FinishReason, Part, ReasoningPart, Status, TextPart

SOURCE = "librechat"
_NO_PARENT = "00000000-0000-0000-0000-000000000000"
_PROVIDERS = {"openAI": "openai", "anthropic": "anthropic"}
_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}


def fits(record: Json) -> bool:
    has_messages = isinstance(record.get("messagesTree") or record.get("messages"), list)
    return isinstance(record.get("conversationId"), str) and has_messages


def read(record: Json, assets: Assets) -> Outline:  # noqa: ARG001 - every reader gets it; this format has no files
    """A conversation with all its branches.

    Raises:
        BadRecordError: It is no conversation of this format.
    """
    if not fits(record):
        raise BadRecordError("it has no list of `messages`")
    options = {**table(record.get("options")), **{key: value for key, value in record.items() if value is not None}}
    nodes: list[Node] = []
    faults: list[str] = []
    for place, (message, parent_id) in enumerate(_flat(record.get("messagesTree") or record["messages"]), 1):
        try:
            nodes.append(_node(message, parent_id, options))
        except BadRecordError as error:
            faults.append(f"message {place}: {error.message}")
    tags = options.get("tags")
    return Outline(
        source=SOURCE,
        id=text(record.get("conversationId")),
        title=text(record.get("title")),
        created_at=instant(record.get("createdAt")),
        updated_at=instant(record.get("updatedAt")),
        system=text(options.get("promptPrefix")) or text(options.get("system")) or None,
        archived=record.get("isArchived") is True,
        tags=tuple(clean(tag) for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        nodes=nodes,
        faults=tuple(faults),
    )


def _flat(messages: Iterable[object]) -> Iterator[tuple[Json, str | None]]:
    """Every message with its parent, parents first; without recursion, since a long conversation is a deep nesting."""
    waiting: list[tuple[object, str | None]] = [(message, None) for message in reversed(list(messages))]
    while waiting:
        message, above = waiting.pop()
        record = table(message)
        parent = above or text(record.get("parentMessageId"))
        yield record, None if parent in {"", _NO_PARENT} else parent
        children = record.get("children")
        if isinstance(children, list):
            waiting += [(child, text(record.get("messageId"))) for child in reversed(children)]


def _node(record: Json, parent_id: str | None, options: Json) -> Node:
    id_ = text(record.get("messageId"))
    if not id_:
        raise BadRecordError("it has no messageId")
    by_user = record.get("isCreatedByUser")
    if not isinstance(by_user, bool):
        raise BadRecordError("it does not say by whom it is (isCreatedByUser)")
    parts = (*_files(record), *_content(record))
    created_at = instant(record.get("createdAt"))
    if by_user:
        return Node(id=id_, parent_id=parent_id, role="user", parts=parts, created_at=created_at)
    endpoint = text(record.get("endpoint")) or text(options.get("endpoint"))
    status, error = _end(record)
    return Node(
        id=id_,
        parent_id=parent_id,
        role="assistant",
        parts=parts,
        created_at=created_at,
        provider=_PROVIDERS.get(endpoint, endpoint) or None,
        model=text(record.get("model")) or text(options.get("model")) or None,
        status=status,
        finish_reason=_FINISH.get(text(record.get("finish_reason"))) if status == "complete" else None,
        error=error,
    )


def _end(record: Json) -> tuple[Status, ErrorInfo | None]:
    faults = [text(part.get("error")) for part in tables(record.get("content")) if part.get("type") == "error"]
    if record.get("error") is True or faults:
        said = next((fault for fault in faults if fault), "") or text(record.get("text")) or "the answer failed"
        return "failed", ErrorInfo(code="provider_error", message=said)
    if record.get("unfinished") is True or text(record.get("finish_reason")) == "incomplete":
        return "interrupted", None
    return "complete", None


def _files(record: Json) -> list[Part]:
    """An export names files and does not bring them along."""
    names = [text(file.get("filename")) for file in tables(record.get("files"))]
    return [TextPart(text=f"{absent(name)}\n") for name in names if name]


def _content(record: Json) -> list[Part]:
    parts = [part for block in tables(record.get("content")) for part in _block(block)]
    if not any(isinstance(part, TextPart) for part in parts) and (words := text(record.get("text"))):
        parts.append(TextPart(text=words))
    return parts


def _block(block: Json) -> Iterator[Part]:
    match block.get("type"):
        case "text":
            words = block.get("text")
            if said := text(table(words).get("value")) or text(words):
                yield TextPart(text=said)
        case "think":
            if thought := text(table(block.get("think")).get("value")) or text(block.get("think")):
                yield ReasoningPart(text=thought)
        case "tool_call":
            call = table(block.get("tool_call"))
            asked = call.get("args")
            asked = text(asked) or clean(dumps(asked, ensure_ascii=False))
            yield ReasoningPart(text=f"{text(call.get('name'))}:\n{fenced(asked)}\n{fenced(text(call.get('output')))}")
