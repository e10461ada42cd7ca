"""Where files lie: `CHATOPS_HOME` (one folder for all), else the XDG base directories, else the platform's own.

The XDG rule is followed here in a few lines: importing platformdirs costs 8 ms of a 60 ms start (measured), so only
macOS and Windows pay for it. Source: XDG Base Directory Specification 0.8.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatops.engine.errors import SettingsError

_XDG = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Our folders. None of them needs to exist."""

    config: Path
    data: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def keys(self) -> Path:
        """Keys of providers that were stored, or where they lie."""
        return self.config / "keys.json"

    @property
    def database(self) -> Path:
        return self.data / "chatops.db"

    @property
    def models(self) -> Path:
        """Weights of the embedded model: large, and to be had again."""
        return self.cache / "models"


def find(env: Mapping[str, str], *, platform: str = sys.platform) -> Paths:
    """Our folders in this environment.

    Raises:
        SettingsError: Neither `CHATOPS_HOME` nor `HOME` says where.
    """
    home = env.get("CHATOPS_HOME")
    if home:
        folder = expand(home, env)
        return Paths(config=folder, data=folder, state=folder / "state", cache=folder / "cache")
    if platform in {"darwin", "win32"}:
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("chatops", appauthor=False)
        return Paths(
            config=dirs.user_config_path,
            data=dirs.user_data_path,
            state=dirs.user_state_path,
            cache=dirs.user_cache_path,
        )
    return Paths(**{kind: _xdg(env, *rule) / "chatops" for kind, rule in _XDG.items()})


def _xdg(env: Mapping[str, str], variable: str, default: str) -> Path:
    value = env.get(variable, "")
    # A relative path "is to be considered invalid and ignored", says the specification.
    return Path(value) if value.startswith("/") else _home(env) / default


def _home(env: Mapping[str, str]) -> Path:
    value = env.get("HOME") or env.get("USERPROFILE")
    if not value:
        raise SettingsError("HOME is not set: set it, or set CHATOPS_HOME to the folder for settings and history")
    return Path(value)


def expand(text: str, env: Mapping[str, str]) -> Path:
    """An absolute path; a leading `~/` is the home folder. Raises `SettingsError` when there is none."""
    if text == "~" or text.startswith("~/"):
        return _home(env) / text[2:]
    return Path(text).absolute()


def create(folder: Path) -> Path:
    """Makes a folder of ours, for its owner alone as XDG asks, and returns it.

    Raises:
        SettingsError: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot create the folder {folder}: {error.strerror}; set CHATOPS_HOME to a folder that you can write to"
        ) from error
    return folder
