"""Keys that access tokens are signed with: from `CHATOPS_JWT_SECRET`, else from a file that is made at first use.

Either holds one secret or several, one a line (in the variable: or separated by commas), newest first. The first one
signs; all of them verify, so that a new one can be put on top without signing anybody out. A key's id (`kid`) is
derived from it, so that several servers agree on it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chatops.engine.errors import SettingsError

VARIABLE = "CHATOPS_JWT_SECRET"
FILE = "jwt-keys"
MIN_BYTES = 32
"""256 bits: RFC 7518, section 3.2, wants a key at least as long as the hash of HS256."""
MIN_DISTINCT = 8
"""Different bytes in a secret: fewer is somebody's finger on one key."""
KEPT = 3
"""Secrets that a rotation leaves in the file; those before signed nothing that is still good."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Secrets by their id. `current` is the one that signs."""

    current: str
    by_id: Mapping[str, bytes] = field(repr=False)


def key_file(folder: Path) -> Path:
    """Where the secrets lie when the environment has none."""
    return folder / FILE


def load(env: Mapping[str, str], folder: Path) -> SigningKeys:
    """The keys of this environment; makes the file in `folder` when there is neither it nor the variable.

    Raises:
        SettingsError: A secret is too short, or the file cannot be made, cannot be read, or can be read by others.
    """
    found = find(env, folder)
    if found is not None:
        return found
    file = key_file(folder)
    try:
        _create(file)
        return _keys(read_private(file), str(file))
    except OSError as error:
        raise _unusable(file, error) from error


def find(env: Mapping[str, str], folder: Path) -> SigningKeys | None:
    """The keys of this environment, None when there are none yet. Raises what `load` raises."""
    text = env.get(VARIABLE, "")
    if text.strip():
        return _keys(text.replace(",", "\n"), VARIABLE)
    file = key_file(folder)
    try:
        return _keys(read_private(file), str(file))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: OSError) -> SettingsError:
    return SettingsError(f"cannot use the key file {file}: {error.strerror}; {VARIABLE} may hold the secret instead")


def rotate(env: Mapping[str, str], folder: Path) -> SigningKeys:
    """Puts a new secret on top of the file's. Servers take it up when they meet a token that it signed, or start anew.

    Raises:
        SettingsError: The secret is in the environment, so it is changed there; or as for `load`.
    """
    if env.get(VARIABLE, "").strip():
        raise SettingsError(f"the secret is in {VARIABLE}: put a new one in front of it there, with a comma between")
    load(env, folder)
    file = key_file(folder)
    kept = read_private(file).split()[: KEPT - 1]
    with suppress(OSError):
        _temporary(file).unlink()
    _write(_temporary(file), [secrets.token_urlsafe(MIN_BYTES), *kept])
    _temporary(file).replace(file)
    return load(env, folder)


def read_private(file: Path) -> str:
    """The file's text.

    Raises:
        SettingsError: Others may read it, so it may be known already.
        OSError: It cannot be read.
    """
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SettingsError(
            f"the key file {file} can be read by others: chmod 600 it, and `chatops tokens rotate` makes a new key"
        )
    return file.read_text("utf-8", "replace")


def _create(file: Path) -> None:
    """Whoever is first makes it, whole or not at all; the others read that one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = _temporary(file)
    _write(mine, [secrets.token_urlsafe(MIN_BYTES)])
    try:
        with suppress(FileExistsError):
            os.link(mine, file)
    finally:
        mine.unlink()


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}")


def _write(file: Path, lines: list[str]) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor, not a path
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()
        os.fsync(descriptor)


def _keys(text: str, where: str) -> SigningKeys:
    found = [line.strip().encode("utf-8", "replace") for line in text.splitlines() if line.strip()]
    if not found:
        raise SettingsError(f"{where} holds no secret: delete it, and a new one is made")
    for secret in found:
        if len(secret) < MIN_BYTES or len(set(secret)) < MIN_DISTINCT:
            raise SettingsError(
                f"{where} holds a secret that can be guessed: it must have {MIN_BYTES} bytes or more, at random;"
                " `openssl rand -hex 32` prints one"
            )
    by_id = {_id(secret): secret for secret in found}
    return SigningKeys(_id(found[0]), by_id)


def _id(secret: bytes) -> str:
    """Tells nothing of the secret: 64 bits of a digest that is used for this alone."""
    return hashlib.sha256(b"chatops key id\0" + secret).hexdigest()[:16]
