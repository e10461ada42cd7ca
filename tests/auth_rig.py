"""Accounts to test: the real embedded store, cheap hashes, a clock that is set, a limiter of this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chatops.engine.auth import keys
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.nouns import Account, AuthPolicy, SignIn
from chatops.engine.messages import Principal, Source, local_principal
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from fakes import SetClock, SlidingLimiter

CHEAP = AuthPolicy(argon2_time_cost=1, argon2_memory_kib=8, argon2_parallelism=1)
PASSWORD = "correct horse"
OWNER = local_principal()
MINUTE = 60_000
T0 = 1_800_000_000_000


@dataclass
class AuthRig:
    accounts: Accounts
    store: SqliteAccounts
    history: SqliteStore
    clock: SetClock
    limiter: SlidingLimiter
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    async def add(self, name: str = "ann", **more: Any) -> Account:
        """An account that is not the owner's."""
        if await self.store.account(OWNER.user_id) is None:
            await self.accounts.admin.add(OWNER, email="owner@example.com", name="Owner", password=PASSWORD)
        return await self.accounts.admin.add(
            OWNER, email=f"{name}@example.com", name=name.title(), password=PASSWORD, **more
        )

    async def sign_in(self, account: Account, source: Source = "web") -> SignIn:
        return await self.accounts.sign_in(account, source=source)

    async def act(self, account: Account) -> Principal:
        """The account as a signed-in person."""
        return await self.accounts.principal((await self.sign_in(account)).access_token, source="api")


@asynccontextmanager
async def open_auth(path: Path, clock: SetClock | None = None, **policy: Any) -> AsyncGenerator[AuthRig]:
    """Accounts over the database in the folder `path`; several may be open at once, like several processes."""
    clock = clock or SetClock(T0)
    history = await SqliteStore.open(path / "chatops.db", clock=clock)
    store, limiter, env = SqliteAccounts(history), SlidingLimiter(clock), dict[str, str]()
    accounts = Accounts(
        store=store,
        history=history,
        limiter=limiter,
        keys=lambda: keys.load(env, path),
        policy=replace(CHEAP, **policy),
        clock=clock,
    )
    try:
        yield AuthRig(accounts, store, history, clock, limiter, path, env)
    finally:
        accounts.aclose()
        await history.aclose()
