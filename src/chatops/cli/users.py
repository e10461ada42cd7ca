"""`chatops users`: accounts on this database. Who has the database may do everything with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatops.cli import invitations, limits
from chatops.cli.accounts import Role, RoleName, with_accounts
from chatops.cli.exits import complain
from chatops.cli.flags import Debug, Json, Yes
from chatops.cli.terminal import open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.auth.nouns import Account
    from chatops.engine.messages import Principal

app = typer.Typer(no_args_is_help=True)
User = Annotated[str, typer.Argument(metavar="USER", help="E-mail address or id; the id's first characters do.")]
app.command()(limits.limit)
app.command()(invitations.invite)
app.command()(invitations.invitations)
app.command()(invitations.uninvite)


@app.command()
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="What they sign in with.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="Else what stands before the @.")] = None,
    role: Role = "member",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Add an account; the first is this database's owner, an admin. Asks for the password, or reads it from stdin."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import asking, listing
        from chatops.engine.auth.fields import email_address
        from chatops.engine.auth.shapes import account_json

        shown = name or email_address(email).partition("@")[0]
        password = asking.new_password(terminal)
        account = await accounts.admin.add(me, email=email, name=shown, password=password, role=role)
        if json:
            listing.write_object(terminal, account_json(account))
        else:
            complain(f"added {sanitize(account.email or '')}, {account.role}, id {account.id}")

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command("ls")
def list_users(*, json: Json = False, debug: Debug = False) -> None:
    """List accounts, and platform users who have none."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import listing
        from chatops.engine.auth.shapes import account_json

        found = await everybody(accounts, me)
        if json:
            listing.write_json(terminal, map(account_json, found))
            return
        listing.write_rows(terminal, [_row(account) for account in found])
        if not found:
            complain("no accounts yet: chatops users add EMAIL makes the owner's")

    raise typer.Exit(with_accounts(body, debug=debug))


async def everybody(accounts: Accounts, me: Principal) -> list[Account]:
    found: list[Account] = []
    while page := await accounts.admin.users(me, after=found[-1].id if found else None):
        found += page
    return found


def _row(account: Account) -> dict[str, str]:
    state = "disabled" if account.disabled else "shadow" if account.is_shadow else "active"
    return {
        "id": account.id,
        "role": account.role,
        "state": state,
        "e-mail": account.email or "",
        "name": account.name,
    }


@app.command("rm")
def remove(
    users: Annotated[list[str], typer.Argument(metavar="USER", help="E-mail addresses or ids.")],
    *,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Delete accounts with all their conversations, for good. `disable` keeps them."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import asking

        for account in [await accounts.admin.find(me, user) for user in users]:
            who = sanitize(account.email or account.name)
            if yes or asking.confirmed(terminal, f"Delete {who} ({account.id}) and all their conversations? [y/N] "):
                await accounts.admin.delete(me, account.id)

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command()
def passwd(user: User, *, debug: Debug = False) -> None:
    """Give somebody a new password; it ends their sign-ins. Asks for it, or reads it from stdin."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import asking

        account = await accounts.admin.find(me, user)
        await accounts.admin.set_password(me, account.id, asking.new_password(terminal))

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command()
def role(
    user: User,
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="admin or member.")],
    *,
    debug: Debug = False,
) -> None:
    """Make somebody an admin, or a member again."""

    async def body(accounts: Accounts, me: Principal) -> None:
        account = await accounts.admin.find(me, user)
        await accounts.admin.set_role(me, account.id, role)

    raise typer.Exit(with_accounts(body, debug=debug))


@app.command()
def disable(user: User, *, debug: Debug = False) -> None:
    """Shut somebody out, everywhere within a minute. Nothing of theirs is deleted."""
    raise typer.Exit(_set_disabled(user, disabled=True, debug=debug))


@app.command()
def enable(user: User, *, debug: Debug = False) -> None:
    """Let somebody in again."""
    raise typer.Exit(_set_disabled(user, disabled=False, debug=debug))


def _set_disabled(user: str, *, disabled: bool, debug: bool) -> int:
    async def body(accounts: Accounts, me: Principal) -> None:
        account = await accounts.admin.find(me, user)
        await accounts.admin.set_disabled(me, account.id, disabled=disabled)

    return with_accounts(body, debug=debug)
