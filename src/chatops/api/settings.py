"""Bounds of the server: what one client, or all of them together, can make it hold."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Every queue and body has one.

    Attributes:
        body: Bytes of a request's body; attachments come in it as base64.
        upload: Bytes of a file to import, which is written to a temporary folder.
        imports: That run at once.
        small_body: Likewise where no attachments come.
        body_seconds: In which a body must have come.
        header_seconds: In which a request's head must have come, and how long an idle connection is kept.
        linger_seconds: For which the rest of a refused body is read, so that its client gets to see the answer.
        streams: Open streams, at half of what one core was measured to carry (20 tokens a second each).
        connections: Open connections.
        reader_bytes: What the kernel keeps for one reader, and half of it what waits for the kernel; then the reader is
            behind, and is sent the rest from the turn's own frames as it takes it.
        reader_seconds: A reader that takes nothing for so long is dropped; it can come back with its Last-Event-ID.
        ping_seconds: A stream that was silent for so long is sent a comment, for proxies.
    """

    body: int = 32 * MIB
    upload: int = 256 * MIB
    imports: int = 2
    small_body: int = 256 * 1024
    body_seconds: float = 30.0
    header_seconds: float = 75.0
    linger_seconds: float = 2.0
    streams: int = 1000
    connections: int = 4000
    reader_bytes: int = 64 * 1024
    reader_seconds: float = 30.0
    ping_seconds: float = 15.0
