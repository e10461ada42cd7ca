"""`chatops users`, `tokens` and `link`, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from chatops.cli.durations import seconds
from chatops.engine.auth import keys
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.nouns import Account
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Principal
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from fakes import SetClock, SlidingLimiter
from program import Done, Program

PASSWORD = "correct horse"
ANN = "019f0000-0000-7000-8000-000000000001"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


def add(program: Program, email: str, *args: str, password: str = f"{PASSWORD}\n") -> Done:
    return program.run("users", "add", email, *args, stdin=password)


def in_store(program: Program, *add: tuple[str, str]) -> list[Account]:
    """The accounts in its database, after these were put there: name and id."""

    async def run() -> list[Account]:
        store = await SqliteStore.open(program.home / "chatops.db")
        try:
            accounts = SqliteAccounts(store)
            for name, id_ in add:
                made = Account(id=id_, name=name, role="member", created_at=0, email=f"{name}@example.com")
                await accounts.add_account(made, password_hash=None)
            return await accounts.accounts(limit=9)
        finally:
            await store.aclose()

    return asyncio.run(run())


def listed(program: Program, *command: str) -> list[dict[str, Any]]:
    done = program.run(*command, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)  # type: ignore[no-any-return]  # what it printed


def test_the_first_account_owns_what_was_asked_before_it(program: Program) -> None:
    program.run("ask", "hello")
    first = json.loads(add(program, "Ann@Example.com", "--name", "Ann", "--json").out)
    second = add(program, "bob@example.com")

    assert first == {
        "id": "local",
        "email": "ann@example.com",
        "name": "Ann",
        "role": "admin",
        "disabled": False,
        "created_at": first["created_at"],
    }
    assert (second.code, second.out) == (0, "")
    assert "added bob@example.com, member, id " in second.err
    assert program.run("users", "ls").out.splitlines()[1] == "local\tadmin\tactive\tann@example.com\tAnn"
    assert listed(program, "history", "ls")[0]["title"] == "hello"


def test_a_password_is_typed_twice_and_not_shown(program: Program) -> None:
    done = program.run_on_terminal("users", "add", "ann@example.com", typed=f"{PASSWORD}\n{PASSWORD}\n")
    other = program.run_on_terminal("users", "passwd", "ann@example.com", typed="one password\nanother one\n")

    assert done.code == 0
    assert "New password: " in done.out
    assert "Once more: " in done.out
    assert other.code == 2
    assert "the two passwords differ" in other.out


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("ann", PASSWORD, "the e-mail address must have the form"),
        ("ann@example.com", "short", "at least 8 characters"),
        ("ann@example.com", "", "no password came"),
        ("ann@example.com", "ann@example.com", "must not be the e-mail address"),
    ],
)
def test_what_will_not_do_is_said(program: Program, email: str, password: str, says: str) -> None:
    done = add(program, email, password=password)

    assert done.code == 2
    assert says in done.err
    assert in_store(program) == []


def test_somebody_is_promoted_disabled_enabled_and_deleted(program: Program) -> None:
    in_store(program, ("owner", "local"), ("ann", ANN))

    for command, after in (
        (("role", "ann@example.com", "admin"), ("admin", False)),
        (("disable", ANN[:9]), ("admin", True)),
        (("enable", ANN), ("admin", False)),
    ):
        assert program.run("users", *command).code == 0
        assert [(one.role, one.disabled) for one in in_store(program) if one.id == ANN] == [after]
    refused = program.run("users", "rm", "ann@example.com")
    assert refused.code == 2
    assert "--yes" in refused.err
    asked = program.run_on_terminal("users", "rm", "ann@example.com", typed="y\n")
    assert "Delete ann@example.com (" in asked.out
    assert [one.email for one in in_store(program)] == ["owner@example.com"]
    kept = program.run("users", "rm", "local", "--yes")
    assert kept.code == 2
    assert "the owner of this database cannot be deleted" in kept.err


def test_invitations_are_made_listed_and_taken_back(program: Program) -> None:
    made = json.loads(program.run("users", "invite", "Bob@example.com", "--role", "admin", "--json").out)
    plain = program.run("users", "invite", "--expires", "12h")
    known = listed(program, "users", "invitations")

    assert len(made["code"]) == len(plain.out.strip()) == 43
    assert plain.err == "this code is not shown again\n"
    assert known[1] == {key: value for key, value in made.items() if key != "code"}
    assert (made["email"], made["role"]) == ("bob@example.com", "admin")
    assert program.run("users", "uninvite", made["id"]).code == 0
    assert listed(program, "users", "invitations") == [known[0]]


def test_tokens_are_made_listed_and_revoked(program: Program) -> None:
    made = json.loads(program.run("tokens", "create", "ci", "--scope", "chat", "--expires", "90d", "--json").out)
    plain = program.run("tokens", "create", "all")
    known = listed(program, "tokens", "ls")

    assert made["token"].startswith(made["start"])
    assert made["scopes"] == ["chat"]
    assert plain.out.startswith("chatops_")
    assert [one["name"] for one in known] == ["all", "ci"]
    assert known[0]["scopes"] == ["chat", "history:read", "history:write"]
    assert "token" not in known[0]
    assert program.run("tokens", "revoke", made["id"]).code == 2
    assert program.run("tokens", "revoke", made["id"], "--yes").code == 0
    assert [line.split("\t")[0] for line in program.run("tokens", "ls").out.splitlines()] == [known[0]["id"]]


def test_a_scope_that_is_none_is_refused(program: Program) -> None:
    done = program.run("tokens", "create", "x", "--scope", "root")

    assert done.code == 2
    assert "no scope 'root'" in done.err


def test_the_signing_key_is_rotated(program: Program) -> None:
    assert program.run("tokens", "rotate").code == 0
    file = keys.key_file(program.home)

    assert len(file.read_text().split()) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def _link_code(program: Program) -> str:
    """A link code, as a bot would get it."""
    store = await SqliteStore.open(program.home / "chatops.db")
    try:
        accounts = Accounts(
            store=SqliteAccounts(store),
            history=store,
            limiter=SlidingLimiter(SetClock()),
            keys=lambda: keys.load({}, program.home),
        )
        shadow = await accounts.principal_for("slack", "T1:U1", display_name="Ann \x1b[2J on Slack")
        return await accounts.link_code(Principal(user_id=shadow.user_id, source="slack"))
    finally:
        await store.aclose()


def test_a_platform_user_is_linked_after_it_was_said_who_it_is(program: Program) -> None:
    code = asyncio.run(_link_code(program))
    refused = program.run_on_terminal("link", code, typed="n\n")
    linked = program.run("link", code, "--yes")
    again = program.run("link", code, "--yes")

    assert "Link 'Ann [2J on Slack' (slack user T1:U1) with this account? [y/N]" in refused.out
    assert (linked.code, linked.err) == (0, "linked 'Ann [2J on Slack' (slack user T1:U1)\n")
    assert again.code == 2
    assert "this code is wrong, was used" in again.err
    assert in_store(program) == []


@pytest.mark.parametrize(
    ("text", "found"), [("45s", 45), ("30m", 1800), ("12h", 43_200), ("7D", 604_800), (" 2w ", 1_209_600)]
)
def test_a_span_of_time_is_read(text: str, found: int) -> None:
    assert seconds(text) == found


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "0d", "1.5h", "7 d", "1y", "\u0663d"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="no span of time"):
        seconds(text)
