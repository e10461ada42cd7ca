"""From what a format's reader found to a tree of ours: ids that are the same at every import, an order, defaults.

Readers yield an `Outline`; `plant` makes a `Tree` of it. Pure: nothing here reads or stores anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.ids import uuid7
from chatops.engine.messages import (
    Conversation,
    ErrorInfo,
    FilePart,
    FinishReason,
    Message,
    Part,
    Role,
    Status,
)
from chatops.engine.requests import MAX_TEXT_BYTES, title_of
from chatops.engine.tags import MAX_TAGS, normalised
from chatops.engine.window import count_tokens

TITLE_MOST = 200
"""Characters of a title that are kept: other programs' titles have some forty."""
ROUTED = frozenset({"openai", "anthropic"})
"""Providers that everybody has, so that a conversation may name their model as the one that goes on."""


class BadRecordError(InvalidRequestError):
    """A record is not what its format says it is. The message says how; who reads the file adds where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A message as the source has it: its ids, and None for what it does not say."""

    id: str
    role: Role
    parts: tuple[Part, ...]
    parent_id: str | None = None
    created_at: int | None = None
    provider: str | None = None
    model: str | None = None
    status: Status = "complete"
    finish_reason: FinishReason | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A conversation as the source has it.

    Attributes:
        source: The format's name: with `id`, what makes our ids the same at every import.
        nodes: In any order. A parent that is not among them makes a node a root.
        leaf_id: The end of the active branch; None: the newest message.
        faults: Messages that could not be read, a sentence each.
    """

    source: str
    id: str
    nodes: Sequence[Node]
    title: str = ""
    created_at: int | None = None
    updated_at: int | None = None
    leaf_id: str | None = None
    system: str | None = None
    archived: bool = False
    tags: tuple[str, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A conversation on its way into a store.

    Attributes:
        messages: Parents before their children, numbered; may be read once only.
        blob: The bytes of an attachment by their SHA-256; raises `NotFoundError` for one that is not there.
        faults: What could not be read; complete when `messages` was read to its end.
        native: It comes from a store of ours with its ids.
    """

    conversation: Conversation
    messages: Iterable[Message]
    blob: Callable[[str], bytes]
    faults: list[str]
    native: bool = False


def derived_id(ms: int, *names: str) -> str:
    """An id of our form that is always the same for the same time and names."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return uuid7(ms, int.from_bytes(digest, "big"))


def plant(outline: Outline, owner_id: str) -> Tree:
    """The tree of an outline, for an owner.

    Raises:
        BadRecordError: It has no id, or a text is longer than a store takes.
    """
    if not outline.id:
        raise BadRecordError("it has no id")
    faults = list(outline.faults)
    nodes: dict[str, Node] = {}
    for node in outline.nodes:
        if node.id in nodes:
            faults.append(f"message {node.id!r} is there twice: the first one was taken")
        _check_size(node)
        nodes.setdefault(node.id, node)
    times = [node.created_at for node in nodes.values() if node.created_at is not None]
    created_at = outline.created_at if outline.created_at is not None else min(times, default=0)
    names = (owner_id, outline.source, outline.id)
    conversation_id = derived_id(created_at, *names)
    messages: dict[str, Message] = {}
    for seq, (node, at, parent_id) in enumerate(_in_order(nodes, created_at, faults), 1):
        messages[node.id] = Message(
            id=derived_id(at, *names, node.id),
            conversation_id=conversation_id,
            role=node.role,
            parts=node.parts,
            created_at=at,
            seq=seq,
            parent_id=messages[parent_id].id if parent_id is not None else None,
            status=node.status,
            tokens=count_tokens(node.parts),
            provider=node.provider,
            model=node.model,
            finish_reason=node.finish_reason,
            error=node.error,
        )
    ordered = list(messages.values())
    leaf = messages.get(outline.leaf_id or "") or max(ordered, key=lambda one: (one.created_at, one.seq), default=None)
    conversation = Conversation(
        id=conversation_id,
        owner_id=owner_id,
        title=_title(outline, ordered),
        created_at=created_at,
        updated_at=outline.updated_at if outline.updated_at is not None else max(times, default=created_at),
        model=_model(ordered),
        system=outline.system,
        leaf_id=leaf.id if leaf else None,
        archived=outline.archived,
        tags=_tags(outline, faults),
    )
    return Tree(conversation=conversation, messages=ordered, blob=lambda sha256: _blob(outline, sha256), faults=faults)


def _check_size(node: Node) -> None:
    for part in node.parts:
        size = 0 if isinstance(part, FilePart) else len(part.text.encode())
        if size > MAX_TEXT_BYTES:
            raise BadRecordError(f"message {node.id!r} is {size:,} bytes, {MAX_TEXT_BYTES:,} at most")


def _title(outline: Outline, messages: Sequence[Message]) -> str:
    title = " ".join(outline.title.split())[:TITLE_MOST]
    return title or next((title_of(message.text) for message in messages if message.text.strip()), "(no title)")


def _tags(outline: Outline, faults: list[str]) -> tuple[str, ...]:
    kept: set[str] = set()
    for tag in outline.tags:
        try:
            kept |= set(normalised([tag]))
        except InvalidRequestError as error:
            faults.append(error.message)
    return tuple(sorted(kept)[:MAX_TAGS])


def _model(messages: Sequence[Message]) -> str | None:
    """The model that answered last, where anybody can ask it: another provider's name would be an error to go on."""
    for message in reversed(messages):
        if message.model and message.provider in ROUTED:
            return f"{message.provider}:{message.model}"
    return None


def _blob(outline: Outline, sha256: str) -> bytes:
    if sha256 not in outline.blobs:
        raise NotFoundError(f"no attachment {sha256}")
    return outline.blobs[sha256]


def _in_order(nodes: Mapping[str, Node], start: int, faults: list[str]) -> Iterable[tuple[Node, int, str | None]]:
    """Each node with its time and its parent, if that is there: parents first, else by time, then as they came.

    A node without a time has its parent's.
    """
    places = {id_: place for place, id_ in enumerate(nodes)}
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for node in nodes.values():
        if node.parent_id is not None and node.parent_id in nodes:
            children.setdefault(node.parent_id, []).append(node.id)
        else:
            roots.append(node.id)
    waiting: list[tuple[int, int, str, str | None]] = []
    unseen = dict.fromkeys(nodes)

    def push(id_: str, parent_id: str | None, default: int) -> None:
        at = nodes[id_].created_at
        heappush(waiting, (default if at is None else at, places[id_], id_, parent_id))

    for id_ in roots:
        push(id_, None, start)
    while unseen:
        if not waiting:  # a circle of parents: no message of it comes before all others
            id_ = next(iter(unseen))
            faults.append(f"message {id_!r} comes before itself: it was taken as a first message")
            push(id_, None, start)
        at, _, id_, parent_id = heappop(waiting)
        if id_ not in unseen:
            continue
        del unseen[id_]
        yield nodes[id_], at, parent_id
        for child in children.get(id_, ()):
            push(child, id_, at)
