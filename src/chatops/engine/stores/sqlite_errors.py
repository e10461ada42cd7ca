"""What SQLite and the file system say, as an error that tells a person what to do."""

from __future__ import annotations

import sqlite3

from chatops.engine.errors import InvalidRequestError, StoreError

_ADVICE = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked; try again when that one is done",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked; try again when that one is done",
    sqlite3.SQLITE_FULL: "the disk is full; free some space and try again",
    sqlite3.SQLITE_NOTADB: "it is not a database; move the file away, or name another with the setting `database`",
    sqlite3.SQLITE_CORRUPT: "it is damaged; check it with `chatops db check`, or put a backup in its place",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that the folder exists and that you may write there",
    sqlite3.SQLITE_READONLY: "it is read-only; check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "permission denied; check the permissions of the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write; check the disk",
}
_PRIMARY_CODE = 0xFF  # the other bits refine it (sqlite.org/rescode.html)


def explained(error: Exception, path: str) -> Exception:
    """The error to show for one met while using the database at `path`; ours and unknown ones stay as they are."""
    match error:
        case sqlite3.Error():
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
            # An old SQLite meets words and tables that it does not know.
            otherwise = f"{error} (SQLite {sqlite3.sqlite_version}; needed is 3.37 or newer, with FTS5)"
            return StoreError(f"cannot use the database {path}: {_ADVICE.get(code, otherwise)}")
        case UnicodeEncodeError() | OverflowError():
            return InvalidRequestError(f"the database cannot hold this value: {error}")
        case OSError():
            reason = error.strerror or str(error)
            return StoreError(
                f"cannot create the database {path}: {reason}; check the folder, or name another with the setting"
                " `database`"
            )
    return error
