"""What administrators do over HTTP, and that nobody else can."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from fakes import answer
from server import Server, open_server

ANN = {"email": "ann@example.com", "name": "Ann", "password": "correct horse"}
BOB = {"email": "bob@example.com", "name": "Bob", "password": "battery staple"}
Headers = dict[str, str]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("ok"), registration="invite") as server:
        yield server


async def signed_in(server: Server, who: dict[str, str] = ANN, **more: str) -> Headers:
    signed = await server.json("POST", "/api/auth/register", 201, json={**who, **more})
    server.http.cookie_jar.clear()
    return {"Authorization": f"Bearer {signed['access_token']}"}


async def added(server: Server, admin: Headers) -> Any:
    return await server.json("POST", "/api/users", 201, json=BOB, headers=admin)


async def login(server: Server, who: dict[str, str] = BOB, password: str | None = None) -> Headers:
    wish = {"email": who["email"], "password": password or who["password"]}
    signed = await server.json("POST", "/api/auth/login", json=wish)
    server.http.cookie_jar.clear()
    return {"Authorization": f"Bearer {signed['access_token']}"}


async def test_an_administrator_adds_lists_and_deletes_people(server: Server) -> None:
    admin = await signed_in(server)
    bob = await added(server, admin)
    await server.error("POST", "/api/users", 409, json=BOB, headers=admin)

    first = await server.json("GET", "/api/users?limit=1", headers=admin)
    rest = await server.json("GET", f"/api/users?limit=1&cursor={first['next_cursor']}", headers=admin)
    assert {one["name"] for one in first["users"] + rest["users"]} == {"Ann", "Bob"}
    assert "next_cursor" not in rest

    await server.json("DELETE", f"/api/users/{bob['id']}", 204, headers=admin)
    await server.error("DELETE", f"/api/users/{bob['id']}", 404, headers=admin)
    await server.error("POST", "/api/auth/login", 401, json={"email": BOB["email"], "password": BOB["password"]})


async def test_a_change_of_role_password_or_access_holds_at_once(server: Server) -> None:
    admin = await signed_in(server)
    bob = await added(server, admin)
    path, his = f"/api/users/{bob['id']}", await login(server)
    await server.error("GET", "/api/users", 403, headers=his)

    assert (await server.json("PATCH", path, json={"role": "admin"}, headers=admin))["role"] == "admin"
    await server.json("GET", "/api/users", headers=his)
    await server.json("PATCH", path, json={"password": "another battery"}, headers=admin)
    await server.error("GET", "/api/me", 401, headers=his)
    his = await login(server, password="another battery")
    assert (await server.json("PATCH", path, json={"disabled": True}, headers=admin))["disabled"]
    await server.error("GET", "/api/me", 401, headers=his)
    assert not (await server.json("PATCH", path, json={"disabled": False}, headers=admin))["disabled"]


async def test_the_owner_cannot_be_shut_out(server: Server) -> None:
    admin = await signed_in(server)
    for body in ({"role": "member"}, {"disabled": True}):
        await server.error("PATCH", "/api/users/local", 422, json=body, headers=admin)
    await server.error("DELETE", "/api/users/local", 422, headers=admin)


async def test_limits_are_said_whole_and_taken_back(server: Server) -> None:
    admin = await signed_in(server)
    path = f"/api/users/{(await added(server, admin))['id']}/limits"
    said = {"requests_per_minute": 3, "budget": {"cost": "1.5", "period": "month"}}
    assert await server.json("PATCH", path, json=said, headers=admin) == said
    told = await server.json("GET", "/api/usage", headers=await login(server))
    assert [(one["limit"], one["unit"]) for one in told["budgets"]] == [("1.5", "dollars")]

    tokens = {"budget": {"tokens": 500, "period": "day"}}
    assert await server.json("PATCH", path, json=tokens, headers=admin) == tokens
    assert await server.json("GET", path, headers=admin) == tokens
    assert await server.json("PATCH", path, json={}, headers=admin) == {}


@pytest.mark.parametrize("budget", [{}, {"cost": 1, "tokens": 1}, {"cost": -1}, {"cost": "1e30"}, {"tokens": 2**60}])
async def test_a_budget_that_is_none_is_refused(server: Server, budget: dict[str, object]) -> None:
    body = {"budget": {"period": "day", **budget}}
    error = await server.error("PATCH", "/api/users/local/limits", 422, json=body, headers=await signed_in(server))
    assert "budget" in error["message"]


async def test_an_invitation_lets_one_person_in(server: Server) -> None:
    admin = await signed_in(server)
    await server.error("POST", "/api/auth/register", 403, json=BOB)
    made = await server.json("POST", "/api/invitations", 201, json={"email": BOB["email"]}, headers=admin)
    (listed,) = await server.json("GET", "/api/invitations", headers=admin)
    assert (listed["id"], "code" in listed) == (made["id"], False)

    await server.error("POST", "/api/auth/register", 403, json={**BOB, "email": "e@x.org", "invitation": made["code"]})
    await signed_in(server, BOB, invitation=made["code"])
    assert await server.json("GET", "/api/invitations", headers=admin) == []
    other = await server.json("POST", "/api/invitations", 201, json={}, headers=admin)
    await server.json("DELETE", f"/api/invitations/{other['id']}", 204, headers=admin)
    await server.error("DELETE", f"/api/invitations/{other['id']}", 404, headers=admin)


async def test_a_member_and_a_token_without_the_scope_are_refused_everywhere(server: Server) -> None:
    admin = await signed_in(server)
    bob = await added(server, admin)
    wish = {"name": "script", "scopes": ["chat", "history:read", "history:write"]}
    made = await server.json("POST", "/api/tokens", 201, json=wish, headers=admin)
    for headers in (await login(server), {"Authorization": f"Bearer {made['token']}"}):
        for method, path, body in (
            ("GET", "/api/users", None),
            ("POST", "/api/users", {**BOB, "email": "eve@example.com", "role": "admin"}),
            ("PATCH", f"/api/users/{bob['id']}", {"role": "admin"}),
            ("DELETE", f"/api/users/{bob['id']}", None),
            ("GET", f"/api/users/{bob['id']}/limits", None),
            ("PATCH", f"/api/users/{bob['id']}/limits", {}),
            ("GET", "/api/invitations", None),
            ("POST", "/api/invitations", {"role": "admin"}),
            ("DELETE", "/api/invitations/x", None),
        ):
            await server.error(method, path, 403, json=body, headers=headers)


async def test_all_sign_ins_end_together(server: Server) -> None:
    here = await signed_in(server)
    there = await login(server, ANN)
    await server.json("POST", "/api/auth/logout-everywhere", 204, headers=here)
    for headers in (here, there):
        await server.error("GET", "/api/me", 401, headers=headers)


async def test_what_is_joined_is_listed_and_can_be_parted_by_its_own_person_alone(server: Server) -> None:
    accounts = server.rig.engine.accounts
    assert accounts is not None
    ann = await signed_in(server)
    await added(server, ann)
    code = await accounts.link_code(await accounts.principal_for("slack", "T1:U1", display_name="Annie"))
    await server.json("POST", "/api/link", json={"code": code, "confirm": True}, headers=ann)

    assert await server.json("GET", "/api/link", headers=ann) == [{"platform": "slack", "user_id": "T1:U1"}]
    assert await server.json("GET", "/api/link", headers=await login(server)) == []
    await server.error("DELETE", "/api/link/slack/T1:U1", 404, headers=await login(server))
    await server.json("DELETE", "/api/link/slack/T1:U1", 204, headers=ann)
    await server.error("DELETE", "/api/link/slack/T1:U1", 404, headers=ann)
    assert (await accounts.principal_for("slack", "T1:U1", display_name="Annie")).user_id != "local"
