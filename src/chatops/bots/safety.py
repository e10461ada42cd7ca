"""What a model says is hostile: it cannot call people, hide where a link leads, or have it fetched. Pure.

Code keeps its text, but for Slack's control sequences, which Slack reads in code as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable

BREAK = "\u200b"
"""A zero-width space: between the characters of what would be a command, it makes it text."""

_CODE = re.compile(
    r"(^[ \t]*(`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?(?:^[ \t]*\2[`~]*[ \t]*$|\Z)|\Z)"  # fenced, closed or not yet
    r"|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\3(?!`))",  # a span
    re.MULTILINE,
)
_LINK = re.compile(
    r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]"  # the label, or an image's text
    r"\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?"  # where it leads
    r"(?:\s+[\"'(][^\n]*?[\"')])?\s*\)"  # a title
)
_REFERENCE = re.compile(r"^([ \t]{0,3})\[([^\]\n]+)\]:(?=\s)", re.MULTILINE)
_LABELLED = re.compile(r"<((?:https?|mailto):[^\s|<>]+)\|([^<>\n]*)>")
_SLACK_COMMAND = re.compile(r"<(?=!(?:channel|here|everyone|subteam|date)|@[UWB][A-Z0-9]|#[CGD][A-Z0-9])")
_DISCORD_MASS = re.compile(r"@(?=everyone|here)")
_DISCORD_MENTION = re.compile(r"<(?=@[!&]?\d|#\d)")


def for_discord(text: str) -> str:
    """Markdown that Discord may show. Mentions are refused with every call too: this keeps them from looking real."""

    def plain(piece: str) -> str:
        piece = _shown_links(piece, wrap=lambda url: f"<{url}>")
        return _DISCORD_MENTION.sub(f"<{BREAK}", _DISCORD_MASS.sub(f"@{BREAK}", piece))

    return _outside_code(text, plain)


def for_slack(text: str) -> str:
    """Markdown that Slack may show (`markdown_text`)."""

    def plain(piece: str) -> str:
        piece = _LABELLED.sub(lambda match: f"{match[2]} ({match[1]})", piece)
        piece = _REFERENCE.sub(rf"\1\\[\2{BREAK}]:", piece)
        return _shown_links(piece, wrap=lambda url: url)

    return _SLACK_COMMAND.sub(f"<{BREAK}", _outside_code(text, plain))


def _shown_links(text: str, *, wrap: Callable[[str], str]) -> str:
    """`[label](url)` as `label (url)`: a reader sees where it leads, and nothing is loaded."""

    def shown(match: re.Match[str]) -> str:
        label, url = match[1].strip(), match[2]
        return wrap(url) if label in {"", url} else f"{label} ({wrap(url)})"

    return _LINK.sub(shown, text)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    pieces: list[str] = []
    at = 0
    for match in _CODE.finditer(text):
        pieces += (change(text[at : match.start()]), match[0])
        at = match.end()
    return "".join([*pieces, change(text[at:])])


def mrkdwn(text: str) -> str:
    """Text for Slack's older fields, where &, < and > are commands."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
