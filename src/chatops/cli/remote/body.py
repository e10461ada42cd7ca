"""A turn as the body of `POST /api/chat`."""

from __future__ import annotations

from typing import Any

from chatops.engine.errors import InvalidRequestError
from chatops.engine.ids import new_id
from chatops.engine.requests import TurnRequest

_TRIGGERS = {
    "submit": "submit-message",
    "edit": "submit-message",
    "regenerate": "regenerate-message",
    "continue": "continue-message",
}


_PLAIN = TurnRequest()
"""What nobody chose is left to the server."""


def body_of(request: TurnRequest) -> dict[str, Any]:
    """The body, under a `client_id` of its own, so that it may be sent again, and a conversation's id.

    Raises:
        InvalidRequestError: It wants what the API has no word for.
    """
    if request.history is not None:
        raise InvalidRequestError("a history that is given along goes to this machine's own engine alone")
    sampling = request.sampling
    body: dict[str, Any] = {
        "id": request.conversation_id or new_id(),
        "client_id": request.client_id or new_id(),
        "trigger": _TRIGGERS[request.kind],
        "model": request.model,
        "system": request.system,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop": list(sampling.stop) or None,
        "options": sampling.extra or None,
        "fallbacks": None if request.fallbacks is None else list(request.fallbacks),
        "max_cost": None if request.max_cost is None else str(request.max_cost),
        "timeout": None if request.silence == _PLAIN.silence else request.silence,
        "store": None if request.record else False,
        "titled": None if request.titled else False,
        "parent_id" if request.kind == "submit" else "messageId": request.message_id,
        "temporary": request.expires_in,
    }
    if request.kind in {"submit", "edit"}:
        body["message"] = {"role": "user", "parts": _parts(request)}
    return {key: value for key, value in body.items() if value is not None}


def _parts(request: TurnRequest) -> list[dict[str, str]]:
    from base64 import b64encode

    files = [
        {
            "type": "file",
            "mediaType": one.media_type,
            "filename": one.name,
            "url": f"data:{one.media_type};base64,{b64encode(one.data).decode()}",
        }
        for one in request.attachments
    ]
    return [{"type": "text", "text": request.text}, *files]
