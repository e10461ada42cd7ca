"""Who asks: by a credential, or the local owner where nobody logs in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from chatops.api.addresses import is_owner
from chatops.api.errors import OtherSettingsError
from chatops.api.ports import Credentials
from chatops.engine.errors import AuthenticationError, PermissionDeniedError
from chatops.engine.messages import Principal, Source

SOURCE = "X-Chatops-Source"
MARK = "X-Chatops-Settings"
_BEARER = "bearer "
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Access(Protocol):
    """Finds the principal of a request."""

    async def principal(self, request: web.Request) -> Principal:
        """Raises `AuthenticationError`, or `PermissionDeniedError` when the request comes from where it may not."""
        ...

    def check_origin(self, request: web.Request) -> None:
        """For what needs no account. Raises `PermissionDeniedError`."""
        ...


def is_browser(request: web.Request) -> bool:
    """Browsers say where a request comes from (Fetch Metadata, w3.org/TR/fetch-metadata); no other client does."""
    return "Sec-Fetch-Site" in request.headers or hdrs.ORIGIN in request.headers


def source_of(request: web.Request) -> Source:
    return "web" if is_browser(request) else "api"


def check_same_origin(request: web.Request) -> None:
    """Raises `PermissionDeniedError` for a request that a page of another origin makes."""
    host = request.headers.get(hdrs.HOST, "").lower()
    origin = request.headers.get(hdrs.ORIGIN)
    elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    if elsewhere or (origin is not None and urlsplit(origin).netloc.lower() != host):
        raise PermissionDeniedError("a page of another origin may not do this")


class LoginAccess:
    """Everybody shows an access token or an API token. Neither is ever sent by a browser on its own."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def principal(self, request: web.Request) -> Principal:
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        if not header:
            raise AuthenticationError("log in first: send an access token or an API token as Authorization: Bearer")
        if not header[: len(_BEARER)].lower() == _BEARER:
            raise AuthenticationError("the Authorization header must have the form: Bearer TOKEN")
        return await self._credentials.principal(header[len(_BEARER) :].strip(), source=source_of(request))

    def check_origin(self, request: web.Request) -> None:
        """Nothing is done here for who shows nothing, so a page elsewhere gains nothing."""


class LocalAccess:
    """One person on this machine, without login: on loopback and a unix socket alone.

    Every page in that person's browser can reach a port of this machine, so a request must be addressed to this machine
    by a name that no DNS answer can point elsewhere (or back: DNS rebinding), and must come from no other origin.
    """

    def __init__(self, owner: Principal, *, hosts: Collection[str] = (), mark: str = "") -> None:
        """`hosts`: names beyond those of loopback by which the server is asked; `mark`: of its settings, for programs
        of this machine that want a server with their own (`chatops.local_server`).
        """
        self._owner = owner
        self._mark = mark
        self._hosts = _LOOPBACK | {host.lower() for host in hosts}

    async def principal(self, request: web.Request) -> Principal:
        self.check_origin(request)
        # Only who could do the same with the database itself is believed to be this program.
        is_program = is_owner(request) and request.headers.get(SOURCE) == "cli"
        return replace(self._owner, source="cli" if is_program else source_of(request))

    def check_origin(self, request: web.Request) -> None:
        if is_owner(request):  # no browser opens a unix socket
            if request.headers.get(MARK, self._mark) != self._mark:
                raise OtherSettingsError("this server has other settings")
            return
        host = request.headers.get(hdrs.HOST, "")
        if _name(host) not in self._hosts:
            raise PermissionDeniedError(f"this server serves one person on this machine, not {host[:100]!r}")
        check_same_origin(request)


class EitherAccess:
    """The machine's own user over the unix socket, everybody else by a credential."""

    def __init__(self, local: Access, login: Access) -> None:
        self._local = local
        self._login = login

    async def principal(self, request: web.Request) -> Principal:
        return await self._for(request).principal(request)

    def check_origin(self, request: web.Request) -> None:
        self._for(request).check_origin(request)

    def _for(self, request: web.Request) -> Access:
        # Who shows a credential is meant to be judged by it.
        return self._local if is_owner(request) else self._login


def _name(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
