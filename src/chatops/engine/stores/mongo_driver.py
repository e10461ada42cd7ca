"""The one door to a MongoDB driver: motor's or PyMongo's own asyncio client, which differ in what must be awaited."""

from __future__ import annotations

import inspect
from typing import Any, Literal

from chatops.engine.errors import SettingsError
from chatops.engine.stores.mongo_address import MongoAddress

Driver = Literal["motor", "pymongo"]
_CONNECT_MS = 3_000
_SILENCE_MS = 20_000
"""A server that says nothing for so long is taken for gone: it was stopped, or the network swallows packets."""
_MAJORITY_MS = 10_000
"""How long an acknowledgement by most members of a replica set may take."""


def _client_class(driver: Driver) -> Any:
    try:
        if driver == "motor":
            from motor.motor_asyncio import AsyncIOMotorClient

            return AsyncIOMotorClient
        from pymongo import AsyncMongoClient
    except ImportError:
        raise SettingsError(
            f"a mongodb:// database needs the driver {driver}, which is not installed: pip install 'chatops[mongo]'"
        ) from None
    return AsyncMongoClient


def connect(address: MongoAddress, driver: Driver) -> Any:
    """A client, which connects when it is first used. Belongs to the event loop that is running.

    Every write is acknowledged when most members have it in their journals (a standalone server: when it has). This is
    not the address' to change: it is what `stored` means here.

    Raises:
        SettingsError: The driver is missing, or the address is malformed.
    """
    client = _client_class(driver)
    from pymongo.errors import ConfigurationError

    try:
        return client(
            address.uri,
            w="majority",
            journal=True,
            wTimeoutMS=_MAJORITY_MS,
            retryWrites=True,
            serverSelectionTimeoutMS=address.selection_ms,
            connectTimeoutMS=min(_CONNECT_MS, address.selection_ms),
            socketTimeoutMS=_SILENCE_MS,
            appname="chatops",
        )
    except (ConfigurationError, ValueError, TypeError) as error:
        # `from None`: the driver may quote the address.
        raise SettingsError(
            f"the address of the MongoDB database on {address.hosts or '(no host)'} is malformed"
            f" ({type(error).__name__}): the form is mongodb://NAME:PASSWORD@HOST:PORT/DATABASE, with characters like"
            " @ : / in name and password written as %40 %3A %2F"
        ) from None


async def close(client: Any) -> None:
    """Awaits the driver's answer where it gives one to await."""
    closed = client.close()
    if inspect.isawaitable(closed):
        await closed
