"""The one door to Redis' client: commands out, answers or our own errors back, and whether it can be used just now."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from chatops.engine.errors import SettingsError, StoreError
from chatops.engine.replicas.address import where
from chatops.engine.replicas.timing import Timing

AGAIN_SECONDS = 1.0
CONNECTIONS = 32
"""Open at most; a command waits for a free one, as long as for an answer."""

NOT_INSTALLED = "the setting `redis` needs Redis' client, which is not installed: pip install 'chatops[redis]'"
SILENT = "no answer in time"

Argument = str | bytes | int | float
Command = Sequence[Argument]
T = TypeVar("T")

log = logging.getLogger(__name__)


class Link:
    """A connection to one Redis. It connects when it is first used, and again after it was lost.

    Belongs to the running event loop.

    Raises:
        SettingsError: The address is malformed. Using it raises it too, when the client is not installed.
    """

    def __init__(self, url: str, patience: float = Timing().patience) -> None:
        self.where = where(url)
        self.trouble: str | None = None
        """Why the last command did not pass; None: it did."""
        self._failed_at = 0.0
        self._url = url
        self._patience = patience
        self._client: Any = None

    @property
    def usable(self) -> bool:
        """Whether asking makes sense: it passed the last time, or that is a second ago."""
        return self.trouble is None or time.monotonic() - self._failed_at > AGAIN_SECONDS

    async def run(self, *command: Argument) -> Any:
        """One command. Raises `StoreError` when Redis cannot be used, or refuses."""
        return await self._explained(lambda client: client.execute_command(*command))

    async def together(self, commands: Sequence[Command]) -> list[Any]:
        """Commands in one go; in the place of an answer is what Redis said against that command, as a text.

        Raises:
            StoreError: Redis cannot be used; any number of them may have been done.
        """
        return await self._explained(lambda client: _together(client, commands))

    async def evaluate(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """A Lua script, sent once and known by its digest from then on. Raises as `run`."""
        return await self._explained(lambda client: client.register_script(script)(keys=keys, args=arguments))

    async def _explained(self, call: Callable[[Any], Awaitable[T]]) -> T:
        client = self.connect()
        from redis.exceptions import RedisError

        try:
            found = await call(client)
        except (RedisError, OSError) as error:
            why = _reason(error)
            self.lost(why)
            # `from None`: what the client says may quote what was sent.
            raise StoreError(f"cannot use Redis at {self.where}: {why}") from None
        if self.trouble is not None:
            self.trouble = None
            log.info("Redis at %s is back", self.where)
        return found

    def lost(self, why: str) -> None:
        """Redis cannot be used; also for who did not wait until this is seen here."""
        if self.trouble is None:
            log.warning("Redis at %s cannot be used: %s", self.where, why)
        self.trouble = why
        self._failed_at = time.monotonic()

    def connect(self) -> Any:
        """The client, which connects when it is used. Raises `SettingsError` when there is none."""
        if self._client is None:
            self._client = _client(self._url, self.where, self._patience)
        return self._client

    async def aclose(self) -> None:
        """May be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose(close_connection_pool=True)


async def _together(client: Any, commands: Sequence[Command]) -> list[Any]:
    from redis.exceptions import ResponseError

    async with client.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        found = await pipe.execute(raise_on_error=False)
    return [str(one) if isinstance(one, ResponseError) else one for one in found]


def _client(url: str, place: str, patience: float) -> Any:
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise SettingsError(NOT_INSTALLED) from None
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            # Once: a connection that a restarted server has closed is seen when it is used.
            retry=Retry(NoBackoff(), 1),
            protocol=3,
            client_name="chatops",
        )
    except (ValueError, TypeError) as error:
        raise SettingsError(f"the address of Redis at {place} is malformed ({type(error).__name__})") from None
    client = Redis.from_pool(pool)
    for command in ("XREAD", "XRANGE"):  # as Redis sends it: the client's own shapes differ by version and dialect
        client.set_response_callback(command, _as_it_is)
    return client


def _as_it_is(response: Any, **_: Any) -> Any:
    return response


def _reason(error: Exception) -> str:
    """What went wrong in our words: the client's own may quote an address or a password."""
    from redis import exceptions as known

    told = {
        known.AuthenticationError: _REFUSED,
        known.NoPermissionError: _REFUSED,
        known.BusyLoadingError: "it is still loading its data",
        known.OutOfMemoryError: "it is out of memory; raise its maxmemory",
        known.ReadOnlyError: "it takes no writes: this is a replica",
        known.TimeoutError: SILENT,
    }
    for kind, sentence in told.items():
        if isinstance(error, kind):
            return sentence
    if isinstance(error, known.ResponseError):
        return f"it answered {str(error).partition(' ')[0] or type(error).__name__}"
    return f"no connection ({type(error).__name__}); check that it runs, the host and port, and the network between"


_REFUSED = "the name or password was refused, or this user may not do that there; check the setting `redis`"
