"""Who may ask: a Bearer credential, or on this machine the local owner, whom no page elsewhere can speak for."""

from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector

from chatops.api.access import EitherAccess, LocalAccess, LoginAccess
from chatops.api.app import create_app
from chatops.api.serving import Endpoints, listening
from chatops.engine.errors import AuthenticationError, RateLimitError
from chatops.engine.messages import LOCAL_OWNER, Principal, Source
from fakes import answer
from rig import ME, open_rig
from server import open_server


class Keys:
    """Knows one credential."""

    def __init__(self, *scopes: str) -> None:
        self._scopes = frozenset(scopes) or ME.scopes

    async def principal(self, credential: str, *, source: Source) -> Principal:
        if credential != "good":
            raise AuthenticationError("the token is not good; log in again")
        return Principal(user_id=LOCAL_OWNER, source=source, scopes=self._scopes)  # type: ignore[arg-type]  # by name


class Once:
    """Allows one request."""

    def __init__(self) -> None:
        self.requests = 0

    def check_request(self, principal: Principal) -> None:
        self.requests += 1
        if self.requests > 1:
            raise RateLimitError("too many requests", retry_after=11.2)

    def check_address(self, address: str) -> None:
        assert address in {"127.0.0.1", "unix"}


async def test_without_a_good_credential_nothing_is_answered(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", access=LoginAccess(Keys())) as server:
        for headers in ({}, {"Authorization": "Bearer bad"}, {"Authorization": "Basic good"}):
            async with server.http.get("/api/conversations", headers=headers) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
        await server.json("GET", "/api/conversations", headers={"Authorization": "bearer good"})


async def test_a_credential_without_the_scope_is_refused(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", access=LoginAccess(Keys("history:read"))) as server:
        headers = {"Authorization": "Bearer good"}
        error = await server.error("POST", "/api/chat", 403, json={"message": "hi"}, headers=headers)
        assert "scope chat" in error["message"]
        await server.error("PATCH", "/api/conversations/x", 404, json={"title": "t"}, headers=headers)
        await server.json("GET", "/api/conversations", headers=headers)


async def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", limits=Once()) as server:
        await server.json("GET", "/api/conversations")
        async with server.http.get("/api/conversations") as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "12"
            assert (await response.json())["error"]["retry_after"] == 12
        await server.json("GET", "/livez")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:80"},
        {"Host": "127.0.0.1.nip.io"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_page_elsewhere_can_drive_a_server_without_login(tmp_path: Path, headers: dict[str, str]) -> None:
    async with open_server(tmp_path / "db") as server:
        for method, path in (("POST", "/api/chat"), ("GET", "/api/conversations"), ("GET", "/livez")):
            error = await server.error(method, path, 403, headers=headers)
            assert error["code"] == "permission_denied"
        assert not server.rig.provider.requests


async def test_the_page_of_this_machine_and_every_other_program_can(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", answer("ok")) as server:
        port = server.url.rpartition(":")[2]
        for headers in (
            {},
            {"Host": "localhost"},
            {"Host": f"LOCALHOST:{port}"},
            {"Host": "[::1]:80"},
            {"Origin": server.url, "Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
        ):
            await server.json("GET", "/api/conversations", headers=headers)


async def test_the_socket_is_its_users_but_not_whom_a_proxy_or_credential_speaks_for(tmp_path: Path) -> None:
    access = EitherAccess(LocalAccess(ME, mark="mine"), LoginAccess(Keys()))
    async with open_rig(tmp_path / "db") as rig:
        app = create_app(rig.engine, access, limits=Once())
        socket = tmp_path / "s"
        async with (
            listening(app, Endpoints(socket=socket)),
            ClientSession("http://x", connector=UnixConnector(str(socket))) as http,
        ):

            async def status(**headers: str) -> int:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                async with http.get("/api/conversations", headers=named) as response:
                    return response.status

            # Its user is not counted on the way to a database that is at hand anyway.
            assert [await status() for _ in range(3)] == [200, 200, 200]
            assert await status(X_Chatops_Settings="mine") == 200
            assert await status(X_Chatops_Settings="others") == 503
            assert await status(Authorization="Bearer bad") == 401
            assert await status(Authorization="Bearer good") == 200
            assert await status(Authorization="Bearer good") == 429
            assert await status(X_Forwarded_For="203.0.113.9") == 401
