"""`chatops doctor`: checks what chatops needs on this machine, each with a way out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from chatops.cli.exits import ExitCode, guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import Terminal, open_terminal

if TYPE_CHECKING:
    from chatops.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding; `hint` says what to do about it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    hint: str = ""


def _verdict(name: str, detail: str, *, ok: bool, hint: str, otherwise: Literal["warn", "fail"] = "fail") -> Check:
    return Check(name=name, status="ok" if ok else otherwise, detail=detail, hint="" if ok else hint)


def doctor(*, json: Json = False, debug: Debug = False) -> None:
    """Check Python, settings, database, keys, the embedded model and the terminal."""
    terminal = open_terminal()

    def body() -> ExitCode | None:
        from chatops.cli import listing

        checks = list(_checks(terminal))
        if json:
            listing.write_json(
                terminal, ({key: value for key, value in asdict(check).items() if value} for check in checks)
            )
        else:
            listing.write_rows(terminal, [_row(check) for check in checks], cut=False)
        return ExitCode.CONFIGURATION if any(check.status == "fail" for check in checks) else None

    raise typer.Exit(guarded(body, debug=debug))


def _row(check: Check) -> dict[str, str]:
    found = f"{check.detail}; {check.hint}" if check.hint else check.detail
    return {"is": check.status, "check": check.name, "found": found}


def _checks(terminal: Terminal) -> Iterator[Check]:
    from chatops.cli import weaknesses
    from chatops.cli.config import current
    from chatops.engine.errors import ChatopsError

    yield from _programs()
    yield _terminal(terminal)
    try:
        settings = current()
    except ChatopsError as error:
        yield Check(name="settings", status="fail", detail=error.message, hint="mend that; the other checks need it")
        return
    yield _settings(settings)
    yield _database(settings)
    if settings.redis is not None:
        yield _redis(settings.redis)
    yield from weaknesses.checks(settings)
    yield from _keys(settings)
    yield _runtime()
    yield _weights(settings)


def _programs() -> Iterator[Check]:
    import platform
    import sqlite3

    from chatops import __version__
    from chatops.engine.stores.sqlite_check import has_full_text_search

    yield Check(name="chatops", status="ok", detail=__version__)
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}"
    yield Check(name="python", status="ok", detail=python)
    yield _verdict(
        "sqlite",
        f"{sqlite3.sqlite_version}, {'with' if has_full_text_search() else 'without'} full-text search",
        ok=has_full_text_search() and sqlite3.sqlite_version_info >= (3, 37),
        hint="chatops needs SQLite 3.37 or newer with FTS5: use a Python that has it",
    )


def _terminal(terminal: Terminal) -> Check:
    are = {"stdin": terminal.stdin_is_tty, "stdout": terminal.stdout_is_tty, "stderr": terminal.stderr_is_tty}
    on = ", ".join(name for name, is_tty in are.items() if is_tty) or "none of the streams"
    variables = [f"{name}={os.environ[name]}" for name in ("TERM", "NO_COLOR", "FORCE_COLOR") if name in os.environ]
    encoding = sys.stdout.encoding
    return _verdict(
        "terminal",
        f"{on} on a terminal, {terminal.width}x{terminal.height}, {encoding}, {' '.join(variables) or 'TERM not set'}",
        ok=encoding.lower().replace("-", "") == "utf8",
        hint="output is UTF-8 whatever LANG says: set LANG to a UTF-8 locale, for example C.UTF-8",
        otherwise="warn",
    )


def _settings(settings: Settings) -> Check:
    from chatops.settings import PROJECT_FILE, config_file

    files = [file for file in (config_file(os.environ), Path(PROJECT_FILE)) if file.exists()]
    origins = {origin for _, origin in settings.origins.values() if origin.startswith("environment ")}
    found = [str(file) for file in files] + sorted(origins)
    return Check(name="settings", status="ok", detail=", ".join(found) or "defaults only")


def _database(settings: Settings) -> Check:
    from chatops.engine.errors import StoreError
    from chatops.engine.stores import sqlite_check

    file = settings.sqlite_path
    if file is None:
        return _server(settings)
    if not sqlite_check.may_write(file):
        return Check(
            name="database", status="fail", detail=f"{file} cannot be written", hint="check its folder's permissions"
        )
    if not file.exists():
        return Check(name="database", status="ok", detail=f"{file}, made when it is first needed")
    try:
        report = sqlite_check.check_file(file)
    except StoreError as error:
        return Check(name="database", status="fail", detail=error.message)
    if report.schema > sqlite_check.LATEST_SCHEMA:
        return Check(
            name="database",
            status="fail",
            detail=f"{file} has schema {report.schema}, this chatops knows {sqlite_check.LATEST_SCHEMA}",
            hint="upgrade chatops",
        )
    return _verdict(
        "database",
        f"{file}, {report.size:,} bytes, schema {report.schema}, {report.damage or 'whole'}",
        ok=report.damage is None,
        hint="put a backup in its place, or move it away to begin anew",
    )


def _server(settings: Settings) -> Check:
    import asyncio

    from chatops.engine.errors import ChatopsError
    from chatops.engine.stores import mongo_check

    try:
        report = asyncio.run(mongo_check.check_server(settings.database, settings.mongo_driver))
    except ChatopsError as error:
        return Check(name="database", status="fail", detail=error.message)
    kind = f"replica set {report.replica_set}" if report.replica_set else "standalone"
    made = f"schema {report.schema}" if report.schema else "made when it is first needed"
    return _verdict(
        "database",
        f"{report.address}, MongoDB {report.version}, {kind}, driver {settings.mongo_driver}, {made}",
        ok=(report.schema or 0) <= mongo_check.LATEST_SCHEMA,
        hint="a newer chatops made it: upgrade chatops",
    )


def _redis(url: str) -> Check:
    import asyncio

    from chatops.engine.errors import ChatopsError
    from chatops.engine.replicas.check import check_redis

    try:
        report = asyncio.run(check_redis(url))
    except ChatopsError as error:
        return Check(name="redis", status="fail", detail=error.message)
    return _verdict(
        "redis",
        f"{report.where}, Redis {report.version}, when its memory is full: {report.policy}",
        ok=report.is_new_enough,
        hint="chatops needs Redis 6.2 or newer",
    )


def _keys(settings: Settings) -> Iterator[Check]:
    from chatops.catalog import catalog
    from chatops.engine.errors import ChatopsError, SettingsError

    models = catalog(settings, os.environ)
    try:
        default = models.resolve(None)
    except ChatopsError as error:
        yield Check(name="model", status="fail", detail=error.message, hint="set model")
        return
    yield Check(name="model", status="ok", detail=f"{default.id} when none is named")
    for provider in settings.providers.values():
        if provider.api_key_env is None and provider.api_key_cmd is None:
            continue
        places = [place for place in (provider.api_key_env, provider.api_key_cmd and "api_key_cmd") if place]
        try:
            places += [place for place in (settings.keys.places().get(provider.name),) if place]
            found = provider.api_key(os.environ) is not None
        except SettingsError as error:
            yield Check(name=f"key of {provider.name}", status="fail", detail=error.message)
            continue
        yield _verdict(
            f"key of {provider.name}",
            f"{'from' if found else 'none in'} {' or '.join(places)}",
            ok=found or default.provider != provider.name,
            hint=f"set {places[0]}, store one with `chatops keys set {provider.name}`, or choose another model",
        )


def _runtime() -> Check:
    import subprocess

    # In another process: on a processor that the wheel was not built for, importing it would kill this one.
    done = subprocess.run(
        [sys.executable, "-c", "import xllamacpp"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    reason = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2] or f"ended by signal {-done.returncode}"
    return _verdict(
        "embedded runtime",
        "xllamacpp can be loaded" if done.returncode == 0 else f"xllamacpp cannot be loaded: {reason}",
        ok=done.returncode == 0,
        hint="install libgomp1 (Debian: apt-get install libgomp1) or the xllamacpp wheel; other models do without",
        otherwise="warn",
    )


def _weights(settings: Settings) -> Check:
    from chatops.engine.errors import SettingsError
    from chatops.engine.providers import weights

    try:
        place = weights.find(settings.paths.models, settings.local_model)
    except SettingsError as error:
        return Check(name="weights", status="fail", detail=error.message)
    if place is None:
        return Check(
            name="weights", status="ok", detail="not fetched yet", hint="`chatops models pull` fetches them (98 MB)"
        )
    if settings.local_model is not None:
        return Check(name="weights", status="ok", detail=f"{place}, your own file")
    whole = weights.intact(place)
    return _verdict(
        "weights",
        f"{place}, {'whole' if whole else 'damaged (wrong checksum)'}",
        ok=whole,
        hint="`chatops models pull` fetches them anew",
    )
