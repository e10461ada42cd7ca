"""Looks at a database file without changing it: is it ours, is it whole, can it be written."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chatops.engine.errors import StoreError
from chatops.engine.stores.sqlite_errors import explained
from chatops.engine.stores.sqlite_schema import APPLICATION_ID, MIGRATIONS

LATEST_SCHEMA = len(MIGRATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """`damage`: the first thing that SQLite's quick check complains of, None for a whole file. `size` in bytes."""

    size: int
    schema: int
    damage: str | None


def has_full_text_search() -> bool:
    """Whether this Python's SQLite has FTS5, which our tables need."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {option for (option,) in connection.execute("PRAGMA compile_options")}
    return "ENABLE_FTS5" in options


def may_write(path: Path) -> bool:
    """Whether the file, or the place where it will be made, may be written."""
    if path.exists():
        return os.access(path, os.W_OK)
    folder = next(folder for folder in path.absolute().parents if folder.exists())
    return folder.is_dir() and os.access(folder, os.W_OK)


def check_file(path: Path) -> FileReport:
    """Reads the whole file: a second for some hundred MB.

    Raises:
        StoreError: It cannot be opened, is no database, or is not ours.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise explained(error, str(path)) from error
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is another program's database; name another file with the setting `database`")
    return FileReport(size=path.stat().st_size, schema=schema, damage=None if verdict == "ok" else verdict)
