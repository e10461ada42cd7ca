"""The sign-in of this terminal: one file, readable by its owner alone, changed under a lock.

A refresh token is good once, and one that comes twice ends the sign-in: whoever exchanges it holds the lock, and reads
the file again under it, since another process may have been first.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chatops import paths
from chatops.cli.remote.http import Http
from chatops.engine.errors import AuthenticationError, SettingsError
from chatops.engine.ids import now_ms
from chatops.files import replacing

_EARLY_MS = 30_000
"""An access token that ends so soon is not begun with."""
_LOCK_POLL = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who is signed in where. `expires_at`: of the access token, Unix milliseconds."""

    server: str
    email: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int


def signed_in(server: str, told: dict[str, object]) -> SignIn:
    """The sign-in that the server's answer makes."""
    user = told["user"]
    assert isinstance(user, dict)  # noqa: S101 - the API's shape
    return SignIn(
        server=server,
        email=str(user["email"]),
        access_token=str(told["access_token"]),
        refresh_token=str(told["refresh_token"]),
        expires_at=now_ms() + int(float(str(told["expires_in"])) * 1000),
    )


class SignInFile:
    """`signin.json` in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "signin.json"

    def read(self) -> SignIn | None:
        """None when nobody is signed in. Raises `SettingsError` for a file that is not ours."""
        try:
            return SignIn(**json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"cannot read the sign-in {self.path}: {error.strerror}") from None
        except (ValueError, TypeError):
            raise SettingsError(f"{self.path} holds no sign-in: chatops login makes it anew") from None

    def write(self, sign_in: SignIn | None) -> None:
        """Stores it, or forgets the one that is there. Raises `SettingsError`."""
        paths.create(self._folder)
        try:
            if sign_in is None:
                self.path.unlink(missing_ok=True)
                return
            with replacing(self.path, mode=0o600) as file:
                file.write(json.dumps(asdict(sign_in)).encode())
        except OSError as error:
            raise SettingsError(f"cannot write the sign-in {self.path}: {error.strerror}") from None

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None, None]:
        """One process at a time; the system lets go when it dies."""
        paths.create(self._folder)
        fd = os.open(self._folder / "signin.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _taken(fd):  # noqa: ASYNC110 - another process holds it
                await asyncio.sleep(_LOCK_POLL)
            yield
        finally:
            os.close(fd)


def _taken(fd: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl

    with suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


class StoredSignIn:
    """`Credentials` from the file."""

    def __init__(self, file: SignInFile, server: str) -> None:
        self._file = file
        self._server = server

    async def token(self) -> str | None:
        found = self._mine()
        if found is None:
            return None
        if found.expires_at - now_ms() > _EARLY_MS:
            return found.access_token
        return await self._exchanged(found.access_token)

    async def renewed(self, refused: str) -> str | None:
        return await self._exchanged(refused)

    def _mine(self) -> SignIn | None:
        found = self._file.read()
        return found if found is not None and found.server == self._server else None

    async def _exchanged(self, old: str) -> str:
        async with self._file.locked():
            found = self._mine()
            if found is None:
                raise AuthenticationError(f"nobody is signed in any more: chatops login {self._server}")
            if found.access_token != old:
                return found.access_token  # another process was first
            # Not to be cut off in the middle: the old token is used up, and the new one would be lost.
            task = asyncio.ensure_future(self._renew(found.refresh_token))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait([task])
                raise

    async def _renew(self, refresh_token: str) -> str:
        try:
            told = await Http(self._server).json("POST", "/api/auth/refresh", {"refresh_token": refresh_token})
        except AuthenticationError:
            self._file.write(None)
            raise AuthenticationError(f"the sign-in has ended: chatops login {self._server}") from None
        new = signed_in(self._server, told)
        self._file.write(new)
        return new.access_token


class GivenToken:
    """`Credentials` that are one API token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str | None:
        return self._token

    async def renewed(self, refused: str) -> str | None:
        return None
