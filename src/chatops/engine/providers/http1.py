"""As much of HTTP/1.1 (RFC 9112) as a client needs that asks once a connection; no I/O."""

from __future__ import annotations

from typing import NamedTuple, Protocol

MAX_HEAD = 64 * 1024
_MAX_SIZE_LINE = 4096
_MAX_DIGITS = 15


class GarbledError(ValueError):
    """What came is no HTTP/1.1."""


class Head(NamedTuple):
    """`headers`: names in lower case; repeated ones joined by a comma."""

    status: int
    headers: dict[str, str]


def request(method: str, target: str, headers: dict[str, str], body: bytes | None) -> bytes:
    """A whole request, asking that the connection be closed after it."""
    length = {} if body is None else {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (headers | length | {"connection": "close"}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + (body or b"")


def parse_head(raw: bytes) -> Head:
    """The status line and headers, up to and with their empty line.

    Raises:
        GarbledError: They are none.
    """
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    version, _, rest = first.partition(b" ")
    status = rest.partition(b" ")[0]
    if version not in {b"HTTP/1.1", b"HTTP/1.0"} or not status.isdigit() or len(status) != 3:  # noqa: PLR2004 - by the RFC
        raise GarbledError("no HTTP status line")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise GarbledError("a header without a colon")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head(int(status), headers)


class Body(Protocol):
    """Takes the framing off a body's bytes."""

    done: bool
    """The body is whole."""

    def feed(self, data: bytes) -> bytes:
        """Raises `GarbledError`."""
        ...

    def ends_here(self) -> bool:
        """Whether the body may end where the connection does."""
        ...


def framing(head: Head) -> Body:
    """How the body of an answer is delimited (RFC 9112, section 6.3). Raises `GarbledError`."""
    coding = head.headers.get("transfer-encoding", "").lower()
    if coding:
        if coding != "chunked":
            raise GarbledError("an unknown transfer coding")
        return Chunked()
    length = head.headers.get("content-length")
    if length is None:
        return UntilClose()
    if not (length.isascii() and length.isdigit()) or len(length) > _MAX_DIGITS:
        raise GarbledError("a content length that is no number")
    return Sized(int(length))


class UntilClose:
    done = False

    def feed(self, data: bytes) -> bytes:
        return data

    def ends_here(self) -> bool:
        return True


class Sized:
    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def feed(self, data: bytes) -> bytes:
        data = data[: self._left]
        self._left -= len(data)
        self.done = self._left == 0
        return data

    def ends_here(self) -> bool:
        return self.done


class Chunked:
    """Chunks of any size, split anywhere. Extensions are ignored, and so are trailers: the connection ends there."""

    def __init__(self) -> None:
        self.done = False
        self._left = 0
        self._line = b""

    def feed(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                at += len(piece)
            else:
                at = self._size(data, at)
        return b"".join(pieces)

    def _size(self, data: bytes, at: int) -> int:
        """Reads on in the line that tells a chunk's size; an empty one is the end of the chunk before."""
        end = data.find(b"\n", at) + 1 or len(data)
        self._line += data[at:end]
        if len(self._line) > _MAX_SIZE_LINE:
            raise GarbledError("a chunk size that does not end")
        if self._line.endswith(b"\n"):
            line, self._line = self._line.strip(), b""
            if line:
                self._left = _hexadecimal(line.partition(b";")[0].strip())
                self.done = self._left == 0
        return end

    def ends_here(self) -> bool:
        return self.done


def _hexadecimal(size: bytes) -> int:
    try:
        # `int` alone would take a sign and underscores as well.
        return int(size if size.isalnum() and len(size) <= _MAX_DIGITS else b"", 16)
    except ValueError:
        raise GarbledError("a chunk size that is no number") from None
