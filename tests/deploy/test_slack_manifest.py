"""What the manifest asks Slack for is what the bot handles."""

from pathlib import Path
from typing import Any

import yaml
from slack_bolt.async_app import AsyncApp

MANIFEST: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml").read_text())
HANDLERS = Path(__file__).parents[2] / "src" / "chatops" / "bots" / "slack"


def registered(kind: str) -> set[str]:
    import re

    text = "\n".join(file.read_text() for file in HANDLERS.glob("*.py"))
    return set(re.findall(rf'app\.{kind}\("([^"]+)"\)', text))


def test_events_commands_and_shortcuts_have_a_handler_each() -> None:
    events = {name.partition(".")[0] for name in MANIFEST["settings"]["event_subscriptions"]["bot_events"]}
    own = {"app_uninstalled", "tokens_revoked"}  # Bolt's own listeners take these, for installations

    assert hasattr(AsyncApp, "default_tokens_revoked_event_listener")
    assert events - own == registered("event")
    assert {one["command"] for one in MANIFEST["features"]["slash_commands"]} == registered("command")
    assert {one["callback_id"] for one in MANIFEST["features"]["shortcuts"]} == registered("shortcut")


def test_every_message_event_has_the_scope_that_slack_wants_for_it() -> None:
    scopes = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    channels = {"channels", "groups", "im"}

    assert {f"message.{one}" for one in channels} <= set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert {f"{one}:history" for one in channels} | {"chat:write", "commands", "app_mentions:read"} <= scopes
