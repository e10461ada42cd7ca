"""The web page at `/`: files that `make web` builds and the package brings along, served from memory."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

FOLDER = Path(__file__).with_name("static")
_STAMP = "build.json"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; "  # attachments that are about to be sent, and those that were
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The page runs its own files and reaches its own server; whatever got into it could do neither elsewhere."""

_ALWAYS = "no-cache"
_FOR_GOOD = "public, max-age=31536000, immutable"
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    hdrs.VARY: hdrs.ACCEPT_ENCODING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content_type: str
    cache_control: str
    etag: str
    plain: bytes
    gzipped: bytes


def add_page(app: web.Application, folder: Path = FOLDER) -> None:
    """Routes `/` and the files that it refers to: those that are there, and no other path."""
    page = _Page(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != _STAMP:
            app.router.add_get("/" if name == "index.html" else f"/{name}", page.serve)


class _Page:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}

    async def serve(self, request: web.Request) -> web.Response:
        file = await self._file("index.html" if request.path == "/" else request.path[1:])
        headers = {**_HEADERS, hdrs.ETAG: file.etag, hdrs.CACHE_CONTROL: file.cache_control}
        if file.etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        body = file.plain
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            body = file.gzipped
        return web.Response(body=body, content_type=file.content_type, charset="utf-8", headers=headers)

    async def _file(self, name: str) -> _File:
        """Read and packed once, when it is first asked for."""
        if name not in self._files:
            self._files[name] = await asyncio.to_thread(_read, self._folder, name)
        return self._files[name]


def _read(folder: Path, name: str) -> _File:
    plain = (folder / name).read_bytes()
    return _File(
        content_type=_TYPES.get(Path(name).suffix, "application/octet-stream"),
        cache_control=_FOR_GOOD if name.startswith("assets/") else _ALWAYS,  # a hash of the content is in those names
        etag=f'"{hashlib.sha256(plain).hexdigest()[:32]}"',
        plain=plain,
        gzipped=gzip.compress(plain, 9, mtime=0),
    )
