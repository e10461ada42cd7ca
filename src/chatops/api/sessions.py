"""The refresh token of a browser: in a cookie that no script reads, no other site sends, and only /api/auth gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.api.access import check_same_origin
from chatops.engine.auth.sessions import IDLE_MS

if TYPE_CHECKING:
    from aiohttp import web

COOKIE = "chatops_refresh"
PATH = "/api/auth"


def cookie_token(request: web.Request) -> str | None:
    """The cookie's token, None without one. SameSite keeps other sites' requests from having it; older browsers do
    not know that, so whoever sends it must come from our own origin.

    Raises:
        PermissionDeniedError: It comes with a request of another origin.
    """
    token = request.cookies.get(COOKIE)
    if token is not None:
        check_same_origin(request)
    return token


def give_cookie(request: web.Request, response: web.Response, token: str) -> None:
    # A proxy of ours may end TLS; on plain http a browser would drop a Secure cookie.
    secure = request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    response.set_cookie(
        COOKIE, token, max_age=IDLE_MS // 1000, path=PATH, httponly=True, samesite="Strict", secure=secure
    )


def drop_cookie(response: web.Response) -> None:
    response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict")
