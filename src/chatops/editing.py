"""Changes the user's settings file: comments stay, nothing invalid is written, a crash leaves the old one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatops import paths, settings
from chatops.engine.errors import InvalidRequestError, SettingsError
from chatops.files import replacing
from chatops.schema import Key, shown

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def parse_key(text: str) -> Key:
    """The parts of a key as TOML writes it: `models."openai:gpt-5".context`.

    Raises:
        InvalidRequestError: It is no such key.
    """
    try:
        found: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        found = {}
    key: list[str] = []
    while isinstance(found, dict) and len(found) == 1:
        ((name, found),) = found.items()
        key.append(name)
    if found != 0 or "\n" in text:
        raise InvalidRequestError(
            f'{text!r} is no key: write it as TOML does, for example models."openai:gpt-5".context'
        )
    return tuple(key)


def read(env: Mapping[str, str]) -> str:
    """What the user's file says; nothing when there is none. Raises `SettingsError` when it cannot be read."""
    file = settings.config_file(env)
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {file}: {getattr(error, 'strerror', 'it is not UTF-8')}") from None


def write(env: Mapping[str, str], cwd: Path, text: str) -> None:
    """Makes `text` the user's settings file, if it is valid.

    Raises:
        SettingsError: It is not, or the file cannot be written; the file is as it was.
    """
    settings.load(env, cwd, user_text=text)
    file = settings.config_file(env)
    if not file.parent.exists():
        paths.create(file.parent)
    try:
        with replacing(file) as new:
            new.write(text.encode())
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}") from None


def change(env: Mapping[str, str], cwd: Path, edit: Callable[[TOMLDocument], object]) -> None:
    """Applies an edit to the user's settings file. Raises what `read` and `write` raise."""
    import tomlkit

    text = read(env)
    settings.load(env, cwd, user_text=text)  # a file that is wrong already is told with its place
    document = tomlkit.parse(text)
    edit(document)
    write(env, cwd, tomlkit.dumps(document))


def put(document: Any, key: Key, value: object) -> None:
    """Sets a value, making the tables above it. Raises `InvalidRequestError` where one of them is a value."""
    import tomlkit

    *above, name = key
    for depth, part in enumerate(above):
        if part not in document:
            document[part] = tomlkit.table(is_super_table=depth + 1 < len(above))
        document = document[part]
        if not isinstance(document, dict):
            raise InvalidRequestError(f"{shown(tuple(above[: depth + 1]))} is a value, not a table")
    document[name] = value


def remove(document: Any, key: Key) -> bool:
    """Takes a value or table out, and the tables that are empty then. False when it is not there."""
    name, *rest = key
    if not isinstance(document, dict) or name not in document:
        return False
    if not rest:
        del document[name]
        return True
    done = remove(document[name], tuple(rest))
    if done and not document[name]:
        del document[name]
    return done
