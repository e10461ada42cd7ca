"""`chatops tokens`: API tokens of this database's owner; and `chatops link`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, cast

import typer

from chatops.cli.accounts import one_of, with_accounts
from chatops.cli.exits import complain, guarded
from chatops.cli.flags import Debug, Json, Yes
from chatops.cli.terminal import open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.auth.nouns import ApiToken, PendingLink
    from chatops.engine.messages import Principal, Scope

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it may do: chat, history:read, history:write, admin. None: all but admin."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="SPAN", help="Good for so long: 12h, 90d. None: for ever.")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a token for the HTTP API, and print it. It is not shown again."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import durations, listing
        from chatops.engine.auth.nouns import MEMBER_SCOPES
        from chatops.engine.auth.shapes import token_json

        scopes = cast("list[Scope] | None", scope) or MEMBER_SCOPES  # unknown ones are refused by name
        seconds = None if expires is None else durations.seconds(expires)
        token, secret = await accounts.create_token(me, name=name, scopes=scopes, expires_in=seconds)
        if json:
            listing.write_object(terminal, {**token_json(token), "token": secret})
        else:
            terminal.write(f"{secret}\n")
            complain("this token is not shown again")

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command("ls")
def list_tokens(*, json: Json = False, debug: Debug = False) -> None:
    """List tokens, newest first."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import listing
        from chatops.engine.auth.shapes import token_json

        found = await accounts.tokens(me)
        if json:
            listing.write_json(terminal, map(token_json, found))
            return
        listing.write_rows(terminal, [_row(token) for token in found])
        if not found:
            complain("no tokens")

    raise typer.Exit(with_accounts(body, debug=debug))


def _row(token: ApiToken) -> dict[str, str]:
    from chatops.engine.codec import iso

    return {
        "id": token.id,
        "begins": token.start,
        "expires": "never" if token.expires_at is None else iso(token.expires_at),
        "last used": "never" if token.last_used_at is None else iso(token.last_used_at),
        "scopes": " ".join(sorted(token.scopes)),
        "name": token.name,
    }


@app.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Tokens; the first characters do.")],
    *,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """End tokens: whoever uses one is out within a minute."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import asking

        known = await accounts.tokens(me)
        for token in [one_of(known, id_, "token") for id_ in ids]:
            if yes or asking.confirmed(terminal, f"Revoke {sanitize(token.name)!r} ({token.start}...)? [y/N] "):
                await accounts.revoke_token(me, token.id)

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command()
def rotate(*, debug: Debug = False) -> None:
    """Make a new key that sign-ins are signed with. Nobody is signed out; API tokens do not depend on it."""

    def body() -> None:
        from chatops.cli.config import current
        from chatops.engine.auth import keys

        made = keys.rotate(os.environ, current().paths.data)
        complain(f"signs with the new key {made.current} from now on")

    raise typer.Exit(guarded(body, debug=debug))


def link(
    code: Annotated[str, typer.Argument(metavar="CODE", help="What /chatops link answered.")],
    *,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Join a Slack or Discord user with your account: one history, one set of limits."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import asking

        pending = await accounts.describe_link(me, code)
        if yes or asking.confirmed(terminal, f"Link {_who(pending)} with this account? [y/N] "):
            await accounts.link(me, code)
            complain(f"linked {_who(pending)}")

    raise typer.Exit(with_accounts(body, debug=debug))


def _who(pending: PendingLink) -> str:
    users = ", ".join(f"{identity.platform} user {identity.user_id}" for identity in pending.identities)
    return sanitize(f"{pending.shadow.name!r} ({users})")
