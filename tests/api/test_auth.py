"""Accounts over HTTP: register, log in, stay logged in, tokens for programs."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from fakes import answer
from server import Server, open_server

ANN = {"email": "ann@example.com", "name": "Ann", "password": "correct horse"}
BROWSER = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("ok"), registration="open") as server:
        yield server


def bearer(signed: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {signed['access_token']}"}


async def test_the_first_who_registers_is_the_owner_and_can_chat(server: Server) -> None:
    signed = await server.json("POST", "/api/auth/register", 201, json=ANN)

    assert signed["token_type"] == "Bearer"
    assert signed["expires_in"] == 900
    assert (signed["user"]["id"], signed["user"]["role"]) == ("local", "admin")
    assert "password" not in repr(signed["user"])
    me = await server.json("GET", "/api/me", headers=bearer(signed))
    assert (me["email"], "admin" in me["scopes"]) == ("ann@example.com", True)
    async with server.http.post("/api/chat", json={"message": "hi"}, headers=bearer(signed)) as response:
        assert response.status == 200


async def test_a_second_account_sees_nothing_of_the_firsts(server: Server) -> None:
    ann = await server.json("POST", "/api/auth/register", 201, json=ANN)
    bob = await server.json("POST", "/api/auth/register", 201, json={**ANN, "email": "bob@example.com", "name": "Bob"})
    async with server.http.post("/api/chat", json={"id": "c1", "message": "hi"}, headers=bearer(ann)) as response:
        await response.read()

    assert bob["user"]["role"] == "member"
    assert (await server.json("GET", "/api/conversations", headers=bearer(bob)))["conversations"] == []
    for method, path, body in (
        ("GET", "/api/conversations/c1", None),
        ("GET", "/api/conversations/c1/messages", None),
        ("PATCH", "/api/conversations/c1", {"title": "mine"}),
        ("DELETE", "/api/conversations/c1", None),
        ("POST", "/api/conversations/c1/fork", {}),
        ("GET", "/api/chat/c1/stream", None),
        ("POST", "/api/chat/c1/stop", None),
        ("POST", "/api/chat", {"id": "c1", "message": "hi"}),
    ):
        error = await server.error(method, path, 404, json=body, headers=bearer(bob))
        assert error["code"] == "not_found"


async def test_login_says_no_more_than_that_something_is_wrong(server: Server) -> None:
    await server.json("POST", "/api/auth/register", 201, json=ANN)
    login = {"email": "ANN@example.com", "password": ANN["password"]}
    await server.json("POST", "/api/auth/login", json=login)

    wrong = [{**login, "password": "wrong horse"}, {**login, "email": "nobody@example.com"}]
    told = [await server.error("POST", "/api/auth/login", 401, json=one) for one in wrong]
    assert len({one["message"] for one in told}) == 1
    assert {one["code"] for one in told} == {"unauthenticated"}


async def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_sign_in(server: Server) -> None:
    first = await server.json("POST", "/api/auth/register", 201, json=ANN)
    server.http.cookie_jar.clear()
    second = await server.json("POST", "/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    server.http.cookie_jar.clear()
    assert second["refresh_token"] != first["refresh_token"]

    await server.error("POST", "/api/auth/refresh", 401, json={"refresh_token": first["refresh_token"]})
    await server.error("POST", "/api/auth/refresh", 401, json={"refresh_token": second["refresh_token"]})
    await server.error("POST", "/api/auth/refresh", 401)


async def test_a_browser_keeps_its_refresh_token_in_a_cookie_that_only_our_own_pages_can_use(server: Server) -> None:
    headers = {**BROWSER, "Origin": server.url}
    async with server.http.post("/api/auth/register", json=ANN, headers=headers) as response:
        signed = await response.json()
        cookie = response.headers["Set-Cookie"]
    assert "refresh_token" not in signed
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age="):
        assert attribute in cookie

    for elsewhere in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        error = await server.error("POST", "/api/auth/refresh", 403, headers=elsewhere)
        assert error["code"] == "permission_denied"
    again = await server.json("POST", "/api/auth/refresh", headers=headers)
    await server.json("GET", "/api/me", headers=bearer(again))

    async with server.http.post("/api/auth/logout", headers=headers) as response:
        assert response.status == 204
        assert 'chatops_refresh=""' in response.headers["Set-Cookie"]
    await server.error("POST", "/api/auth/refresh", 401, headers=headers)


async def test_behind_tls_the_cookie_is_secure(server: Server) -> None:
    async with server.http.post("/api/auth/register", json=ANN, headers={"X-Forwarded-Proto": "https"}) as response:
        assert "; Secure" in response.headers["Set-Cookie"]


async def test_an_api_token_is_shown_once_has_its_scopes_and_ends_when_revoked(server: Server) -> None:
    signed = await server.json("POST", "/api/auth/register", 201, json=ANN)
    wish = {"name": "script", "scopes": ["history:read"], "expires_in": 3600}
    made = await server.json("POST", "/api/tokens", 201, json=wish, headers=bearer(signed))
    token = {"Authorization": f"Bearer {made['token']}"}

    await server.json("GET", "/api/conversations", headers=token)
    await server.error("POST", "/api/chat", 403, json={"message": "hi"}, headers=token)
    await server.error("POST", "/api/tokens", 403, json=wish, headers=token)
    (listed,) = await server.json("GET", "/api/tokens", headers=bearer(signed))
    assert listed["id"] == made["id"]
    assert "token" not in listed

    await server.json("DELETE", f"/api/tokens/{made['id']}", 204, headers=bearer(signed))
    await server.error("DELETE", f"/api/tokens/{made['id']}", 404, headers=bearer(signed))
    await server.error("GET", "/api/conversations", 401, headers=token)


async def test_a_changed_password_ends_every_sign_in(server: Server) -> None:
    signed = await server.json("POST", "/api/auth/register", 201, json=ANN)
    change = {"old": ANN["password"], "new": "battery staple"}
    await server.json("POST", "/api/auth/password", 204, json=change, headers=bearer(signed))

    await server.error("POST", "/api/auth/refresh", 401, json={"refresh_token": signed["refresh_token"]})
    await server.json("POST", "/api/auth/login", json={"email": ANN["email"], "password": "battery staple"})


async def test_a_platforms_user_is_joined_by_a_code_after_it_was_shown_whom(server: Server) -> None:
    accounts = server.rig.engine.accounts
    assert accounts is not None
    signed = await server.json("POST", "/api/auth/register", 201, json=ANN)
    code = await accounts.link_code(await accounts.principal_for("slack", "T1:U1", display_name="Annie"))

    shown = await server.json("POST", "/api/link", json={"code": code}, headers=bearer(signed))
    assert shown == {
        "name": "Annie",
        "identities": [{"platform": "slack", "user_id": "T1:U1"}],
        "linked": False,
    }
    done = await server.json("POST", "/api/link", json={"code": code, "confirm": True}, headers=bearer(signed))
    assert done["linked"]
    assert (await accounts.principal_for("slack", "T1:U1", display_name="Annie")).user_id == "local"
    await server.error("POST", "/api/link", 404, json={"code": code, "confirm": True}, headers=bearer(signed))


async def test_usage_and_budgets_are_told(server: Server) -> None:
    signed = await server.json("POST", "/api/auth/register", 201, json=ANN)

    told = await server.json("GET", "/api/usage?since=7d&by=day", headers=bearer(signed))

    assert told == {"usage": [], "budgets": []}
    await server.error("GET", "/api/usage?since=yesterday", 422, headers=bearer(signed))


async def test_usage_by_user_names_the_accounts_and_members_see_their_own_alone(server: Server) -> None:
    ann = await server.json("POST", "/api/auth/register", 201, json=ANN)
    bob = await server.json("POST", "/api/auth/register", 201, json={**ANN, "email": "bob@example.com", "name": "Bob"})
    for signed in (ann, bob):
        async with server.http.post("/api/chat", json={"message": "hi"}, headers=bearer(signed)) as response:
            await response.read()

    async def names(signed: dict[str, Any]) -> list[str]:
        told = await server.json("GET", "/api/usage?by=user", headers=bearer(signed))
        return sorted(line["name"] for line in told["usage"])

    assert await names(ann) == ["Ann", "Bob"]
    assert await names(bob) == ["Bob"]
