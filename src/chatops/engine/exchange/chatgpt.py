"""ChatGPT's export: `conversations.json`, an array of conversations with their tree in `mapping`.

The format is not documented by its maker; this follows what exports of 2023 to 2026 hold. Steps on the way to an
answer (thoughts, calls of tools and what they returned) are nodes of their own there; here they are the reasoning of
the answer that they led to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chatops.engine.exchange.chatgpt_content import content
from chatops.engine.exchange.fields import Json, instant, table, text
from chatops.engine.exchange.parts import Assets, flat
from chatops.engine.exchange.trees import BadRecordError, Node, Outline
from chatops.engine.messages import FilePart, FinishReason, Part, ReasoningPart

SOURCE = "chatgpt"

_MOST_STEPS = 200
"""Steps before an answer that are kept with it."""
_FINISH: dict[str, FinishReason] = {"stop": "stop", "max_tokens": "length"}
_ROLES = frozenset({"user", "assistant", "tool"})

Said = Mapping[str, list[Part]]
"""What each node says, without those that say nothing to a person."""


def fits(record: Json) -> bool:
    return isinstance(record.get("mapping"), dict)


def read(record: Json, assets: Assets) -> Outline:
    """A conversation with all its branches.

    Raises:
        BadRecordError: It is no conversation of this format.
    """
    mapping = table(record.get("mapping"))
    if not mapping:
        raise BadRecordError("its `mapping` is empty")
    blobs: dict[str, bytes] = {}
    faults: list[str] = []
    said = _said(mapping, assets, blobs, faults)
    led_by = _nearest(mapping, said)
    folded = _folded(mapping, said, led_by)
    shown = [id_ for id_ in said if id_ not in folded]
    below = _nearest(mapping, frozenset(shown))
    nodes = []
    for id_ in shown:
        steps = _steps(id_, said, led_by, folded)
        node = _node(_message(mapping, id_), id_, [] if _role(mapping, id_) == "user" else steps, said[id_])
        nodes.append(replace(node, parent_id=below[id_], model=node.model or _model(record, node)))
    current = record.get("current_node")
    current = current if isinstance(current, str) else ""
    return Outline(
        source=SOURCE,
        id=text(record.get("conversation_id") or record.get("id")),
        title=text(record.get("title")),
        created_at=instant(record.get("create_time")),
        updated_at=instant(record.get("update_time")),
        leaf_id=current if current in shown else below.get(current),
        system=_system(mapping, assets),
        archived=record.get("is_archived") is True,
        nodes=nodes,
        blobs=blobs,
        faults=tuple(faults),
    )


def _message(mapping: Json, id_: str) -> Json:
    return table(table(mapping.get(id_)).get("message"))


def _role(mapping: Json, id_: str) -> str:
    return text(table(_message(mapping, id_).get("author")).get("role"))


def _said(mapping: Json, assets: Assets, blobs: dict[str, bytes], faults: list[str]) -> Said:
    said: dict[str, list[Part]] = {}
    for id_, node in mapping.items():
        message = table(node).get("message")
        if not isinstance(node, dict) or not isinstance(message, dict | None):
            faults.append(f"message {id_!r} is no message")
        elif message and not _is_hidden(message):
            role = _role(mapping, id_)
            if role in _ROLES:
                parts = content(message, assets, blobs)
                if parts:
                    said[id_] = parts
            elif role != "system":
                faults.append(f"message {id_!r} is by {role!r}: it must be by user, assistant or tool")
    return said


def _is_hidden(message: Json) -> bool:
    hidden = table(message.get("metadata")).get("is_visually_hidden_from_conversation") is True
    return hidden or message.get("weight") == 0


def _nearest(mapping: Json, kept: Collection[str]) -> dict[str, str | None]:
    """For each node the nearest of its ancestors that is kept. Linear: each node is walked over once."""
    found: dict[str, str | None] = {}
    for start in mapping:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in found:
            found[at] = None  # a circle of parents ends here
            path.append(at)
            at = _parent(mapping, at)
            if at in kept:
                break
        nearest = at if at is None or at in kept else found[at]
        found |= dict.fromkeys(path, nearest)
    return found


def _parent(mapping: Json, id_: str) -> str | None:
    parent = table(mapping.get(id_)).get("parent")
    return parent if isinstance(parent, str) and parent in mapping else None


def _folded(mapping: Json, said: Said, led_by: Mapping[str, str | None]) -> frozenset[str]:
    """The steps that led to an answer. One that nothing follows, or a question, is itself the answer."""
    steps = {id_ for id_ in said if _is_step(_message(mapping, id_))}
    followed = {led_by[id_] for id_ in said}
    asked_after = {led_by[id_] for id_ in said if _role(mapping, id_) == "user"}
    return frozenset(id_ for id_ in steps if id_ in followed and id_ not in asked_after)


def _is_step(message: Json) -> bool:
    role = table(message.get("author")).get("role")
    kind = table(message.get("content")).get("content_type")
    to_person = kind in {"text", "multimodal_text"} and message.get("recipient") in {"all", None}
    return role == "tool" or (role == "assistant" and (not to_person or message.get("channel") == "commentary"))


def _steps(id_: str, said: Said, led_by: Mapping[str, str | None], folded: Collection[str]) -> list[str]:
    """What led to a message, oldest first."""
    steps: list[str] = []
    at = led_by[id_]
    while at is not None and at in folded and len(steps) < _MOST_STEPS:
        steps.append(flat(said[at]))
        at = led_by[at]
    return steps[::-1]


def _node(message: Json, id_: str, steps: list[str], said: list[Part]) -> Node:
    created_at = instant(message.get("create_time"))
    if table(message.get("author")).get("role") == "user":
        return Node(id=id_, role="user", parts=tuple(said), created_at=created_at)
    metadata = table(message.get("metadata"))
    if _is_step(message) and not any(isinstance(part, FilePart) for part in said):
        steps, said = [*steps, flat(said)], []
    thought = "\n\n".join(steps)
    finish = table(metadata.get("finish_details")).get("type")
    cut = not said or finish == "interrupted" or message.get("status") == "in_progress"
    return Node(
        id=id_,
        role="assistant",
        parts=(*([ReasoningPart(text=thought)] if thought else []), *said),
        created_at=created_at,
        provider="openai",
        model=text(metadata.get("model_slug")) or None,
        status="interrupted" if cut else "complete",
        finish_reason=None if cut else _FINISH.get(text(finish)),
    )


def _model(record: Json, node: Node) -> str | None:
    """The conversation's model, for an answer that does not name its own."""
    return (text(record.get("default_model_slug")) or None) if node.role == "assistant" else None


def _system(mapping: Json, assets: Assets) -> str | None:
    for id_ in mapping:
        message = _message(mapping, id_)
        if _role(mapping, id_) == "system" and not _is_hidden(message):
            said = flat(content(message, assets, {}))
            if said.strip():
                return said
    return None
