"""Hashing: off the event loop, a few at a time, and as much work for nobody's account as for somebody's."""

from __future__ import annotations

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from auth_rig import CHEAP, PASSWORD
from chatops.engine.auth import passwords as module
from chatops.engine.auth.nouns import AuthPolicy
from chatops.engine.auth.passwords import Passwords
from chatops.engine.errors import RateLimitError


class CountingHasher:
    """Argon2 with a count; waits for `gate` first when there is one."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self._argon2 = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self._gate = gate
        self.hashed = self.verified = self.running = self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: bytes) -> str:
        self.hashed += 1
        return self._argon2.hash(password)

    def verify(self, hash: str, password: bytes) -> bool:  # noqa: A002 - the port's name
        with self._lock:
            self.verified += 1
            self.running += 1
            self.most = max(self.most, self.running)
        if self._gate is not None:
            self._gate.wait()
        with self._lock:
            self.running -= 1
        return self._argon2.verify(hash, password)

    def check_needs_rehash(self, hash: str) -> bool:  # noqa: A002 - the port's name
        return self._argon2.check_needs_rehash(hash)


async def test_a_password_verifies_against_its_own_hash_only() -> None:
    passwords = Passwords(CHEAP)
    stored = await passwords.hash(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert await passwords.hash(PASSWORD) != stored
    assert await passwords.verify(stored, PASSWORD)
    assert not await passwords.verify(stored, PASSWORD + "x")
    assert not await passwords.verify(stored, "\ud800")
    assert not await passwords.verify("no hash at all", PASSWORD)
    passwords.aclose()


async def test_an_account_that_does_not_exist_costs_one_verification_too() -> None:
    hasher = CountingHasher()
    passwords = Passwords(CHEAP, hasher)
    stored = await passwords.hash(PASSWORD)
    for what in (stored, None, stored, None):
        hasher.verified = 0
        assert await passwords.verify(what, PASSWORD) == (what is not None)
        assert hasher.verified == 1
    passwords.aclose()


async def test_nobodys_password_does_not_open_anything() -> None:
    passwords = Passwords(CHEAP)

    assert not await passwords.verify(None, "nobody's password")
    passwords.aclose()


async def test_a_hash_of_other_parameters_is_stale() -> None:
    weak, strong = Passwords(CHEAP), Passwords(AuthPolicy(argon2_time_cost=2, argon2_memory_kib=64))
    stored = await weak.hash(PASSWORD)

    assert not weak.is_stale(stored)
    assert strong.is_stale(stored)
    assert await strong.verify(stored, PASSWORD)
    weak.aclose()
    strong.aclose()


async def test_only_a_few_are_hashed_at_once_and_only_some_may_wait_whoever_leaves_early() -> None:
    gate = threading.Event()
    hasher = CountingHasher(gate)
    passwords = Passwords(CHEAP, hasher)
    stored = await passwords.hash(PASSWORD)
    waiting = [asyncio.create_task(passwords.verify(stored, PASSWORD)) for _ in range(module.MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitError) as refused:
        await passwords.verify(stored, PASSWORD)
    while hasher.running < module.WORKERS:
        await asyncio.sleep(0.001)
    waiting[0].cancel()  # its hash goes on
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert refused.value.retry_after == 1
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [True] * (module.MAX_WAITING - 1)
    assert hasher.most == module.WORKERS
    assert await passwords.verify(stored, PASSWORD)
    passwords.aclose()
    passwords.aclose()
