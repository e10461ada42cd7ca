"""Passwords: Argon2id (argon2-cffi), off the event loop, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

from chatops.engine.auth.fields import password_bytes
from chatops.engine.auth.nouns import AuthPolicy
from chatops.engine.errors import InvalidRequestError, RateLimitError

T = TypeVar("T")
WORKERS = 2
"""Hashes at the same time: each takes the policy's memory, and a core."""
MAX_WAITING = 64
"""More would wait for longer than a person does."""


class Hasher(Protocol):
    """What we use of `argon2.PasswordHasher`."""

    def hash(self, password: bytes) -> str: ...

    def verify(self, hash: str, password: bytes) -> bool: ...  # noqa: A002 - argon2-cffi's name for it

    def check_needs_rehash(self, hash: str) -> bool: ...  # noqa: A002 - likewise


class Passwords:
    """Hashes and verifies.

    Args:
        policy: What a hash costs.
        hasher: Makes them; argon2-cffi's when none is given, imported at the first password.
    """

    def __init__(self, policy: AuthPolicy, hasher: Hasher | None = None) -> None:
        self._policy = policy
        self._hasher = hasher
        self._dummy: str | None = None
        self._waiting = 0
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        """The text that `verify` takes, with salt and parameters in it (the PHC string format).

        Raises:
            RateLimitError: Too many are being hashed already.
        """
        raw = password_bytes(password)
        return await self._run(lambda: self._argon2().hash(raw))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. None, for an account that does not exist, takes as long as a wrong one.

        Raises:
            RateLimitError: Too many are being hashed already.
        """
        try:
            raw = password_bytes(password)
        except InvalidRequestError:  # nobody has one like that
            return False
        return await self._run(lambda: self._verify(stored, raw))

    def is_stale(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._argon2().check_needs_rehash(stored)

    def aclose(self) -> None:
        """Ends the threads once they are done. May be called twice."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str | None, raw: bytes) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        if self._dummy is None:  # made on either path, so that the first sign-in tells nothing either
            self._dummy = self._argon2().hash(b"nobody's password")
        try:
            return self._argon2().verify(stored or self._dummy, raw) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def _argon2(self) -> Hasher:
        if self._hasher is None:
            from argon2 import PasswordHasher

            self._hasher = PasswordHasher(
                time_cost=self._policy.argon2_time_cost,
                memory_cost=self._policy.argon2_memory_kib,
                parallelism=self._policy.argon2_parallelism,
            )
        return self._hasher

    async def _run(self, job: Callable[[], T]) -> T:
        # Counted until the thread is done, not until the caller leaves: leaving early must not buy more hashes.
        if self._waiting >= MAX_WAITING:
            raise RateLimitError("too many people are signing in just now; try again in a moment", retry_after=1)
        loop = asyncio.get_running_loop()
        self._waiting += 1
        future = self._pool.submit(job)
        future.add_done_callback(lambda _: self._call_back(loop))
        return await asyncio.wrap_future(future)

    def _call_back(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody counts any more
            loop.call_soon_threadsafe(self._done)

    def _done(self) -> None:
        self._waiting -= 1
