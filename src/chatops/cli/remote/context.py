"""What a server would send to a model next: `engine.inspection.ContextView` over the HTTP API."""

from __future__ import annotations

from typing import Any

from chatops.cli.remote.http import Http
from chatops.cli.remote.shapes import moment
from chatops.engine.inspection import ContextView
from chatops.engine.messages import FilePart, Message, TextPart
from chatops.engine.requests import TurnRequest


async def context(http: Http, request: TurnRequest, *, count_all: bool) -> ContextView:
    """As `Engine.context`; the messages' texts are cut."""
    asked = {
        "id": request.conversation_id,
        "model": request.model,
        "system": request.system,
        "max_tokens": request.sampling.max_tokens,
        "leaf_id": request.message_id,
        "count_all": count_all,
    }
    shape = await http.json("POST", "/api/context", {key: value for key, value in asked.items() if value is not None})
    passed_over = shape.get("passed_over")
    return ContextView(
        **{name: shape[name] for name in ("model", "window", "is_known", "reserve", "system", "is_cut")},
        messages=tuple(_sent(one, request.conversation_id or "") for one in shape["messages"]),
        passed_over=None if passed_over is None else (passed_over["messages"], passed_over["tokens"]),
    )


def _sent(shape: dict[str, Any], conversation_id: str) -> Message:
    files = [FilePart(name=name, media_type="", sha256="", size=0) for name in shape["files"]]
    return Message(
        id=shape["id"],
        conversation_id=conversation_id,
        role=shape["role"],
        parts=(*files, TextPart(text=shape["text"])),
        created_at=moment(shape["created_at"]),
        tokens=shape["tokens"],
    )
