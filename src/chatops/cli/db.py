"""`chatops db`: copies, checks, backs up and migrates the database."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatops.cli.exits import ExitCode, complain, guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.progress import Show, bar
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.engine.ports import Store
    from chatops.engine.stores.copy import Progress, Survey

app = typer.Typer(no_args_is_help=True)
Body = Callable[[Show], Awaitable["Survey"]]
Source = Annotated[str, typer.Argument(metavar="SRC", help="mongodb://HOST/NAME, sqlite:///PATH, or a path.")]
Target = Annotated[str, typer.Argument(metavar="DST", help="Likewise; made when it is not there.")]


@app.command("copy")
def copy_database(source: Source, target: Target, *, json: Json = False, debug: Debug = False) -> None:
    """Copy everything from one database into another, verified. May be broken off, and run again.

    Conversations with their files, accounts, API tokens, platform users, what was said for single persons, the usage
    ledger and what is spent of budgets. Not sign-ins and codes, which are made anew, nor what the bots remember: which
    thread is which conversation, and where Slack is installed. A target with another team's accounts or ledger is
    refused before anything is written.
    """

    async def body(show: Show) -> Survey:
        from chatops.engine.stores.copy import copy

        _must_exist(source)
        _must_differ(source, target)
        async with _opened(source) as here, _opened(target) as there:
            await _copy_people(here, there)
            return await copy(here, there, await _progress(here, show))

    raise typer.Exit(_survey("copying", "copied", body, json=json, debug=debug))


@app.command()
def check(
    database: Annotated[str | None, typer.Argument(metavar="DATABASE", help="None: the one of the settings.")] = None,
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the whole database: is every conversation's tree whole, is every attachment what it was, and the ledger?"""

    async def body(show: Show) -> Survey:
        from chatops.engine.stores.copy import survey

        address = database or _current()
        _must_exist(address)
        async with _opened(address) as store:
            return await _with_ledger(await survey(store, await _progress(store, show)), store)

    raise typer.Exit(_survey("reading", "read", body, json=json, debug=debug))


@app.command()
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file.")],
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Copy the database of the settings into a new file, verified; also while it is in use. What goes along: `copy`."""

    async def body(show: Show) -> Survey:
        from chatops.engine.stores.copy import copy

        address = _current()
        _must_exist(address)
        _must_be_new(file)
        async with _opened(address) as here, _opened(file) as there:
            await _copy_people(here, there)
            return await copy(here, there, await _progress(here, show))

    raise typer.Exit(_survey("saving", f"saved in {file}", body, json=json, debug=debug))


@app.command()
def migrate(*, debug: Debug = False) -> None:
    """Bring the database of the settings up to this version of chatops. Every other command does so by itself."""

    def body() -> None:
        async def run() -> None:
            async with _opened(_current()):
                complain("the database is up to date")

        asyncio.run(run())

    raise typer.Exit(guarded(body, debug=debug))


def _survey(doing: str, done: str, body: Body, *, json: bool, debug: bool) -> ExitCode:
    """Runs a body that goes through a database, with progress, and prints what it found."""
    terminal = open_terminal()

    def run() -> ExitCode:
        async def with_progress() -> Survey:
            with bar(terminal, doing, "messages") as show:
                return await body(show)

        found = asyncio.run(with_progress())
        if json:
            shape = {
                "conversations": found.conversations,
                "messages": found.messages,
                "sha256": found.sha256,
                "faults": list(found.faults),
            }
            terminal.write(json_module.dumps(shape, ensure_ascii=False) + "\n")
        else:
            terminal.write(
                f"{done}: {found.conversations:,} conversations, {found.messages:,} messages, sha256 {found.sha256}\n"
            )
        for fault in found.faults:
            complain(f"chatops: error: {fault}")
        return ExitCode.STORAGE if found.faults else ExitCode.OK

    return guarded(run, debug=debug)


async def _progress(store: Store, show: Show) -> Progress:
    """Of all that is in the store, by its messages."""
    _conversations, total = await store.counts()
    return lambda _conversations, messages: show(messages, total)


async def _copy_people(source: Store, target: Store) -> None:
    """Before the conversations: two teams' databases are found out before anything of one is in the other."""
    from chatops.bootstrap import account_store, open_meter
    from chatops.engine.auth.copying import copy_accounts
    from chatops.engine.limits.copying import copy_limits, require_beginning

    here, there = open_meter(source), open_meter(target)
    await require_beginning(here, there)
    await copy_accounts(account_store(source), account_store(target))
    await copy_limits(here, there)


async def _with_ledger(found: Survey, store: Store) -> Survey:
    from dataclasses import replace

    from chatops.bootstrap import open_meter
    from chatops.engine.limits.reports import read_over

    fault = (await read_over(open_meter(store))).fault
    return found if fault is None else replace(found, faults=(*found.faults, f"usage ledger: {fault}"))


def _current() -> str:
    from chatops.cli.config import current

    return current().database


def _path(address: str) -> Path | None:
    """The file at an address; None for a server."""
    scheme, mark, path = address.partition("://")
    if not mark:
        return Path(address)
    return Path(path.removeprefix("/")) if scheme == "sqlite" else None


def _must_exist(address: str) -> None:
    """A mistyped source must not become an empty database."""
    from chatops.engine.errors import NotFoundError

    path = _path(address)
    if path is not None and not path.exists():
        raise NotFoundError(f"there is no database {path}")


def _must_be_new(file: str) -> None:
    from chatops.engine.errors import InvalidRequestError

    if Path(file).exists():
        raise InvalidRequestError(f"{file} exists: name a new file")


def _must_differ(source: str, target: str) -> None:
    from chatops.engine.errors import InvalidRequestError

    here, there = _path(source), _path(target)
    if source == target or (here is not None and there is not None and here.resolve() == there.resolve()):
        raise InvalidRequestError("source and target are the same database")


@asynccontextmanager
async def _opened(address: str) -> AsyncGenerator[Store, None]:
    from chatops.bootstrap import open_store

    store = await open_store(address)
    try:
        yield store
    finally:
        await store.aclose()
