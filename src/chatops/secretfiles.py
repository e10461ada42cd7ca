"""Secrets from files: `NAME_FILE` names one that holds what the variable NAME would, as Docker's own images have it.

Orchestrators mount secrets as files, which show in no process list, image or `inspect`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from chatops.engine.errors import SettingsError

NAMES = (
    "ANTHROPIC_API_KEY",
    "CHATOPS_DATABASE",
    "CHATOPS_JWT_SECRET",
    "CHATOPS_REDIS",
    "CHATOPS_SLACK_ENCRYPTION_KEY",
    "CHATOPS_TOKEN",
    "DISCORD_TOKEN",
    "OPENAI_API_KEY",
    "SLACK_APP_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET",
)
SUFFIX = "_FILE"


def fill(env: MutableMapping[str, str]) -> None:
    """Sets each variable of `NAMES` whose file is named, to its first line.

    Raises:
        SettingsError: The file cannot be read or is empty, or the variable is set as well.
    """
    for name in NAMES:
        file = env.get(name + SUFFIX)
        if not file:
            continue
        if env.get(name):
            raise SettingsError(f"{name} and {name}{SUFFIX} are both set: keep one of them")
        try:
            value = Path(file).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SettingsError(f"{name}{SUFFIX} names {file}, which cannot be read: {reason}") from None
        if not value:
            raise SettingsError(f"{name}{SUFFIX} names {file}, whose first line is empty")
        env[name] = value
