"""For every test: no address beyond this machine is reached, slow machines are no failures, MongoDB is a real one."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Generator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from peers.mongod import Mongod
    from peers.redis import RedisServer

# A busy machine is no defect: speed is shown by `make bench`.
# The gate tries the same examples each time: a change is judged by what it changed. `make fuzz` looks for new ones.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("chatops", _PATIENT, derandomize=True)
settings.register_profile("fuzz", _PATIENT, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "chatops"))


def _refuse_the_world(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise RuntimeError(f"a test tried to reach {host}: tests stay on this machine")


sys.addaudithook(_refuse_the_world)


_numbers = count(1)


@pytest.fixture(scope="session")
def mongod() -> Generator[Mongod]:
    """A replica set of one, for all tests of this worker."""
    from peers.mongod import Mongod

    server = Mongod()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def mongo_uri(mongod: Mongod) -> Generator[str]:
    """The address of a database of its own."""
    from pymongo import MongoClient

    name = f"chatops_test_{next(_numbers)}"
    yield mongod.uri(name)
    with MongoClient[dict[str, Any]](mongod.uri()) as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def redis_server() -> Generator[RedisServer]:
    """One Redis for all tests of this worker; a test that kills it starts it again."""
    from peers.redis import RedisServer

    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty database."""
    redis_server.ask("FLUSHALL")
    return redis_server.url()
