"""What people say on Slack, as questions for the desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chatops.bots.ports import Person, Place, Question, Value

Event = Mapping[str, Any]
_ENTITY = re.compile(r"<([^<>]+)>")
QUOTED = 4000
"""Characters of a message that a shortcut is about."""


def text_of(text: str, bot_user: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Slack's text as people read it: without our mention, links and names written out, entities as characters.

    `names`: of users, by their ids.
    """
    text = re.sub(rf"<@{re.escape(bot_user)}(?:\|[^>]*)?>", "", text) if bot_user else text
    text = _ENTITY.sub(lambda match: _written_out(match, names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _written_out(match: re.Match[str], names: Mapping[str, str]) -> str:
    target, _, label = match[1].partition("|")
    if target.startswith("@"):
        return f"@{label or names.get(target[1:], target[1:])}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return f"@{label or target[1:].partition('^')[0]}"
    return f"{label} ({target})" if label and label not in target else target


def person_of(team: str, user: str, name: str = "") -> Person:
    return Person(id=f"{team}:{user}", name=name or user)


def files_of(files: list[Any]) -> list[Value]:
    return [
        {
            "id": file.get("id", ""),
            "name": file.get("name") or file.get("title") or "file",
            "media_type": file.get("mimetype") or "",
            "size": int(file.get("size") or 0),
            "url": file.get("url_private_download") or file.get("url_private") or "",
        }
        for file in files
    ]


def address_of(
    *, team: str, enterprise: str, channel: str, thread: str, user: str, native: bool, **more: str
) -> dict[str, str]:
    mode = "native" if native and thread else "edit"
    fixed = {"team": team, "enterprise": enterprise, "channel": channel, "thread": thread, "user": user, "mode": mode}
    return {**fixed, **more}


def question_of(
    event_id: str, *, person: Person, place: Place, text: str, address: Value, files: list[Any] | None = None
) -> Question:
    return Question(
        id=event_id,
        platform="slack",
        person=person,
        place=place,
        text=text,
        address=address,
        files=files_of(files or []),
    )


def place_of(team: str, channel: str, key: str, *, is_direct: bool) -> Place:
    return Place(key=key, team=team, channels=[channel], is_direct=is_direct)
