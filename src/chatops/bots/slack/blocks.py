"""Slack's blocks: an answer with its buttons, modals, the pieces of the home tab."""

from __future__ import annotations

from typing import Any

from chatops.bots.buttons import LABELS, button_id
from chatops.bots.ports import View

PROMPTS = [
    {"title": "Explain something", "message": "Explain to me in simple words: "},
    {"title": "Summarise a text", "message": "Summarise this text in five points: "},
    {"title": "Write a message", "message": "Write a short, friendly message that says: "},
    {"title": "Review code", "message": "Review this code and say what you would change: "},
]
"""Suggestions in an empty conversation."""
OPTION = 75
"""Characters of a menu's option."""
SYSTEM = 3000
"""Characters of a text field."""
Json = dict[str, Any]


def blocks_of(view: View, *, with_text: bool = True, thumbs: bool = True) -> list[Json]:
    """A view's blocks. `thumbs`: the workspace knows Slack's own feedback buttons; else they are plain ones."""
    blocks: list[Json] = [{"type": "markdown", "text": view.text}] if with_text else []
    match view.controls:
        case "none":
            return blocks
        case "stop":
            return [*blocks, *stop_blocks(view.turn_id)]
    plain = ("again",) if thumbs else ("again", "up", "down")
    row = {"type": "actions", "elements": [_action(action, view.turn_id) for action in plain]}
    return [*blocks, row, *([_feedback(view.turn_id)] if thumbs else [])]


def stop_blocks(turn_id: str) -> list[Json]:
    return [{"type": "actions", "elements": [_action("stop", turn_id)]}]


def button(label: str, action_id: str) -> Json:
    return {"type": "button", "text": _plain(label), "action_id": action_id}


def option(name: str) -> Json:
    return {"text": _plain(name), "value": name}


def date(ms: int) -> str:
    """A time as the reader's own clock shows it."""
    return f"<!date^{ms // 1000}^{{date_short_pretty}} {{time}}|a while ago>"


def _action(action: str, turn_id: str) -> Json:
    return button(LABELS[action], button_id(action, turn_id))


def _feedback(turn_id: str) -> Json:
    def thumb(action: str, says: str) -> Json:
        return {"text": _plain(LABELS[action]), "value": action, "accessibility_label": says}

    element = {
        "type": "feedback_buttons",
        "action_id": button_id("rate", turn_id),
        "positive_button": thumb("up", "A good answer"),
        "negative_button": thumb("down", "A bad answer"),
    }
    return {"type": "context_actions", "elements": [element]}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def modal() -> Json:
    """Asks for a question; its answer comes as a direct message."""
    prompt = {"type": "plain_text_input", "action_id": "prompt", "multiline": True}
    label = "Your question; the answer comes as a direct message"
    return _modal("chatops_ask", "Ask", "Ask", {"block_id": "question", "label": _plain(label), "element": prompt})


def system_modal(current: str) -> Json:
    """Asks for the system prompt."""
    prompt = {"type": "plain_text_input", "action_id": "prompt", "multiline": True, "max_length": SYSTEM}
    if current:
        prompt["initial_value"] = current[:SYSTEM]
    field = {"block_id": "system", "optional": True, "label": _plain("Empty takes it away"), "element": prompt}
    return _modal("co_system", "Your system prompt", "Save", field)


def _modal(callback_id: str, title: str, submit: str, field: Json) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(title),
        "submit": _plain(submit),
        "blocks": [{"type": "input", **field}],
    }
