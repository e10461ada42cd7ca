"""How a program finds the server of this machine that would do exactly what it would do itself.

A server announces its unix socket under a name that follows from everything an answer depends on: version, database,
providers, keys, models, limits. Whoever has the same settings computes the same name; with others, there is no such
file, and nothing was asked. The folder is the user's own, and the socket open to that user alone.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import chatops
from chatops import paths
from chatops.settings import Settings

_FOLDER = "servers"
_OWN = frozenset({"preset", "presets", "system", "render", "server", "slack", "discord"})
"""Tables and keys that the asking program applies by itself, or that no answer depends on."""
_NETWORK = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
]


class Found(NamedTuple):
    """A server's socket, and the mark of the settings that it must have."""

    socket: Path
    mark: str


def place(settings: Settings, env: Mapping[str, str]) -> Path:
    """Where a server with these settings announces its socket: a link to it."""
    said = repr((chatops.__version__, chatops.__path__, _settings(settings), _environment(settings, env)))
    return settings.paths.state / _FOLDER / hashlib.sha256(said.encode()).hexdigest()[:32]


def _settings(settings: Settings) -> object:
    said = sorted((key, repr(value)) for key, (value, _) in settings.origins.items() if key[0] not in _OWN)
    return settings.database, settings.paths, settings.local_model, _stamp(settings.keys.path), said


def _environment(settings: Settings, env: Mapping[str, str]) -> list[tuple[str, str | None]]:
    keys = {one.api_key_env for one in settings.providers.values() if one.api_key_env}
    return [(name, env.get(name)) for name in sorted(keys | set(_NETWORK))]


def _stamp(file: Path) -> tuple[int, int] | None:
    """Changes when keys are stored or removed; the keys themselves may lie in a keyring."""
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def find(settings: Settings, env: Mapping[str, str]) -> Found | None:
    """The announced server with these settings. It may be gone by now, and another one in its place: it compares the
    mark with its own.
    """
    if sys.platform == "win32":  # asyncio has no unix sockets there
        return None
    link = place(settings, env)
    try:
        socket = link.readlink()  # its address may be no longer than some hundred bytes: the shorter of the two
        about = socket.stat()
    except OSError:
        return None
    mine = stat.S_ISSOCK(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077
    return Found(socket, link.name) if mine else None


@contextmanager
def announced(socket: Path, settings: Settings, env: Mapping[str, str]) -> Iterator[None]:
    """The socket can be found while this is open. Where the link cannot be made, programs do their work themselves."""
    link = place(settings, env)
    with suppress(OSError):
        paths.create(link.parent)
        for old in link.parent.iterdir():  # of a server that was killed, whose socket is ours now
            if old.is_symlink() and old.readlink() == socket.absolute():
                old.unlink()
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(socket.absolute())
        fresh.replace(link)
    try:
        yield
    finally:
        with suppress(OSError):
            if link.readlink() == socket.absolute():
                link.unlink()
