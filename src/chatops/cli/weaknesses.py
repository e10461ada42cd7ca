"""`chatops doctor` on what is allowed, but weak: keys to guess, doors that stand open, files that others can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chatops.cli.doctor import Check

if TYPE_CHECKING:
    from chatops.settings import Settings


def checks(settings: Settings) -> Iterator[Check]:
    yield _signing_key(settings)
    yield _registration(settings)
    yield _private_files(settings)


def _signing_key(settings: Settings) -> Check:
    from chatops.engine.auth import keys
    from chatops.engine.errors import SettingsError

    folder = settings.paths.data
    try:
        found = keys.find(os.environ, folder)
    except SettingsError as error:
        return Check(name="signing key", status="fail", detail=error.message)
    from_variable = os.environ.get(keys.VARIABLE, "").strip()
    where = keys.VARIABLE if from_variable else str(keys.key_file(folder))
    number = "made when it is first needed" if found is None else f"{len(found.by_id)} of 256 bits or more"
    if settings.sqlite_path is None and not from_variable:
        return Check(
            name="signing key",
            status="warn",
            detail=f"{where}, {number}, on this machine alone",
            hint=f"several servers on one database need the same secret: set {keys.VARIABLE}",
        )
    return Check(name="signing key", status="ok", detail=f"{where}, {number}")


def _registration(settings: Settings) -> Check:
    registration = settings.auth.registration
    if registration == "open":
        return Check(
            name="registration",
            status="warn",
            detail="open: whoever reaches the server can make an account",
            hint='on a server that others reach, set auth.registration = "invite"',
        )
    return Check(name="registration", status="ok", detail=f"{registration}, but for the first account")


def _private_files(settings: Settings) -> Check:
    from chatops.settings import config_file

    ours = [settings.sqlite_path, settings.paths.state / "recovery", config_file(os.environ)]
    shown = [str(file) for file in ours if file is not None and _others_may_read(file)]
    if not shown:
        return Check(name="private files", status="ok", detail="database and settings are yours alone to read")
    return Check(
        name="private files",
        status="warn",
        detail=f"others on this machine can read {', '.join(shown)}",
        hint="chmod go-rwx it",
    )


def _others_may_read(file: Path) -> bool:
    """Also by its folder: a file in a folder that others cannot enter is private, whatever its own mode."""
    try:
        inside = os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077
        return bool(inside and stat.S_IMODE(file.parent.stat().st_mode) & 0o011)
    except OSError:
        return False
