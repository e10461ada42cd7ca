"""The app's manifest asks for what the code uses: nothing is missing, and nothing is asked for that is not used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from slack_sdk.web.async_client import AsyncWebClient

import chatops.bots.slack as package
from chatops.bots.slack.run import EVENTS, REDIRECT, SCOPES

ROOT = Path(__file__).parents[3]
HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
METHODS = {
    "assistant_threads_setStatus": {"chat:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "auth_test": set(),
    "chat_appendStream": {"chat:write"},
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_startStream": {"chat:write"},
    "chat_stopStream": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_open": {"im:write"},
    "conversations_replies": HISTORY,
    "files_delete": {"files:write"},
    "files_upload_v2": {"files:write"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
}
"""The scopes of each Web API method that the code calls (Slack's method pages, 2026-08)."""
DELIVERED = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "assistant_thread_context_changed": {"assistant:write"},
    "assistant_thread_started": {"assistant:write"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "tokens_revoked": set(),
}
"""Likewise of each event (Slack's event pages)."""
BESIDES = {"commands", "files:read"}
"""Slash commands and shortcuts; fetching what people attach."""
ORGANISATIONS = {"team_access_revoked"}
"""Handled, but not in the manifest: only an app of a whole organisation gets it."""


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())
    return found


def sources() -> Iterator[str]:
    for file in sorted(Path(package.__path__[0]).glob("*.py")):
        yield file.read_text()


def called() -> set[str]:
    """The Web API methods that the code names."""
    names = {node.attr for text in sources() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    return {name for name in names if re.fullmatch(r"[a-z]+_\w+", name) and hasattr(AsyncWebClient, name)}


def handled(kind: str) -> set[str]:
    """What listeners are registered for: `app.event("...")`."""
    return {name for text in sources() for name in re.findall(rf'app\.{kind}\("([^"]+)"\)', text)}


def test_every_scope_is_used_and_every_use_has_its_scope() -> None:
    wanted = BESIDES.union(*(METHODS[name] for name in called()), *DELIVERED.values())

    assert sorted(wanted) == manifest()["oauth_config"]["scopes"]["bot"] == list(SCOPES)


def test_every_event_is_subscribed_to_and_handled() -> None:
    subscribed = manifest()["settings"]["event_subscriptions"]["bot_events"]

    assert sorted(DELIVERED) == subscribed
    assert {event.partition(".")[0] for event in subscribed} == handled("event") - ORGANISATIONS


def test_commands_and_shortcuts_are_those_of_the_code() -> None:
    features = manifest()["features"]

    assert {command["command"] for command in features["slash_commands"]} == handled("command")
    assert {shortcut["callback_id"] for shortcut in features["shortcuts"]} == handled("shortcut")
    assert features["app_home"]["home_tab_enabled"]


def test_the_addresses_over_http_are_where_the_bot_listens() -> None:
    text = (ROOT / "deploy" / "slack-manifest.yaml").read_text()

    assert text.count(f"https://YOUR-ADDRESS{EVENTS}") == 2
    assert f"https://YOUR-ADDRESS{REDIRECT}" in text
