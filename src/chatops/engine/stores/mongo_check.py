"""Looks at a MongoDB database without changing it: is a server there, does it let us in, is the database ours."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.engine.stores.mongo_address import MongoAddress
from chatops.engine.stores.mongo_driver import Driver, close, connect
from chatops.engine.stores.mongo_errors import explained
from chatops.engine.stores.mongo_schema import VERSION, version_of

LATEST_SCHEMA = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReport:
    """`replica_set`: its name, None for a standalone server. `schema`: None when the database is not made yet."""

    address: str
    version: str
    replica_set: str | None
    schema: int | None


async def check_server(uri: str, driver: Driver) -> ServerReport:
    """Asks the server; takes at most 5 s when there is none.

    Raises:
        SettingsError: The address is malformed, or the driver is missing.
        StoreError: No server answers, or it refuses us.
    """
    address = MongoAddress.parse(uri)
    client = connect(address, driver)
    try:
        with explained(address):
            db = client[address.database]
            hello = await db.command("hello")
            return ServerReport(
                address=str(address),
                version=str((await db.command("buildInfo"))["version"]),
                replica_set=hello.get("setName"),
                schema=await version_of(db),
            )
    finally:
        await close(client)
