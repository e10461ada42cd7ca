"""Files to import: JSON, JSON lines, a folder or a zip of them. Records come one at a time: memory is bounded."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from json import loads
from pathlib import Path
from typing import IO, Protocol

from chatops.engine.errors import InvalidRequestError
from chatops.engine.exchange.trees import BadRecordError
from chatops.engine.requests import MAX_ATTACHMENT_BYTES

MAX_RECORD_BYTES = 64 * 2**20
"""One conversation, as text."""
MAX_MEMBER_BYTES = 16 * 2**30
"""A file, unpacked: a zip may claim anything."""
_PEEK = 65536
_CHUNK = 4 * 2**20
"""Bytes given to the parser at once. It goes through a text anew for each chunk that the text spans (measured: 64 MiB
in one text take 1.5 s so, and about 50 s in chunks of 64 KiB)."""
_BOM = b"\xef\xbb\xbf"
_CONVERSATIONS = re.compile(r"(conversations|messages)[^/]*\.jsonl?$")
_JSON = re.compile(r"\.jsonl?$")

Found = tuple[str, object]
"""A place (file and number) and the record there, or the `BadRecordError` that says why there is none."""


class Members(Protocol):
    """What a zip is, and what a folder or a single file can be looked at as."""

    def namelist(self) -> list[str]: ...

    def open(self, name: str) -> IO[bytes]: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def namelist(self) -> list[str]:
        return sorted(str(file.relative_to(self._path)) for file in self._path.rglob("*") if file.is_file())

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class _OneFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def namelist(self) -> list[str]:
        return [self._path.name]

    def open(self, name: str) -> IO[bytes]:  # noqa: ARG002 - there is one
        return self._path.open("rb")


def members(path: Path) -> AbstractContextManager[Members]:
    """The files at a path, to be used in a `with` block.

    Raises:
        InvalidRequestError: It cannot be read.
    """
    try:
        if path.is_dir():
            return nullcontext(_Folder(path))
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
        return zipfile.ZipFile(path) if is_zip else nullcontext(_OneFile(path))
    except OSError as error:
        raise InvalidRequestError(f"cannot read {path}: {error.strerror}") from None
    except zipfile.BadZipFile as error:
        raise InvalidRequestError(f"{path} is a damaged zip file: {error}") from None


def records(files: Members) -> Iterator[Found]:
    """Every record of the files that may hold conversations: those named for it, else every JSON file."""
    names = files.namelist()
    named = [name for name in names if _CONVERSATIONS.search(name)]
    chosen = names if len(names) == 1 else named or [name for name in names if _JSON.search(name)]
    for name in sorted(chosen):
        yield from _reported(name, lambda name=name: _in_file(files, name))  # type: ignore[misc]  # mypy on defaults


def assets(files: Members) -> Callable[[str], bytes | None]:
    """Finds attached files by the beginning of their name, which is an id; bounded in size."""
    names = {Path(name).name: name for name in files.namelist()}
    by_id: dict[str, str] = {}
    for base, name in names.items():
        for end in (len(base), *(match.start() for match in re.finditer(r"[-_.]", base))):
            by_id.setdefault(base[:end], name)

    def find(id_: str) -> bytes | None:
        name = by_id.get(id_)
        if name is None:
            return None
        try:
            with files.open(name) as file:
                data = file.read(MAX_ATTACHMENT_BYTES + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError):
            return None
        return data if len(data) <= MAX_ATTACHMENT_BYTES else None

    return find


def _reported(place: str, read: Callable[[], Iterator[Found]]) -> Iterator[Found]:
    """What `read` finds; where a file cannot be read any further, that as its last record."""
    try:
        yield from read()
    except BadRecordError as error:
        yield place, error
    except OSError as error:
        yield place, BadRecordError(f"cannot be read: {error.strerror or error}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        yield place, BadRecordError(f"is damaged: {error}")
    except RuntimeError as error:  # zipfile's word for a password
        yield place, BadRecordError(str(error))


def _in_file(files: Members, name: str) -> Iterator[Found]:
    with files.open(name) as file:
        head = file.read(_PEEK)
    start = head.removeprefix(_BOM).lstrip()
    if not start:
        raise BadRecordError("is empty")
    with files.open(name) as file:
        if start[:1] == b"[":
            yield from _items(name, _Bounded(file), "item")
        elif start[:1] != b"{":
            raise BadRecordError("is no JSON: it must begin with [ or {")
        elif _is_whole(start.partition(b"\n")[0]):
            yield from _lines(name, _Bounded(file))
        else:
            yield from _items(name, _Bounded(file), "")


def _is_whole(line: bytes) -> bool:
    """Whether a first line is a JSON value in itself: then each line is one."""
    try:
        loads(line)
    except (ValueError, RecursionError):
        return False
    return True


class _Bounded:
    """A file that is read up to a limit for each record, and for all of them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._total = 0
        self._record = 0
        self._first = True

    def read(self, size: int = -1) -> bytes:
        return self._counted(self._file.read(size if 0 <= size <= _CHUNK else _CHUNK))

    def readline(self) -> bytes:
        return self._counted(self._file.readline(MAX_RECORD_BYTES + 1))

    def next_record(self) -> None:
        self._record = 0

    def _counted(self, data: bytes) -> bytes:
        self._total += len(data)
        self._record += len(data)
        if self._record > MAX_RECORD_BYTES:
            raise BadRecordError(f"holds a record of more than {MAX_RECORD_BYTES:,} bytes")
        if self._total > MAX_MEMBER_BYTES:
            raise BadRecordError(f"is larger than {MAX_MEMBER_BYTES:,} bytes")
        if self._first and data:  # an empty read only asks whether these are bytes
            self._first = False
            data = data.removeprefix(_BOM)
        return data


def _items(name: str, file: _Bounded, prefix: str) -> Iterator[Found]:
    """The items of an array, or one value after the other."""
    import ijson  # here: few commands need it

    number = 0
    try:
        for item in ijson.items(file, prefix, use_float=True, multiple_values=not prefix, buf_size=_CHUNK):
            number += 1
            file.next_record()
            yield f"{name}, record {number}", item
    except ijson.JSONError as error:
        place = f"after record {number}" if number else "from its beginning"
        raise BadRecordError(f"is damaged {place}: {_brief(error)}") from None


def _lines(name: str, file: _Bounded) -> Iterator[Found]:
    number = 0
    while line := file.readline():
        number += 1
        file.next_record()
        if not line.strip():
            continue
        try:
            yield f"{name}, line {number}", loads(line)
        except (ValueError, RecursionError):
            yield f"{name}, line {number}", BadRecordError("is no JSON")


def _brief(error: Exception) -> str:
    """The parser's own words without the piece of text that it shows below them."""
    words: Sequence[object] = error.args
    first = words[0] if words else ""
    said = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return said.strip().partition("\n")[0].strip()
