"""The content of one message of ChatGPT's export, as parts of ours."""

from __future__ import annotations

import re
from json import dumps

from chatops.engine.exchange.fields import Json, clean, table, tables, text
from chatops.engine.exchange.parts import Assets, absent, fenced, file_part
from chatops.engine.messages import FilePart, Part, TextPart
from chatops.engine.requests import MAX_ATTACHMENT_BYTES
from chatops.engine.sniffing import media_type

_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201")
"""Marks of a source, in characters of private use; `content_references` says what is shown in their place."""


def content(message: Json, assets: Assets, blobs: dict[str, bytes]) -> list[Part]:
    """What a message says; empty when that is nothing. Files that the export brings along go into `blobs`."""
    said = table(message.get("content"))
    kind = text(said.get("content_type"))
    if kind in {"text", "multimodal_text"} or "parts" in said:
        return _pieces(message, said, assets, blobs)
    words = _words(kind, said)
    return [TextPart(text=words)] if words.strip() else []


def _words(kind: str, said: Json) -> str:
    match kind:
        case "thoughts":
            thoughts = tables(said.get("thoughts"))
            return "\n\n".join(
                "\n".join(line for line in (text(one.get("summary")), text(one.get("content"))) if line)
                for one in thoughts
            )
        case "code":
            language = text(said.get("language"))
            return fenced(text(said.get("text")), "" if language == "unknown" else language)
        case "execution_output":
            return fenced(text(said.get("text")))
        case "user_editable_context" | "model_editable_context":
            return ""  # the person's settings, not said in this conversation
        case _:
            return "\n".join(
                words
                for name in ("title", "url", "name", "result", "text", "content")
                if (words := text(said.get(name)))
            )


def _pieces(message: Json, said: Json, assets: Assets, blobs: dict[str, bytes]) -> list[Part]:
    metadata = table(message.get("metadata"))
    names = {text(one.get("id")): text(one.get("name")) for one in tables(metadata.get("attachments"))}
    files: list[Part] = []
    words: list[str] = []
    pieces = said.get("parts")
    for piece in pieces if isinstance(pieces, list) else []:
        if isinstance(piece, str):
            words.append(_cited(clean(piece), metadata))
        elif isinstance(piece, dict) and isinstance(piece.get("asset_pointer"), str):
            id_ = text(piece["asset_pointer"]).rpartition("://")[2]
            files.append(_file(id_, names.pop(id_, "") or f"{id_}", assets, blobs))
        elif isinstance(piece, dict):
            words.append(text(piece.get("text")) or fenced(clean(dumps(piece, ensure_ascii=False)), "json"))
    files += [_file(id_, name or id_, assets, blobs) for id_, name in names.items() if id_]
    answer = "\n\n".join(word for word in words if word.strip())
    absent = "\n".join(part.text for part in files if isinstance(part, TextPart))
    whole = "\n\n".join(piece for piece in (absent, answer) if piece)
    return [*(part for part in files if isinstance(part, FilePart)), *([TextPart(text=whole)] if whole else [])]


def _cited(words: str, metadata: Json) -> str:
    for reference in tables(metadata.get("content_references")):
        marked = text(reference.get("matched_text"))
        if len(marked) > 1:
            words = words.replace(marked, text(reference.get("alt")))
    return _CITATION.sub("", words)


def _file(id_: str, name: str, assets: Assets, blobs: dict[str, bytes]) -> Part:
    data = assets(id_)
    kind = media_type(data) if data is not None and len(data) <= MAX_ATTACHMENT_BYTES else None
    return TextPart(text=absent(name)) if data is None or kind is None else file_part(name, kind, data, blobs)
