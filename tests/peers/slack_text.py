"""What Slack takes as a message's text, and how a call's arguments come."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web  # noqa: TC002 - as everywhere

Json = dict[str, Any]


class SlackError(Exception):
    def __init__(self, code: str, retry_after: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


_KNOWN = {"markdown", "actions", "section", "divider", "input"}


def check_blocks(blocks: list[Json], *, thumbs: bool = True, most: int = 50) -> None:
    """`thumbs`: whether this workspace knows feedback buttons."""
    known = _KNOWN | ({"context_actions"} if thumbs else set())
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    if len(blocks) > most or any(block["type"] not in known for block in blocks):
        raise SlackError("invalid_blocks")
    if any(not 0 < len(text) <= 3000 for text in sections):
        raise SlackError("invalid_blocks")


def text_of(body: Json, *, thumbs: bool = True) -> str:
    """What a message shows: Markdown, Markdown blocks, or text; refused where Slack refuses it."""
    blocks = body.get("blocks") or []
    check_blocks(blocks, thumbs=thumbs)
    markdown = body.get("markdown_text")
    if markdown is not None and (blocks or body.get("text")):
        raise SlackError("markdown_text_conflict")
    if len(markdown or "") > 12_000:
        raise SlackError("msg_too_long")
    shown = "".join(block["text"] for block in blocks if block["type"] == "markdown")
    if len(shown) > 12_000:
        raise SlackError("msg_blocks_too_long")
    text = str(markdown if markdown is not None else shown or body.get("text") or "")
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return text


async def body_of(request: web.Request) -> Json:
    if request.content_type == "application/json":
        found: Json = await request.json()
        return found
    body: Json = dict(request.query) | dict(await request.post())
    for name in ("blocks", "metadata", "prompts", "view", "chunks", "files"):
        if isinstance(body.get(name), str):
            body[name] = json.loads(body[name])
    return body
