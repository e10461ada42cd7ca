"""Slack's blocks: an answer with its buttons, the question modal."""

from __future__ import annotations

from typing import Any

from chatops.bots.buttons import LABELS, button_id
from chatops.bots.ports import View

_ACTIONS = {"none": (), "stop": ("stop",), "again": ("again", "up", "down")}
PROMPTS = [
    {"title": "Explain something", "message": "Explain to me in simple words: "},
    {"title": "Summarise a text", "message": "Summarise this text in five points: "},
    {"title": "Write a message", "message": "Write a short, friendly message that says: "},
    {"title": "Review code", "message": "Review this code and say what you would change: "},
]
"""Suggestions in an empty conversation."""


def blocks_of(view: View, *, with_text: bool = True) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "markdown", "text": view.text}] if with_text else []
    buttons = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": LABELS[action], "emoji": True},
            "action_id": button_id(action, view.turn_id),
        }
        for action in _ACTIONS[view.controls]
    ]
    return [*blocks, {"type": "actions", "elements": buttons}] if buttons else blocks


def modal() -> dict[str, Any]:
    """Asks for a question; its answer comes as a direct message."""
    prompt = {"type": "plain_text_input", "action_id": "prompt", "multiline": True}
    return {
        "type": "modal",
        "callback_id": "chatops_ask",
        "title": {"type": "plain_text", "text": "Ask"},
        "submit": {"type": "plain_text", "text": "Ask"},
        "blocks": [
            {
                "type": "input",
                "block_id": "question",
                "label": {"type": "plain_text", "text": "Your question; the answer comes as a direct message"},
                "element": prompt,
            }
        ],
    }
