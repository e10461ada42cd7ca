"""What a settings file may say: one table of keys, each with its check.

A file becomes flat leaves, `("providers", "groq", "kind") -> "openai"`, so that files, environment and defaults are
laid over each other key by key. Error messages name the key and the file, never the value: it may be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chatops import limit_settings, server_settings
from chatops.engine.errors import SettingsError

Key = tuple[str, ...]
Check = Callable[[object], object]
"""Returns the value as we keep it, or raises ValueError that says what it must be."""

ANY = "*"
"""Stands in the table for a name that the user chooses."""

PROJECT_KEYS = frozenset({"model", "preset", "system", "render"})
"""All that a project's file may set: it comes with somebody's repository, so it is not trusted."""


def text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("must be a text that is not empty")


def _one_of(*choices: str) -> Check:
    def check(value: object) -> object:
        if value in choices:
            return value
        raise ValueError(f"must be one of {', '.join(choices)}")

    return check


def _starts_with(*starts: str) -> Check:
    def check(value: object) -> object:
        if isinstance(value, str) and value.startswith(starts) and value not in starts:
            return value
        raise ValueError(f"must be a text that begins with {' or '.join(starts)}")

    return check


def _seconds(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise ValueError("must be a number of seconds above 0")


def _switch(value: object) -> object:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("must be a whole number above 0")


def _between(least: int, most: int) -> Check:
    def check(value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise ValueError(f"must be a whole number from {least:,} to {most:,}")

    return check


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(value)
    raise ValueError("must be a list of texts")


def _variable(value: object) -> str:
    if isinstance(value, str) and value.isidentifier():
        return value
    raise ValueError("must be the name of an environment variable, not the key itself")


def _command(value: object) -> str:
    import shlex

    if isinstance(value, str):
        try:
            if shlex.split(value):
                return value
        except ValueError:
            pass
    raise ValueError("must be a command line")


def _free_table(value: object) -> dict[str, object]:
    """Options for a model: whatever JSON can carry."""
    import json

    if isinstance(value, dict):
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            pass
        else:
            return value
    raise ValueError("must be a table of texts, numbers, booleans, lists and tables")


def _text_table(value: object) -> dict[str, str]:
    """Values of `{{variables}}`."""
    if isinstance(value, dict) and all(name.isidentifier() and isinstance(said, str) for name, said in value.items()):
        return value
    raise ValueError("must be a table of names and texts")


_BOT_RULES: Mapping[str, Any] = {
    **{f"{verb}_{what}": _texts for verb in ("allow", "deny") for what in ("users", "roles", "channels", "teams")},
    "admins": _texts,
    "direct": _switch,
    "guests": _switch,
    "api_base": _starts_with("http://", "https://"),
    "pace": _seconds,
}
SECRETS = frozenset({"token", "bot_token", "app_token", "signing_secret", "client_secret", "encryption_key"})
"""Keys whose values are never shown."""

KEYS: Mapping[str, Any] = {
    "model": text,
    "preset": text,
    "system": text,
    "render": _one_of("auto", "always", "never"),
    "timeout": _seconds,
    "titles": _switch,
    "title_model": text,
    "database": _starts_with("sqlite:///", "mongodb://", "mongodb+srv://"),
    "redis": _starts_with("redis://", "rediss://", "unix://"),
    "mongo_driver": _one_of("motor", "pymongo"),
    "local_model": text,
    "aliases": {ANY: text},
    "providers": {
        ANY: {
            "kind": _one_of("openai", "anthropic", "local", "echo"),
            "base_url": _starts_with("http://", "https://"),
            "api_key_env": _variable,
            "api_key_cmd": _command,
        }
    },
    "models": {
        ANY: {
            "context": _count,
            "max_output": _count,
            "fallbacks": _texts,
            "images": _switch,
            "price": limit_settings.check_price,
        }
    },
    "auth": {
        "registration": _one_of("open", "invite", "closed"),
        # Floor: OWASP's weakest Argon2id (Password Storage Cheat Sheet). Ceiling: 4 GiB, and what a person waits for.
        "argon2_time_cost": _between(2, 100),
        "argon2_memory_kib": _between(19_456, 4_194_304),
        "argon2_parallelism": _between(1, 64),
    },
    "presets": {
        ANY: {
            "system": text,
            "prompt": text,
            "model": text,
            "max_tokens": _count,
            "options": _free_table,
            "variables": _text_table,
        }
    },
    "server": server_settings.keys(text, _seconds, _count),
    "limits": limit_settings.keys(_count),
    "slack": {
        **_BOT_RULES,
        **dict.fromkeys(("bot_token", "app_token", "signing_secret", "client_id", "client_secret"), text),
        "encryption_key": text,
        "native": _one_of("direct", "everywhere", "off"),
    },
    "discord": {
        **_BOT_RULES,
        "token": text,
        "gateway": _starts_with("ws://", "wss://"),
        "threads": _switch,
        "shards": _count,
    },
}

_IS_MODEL_ID: Mapping[Key, bool] = {("providers",): False, ("aliases",): False, ("models",): True}
"""Whether the names in a table must be model ids, or must not look like one."""


def shown(key: Key) -> str:
    """A key as TOML writes it: models."openai:gpt-5".context."""
    bare = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return ".".join(part if part and set(part) <= bare else quoted(part) for part in key)


def quoted(text: str) -> str:
    """A TOML string; JSON's differs only in DEL, and in pairs of escapes for rare characters."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def leaves(
    data: Mapping[str, object], origin: str, *, known: Mapping[str, Any] = KEYS, at: Key = ()
) -> Iterator[tuple[Key, object]]:
    """Each value of a parsed file with its key, checked.

    Raises:
        SettingsError: An unknown key, or a value of the wrong form; says which, where, and what is right.
    """
    for name, value in data.items():
        key = (*at, name)
        rule = known.get(name, known.get(ANY))
        if rule is None:
            raise SettingsError(f"{origin}: unknown key {shown(key)}{_nearest(name, at, known)}")
        if at in _IS_MODEL_ID and _IS_MODEL_ID[at] != (":" in name):
            form = "the form provider:model" if _IS_MODEL_ID[at] else "no colon"
            raise SettingsError(f"{origin}: {shown(key)}: this name must have {form}")
        if callable(rule):
            yield key, checked(key, value, origin)
        elif not isinstance(value, dict) or (ANY in known and not value):
            raise SettingsError(f"{origin}: {shown(key)} must be a table that is not empty")
        else:
            yield from leaves(value, origin, known=rule, at=key)


def checked(key: Key, value: object, origin: str) -> object:
    """A value of a known key, as we keep it. Raises `SettingsError` when the key cannot take it."""
    rule: Any = KEYS
    for part in key:
        rule = rule.get(part, rule.get(ANY))
    try:
        return rule(value)
    except ValueError as error:
        raise SettingsError(f"{origin}: {shown(key)} {error}") from None


def _nearest(name: str, at: Key, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"; did you mean {shown((*at, close[0]))}?" if close else f"; known here: {', '.join(known)}"
