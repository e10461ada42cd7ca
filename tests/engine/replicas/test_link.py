"""The door to Redis: what it says when it cannot be used, and never a password."""

from collections.abc import Generator

import pytest

from chatops.engine.errors import SettingsError, StoreError
from chatops.engine.replicas.address import where, without_secrets
from chatops.engine.replicas.check import RedisReport, check_redis
from chatops.engine.replicas.link import Link
from peers.mongod import free_port
from peers.redis import PASSWORD, RedisServer


@pytest.fixture(scope="module")
def locked() -> Generator[RedisServer]:
    """A server that asks for a password."""
    server = RedisServer(password=True)
    server.start()
    yield server
    server.close()


@pytest.mark.parametrize(
    "url", ["http://h", "redis://h:port", "redis://h/name", "redis://h:99999", "redis://[::1", "h:6379", "redis://h#x"]
)
def test_a_malformed_address_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="the address of Redis"):
        Link(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://me:s3cret@h:7000/2", "h:7000/2"),
        ("rediss://:s3cret@h", "h:6379"),
        ("redis://", "localhost:6379"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert where(url) == shown
    assert "s3cret" not in without_secrets(url + "?password=s3cret")


async def test_a_server_that_is_gone_is_told_with_its_place_and_no_password() -> None:
    port = free_port()
    link = Link(f"redis://me:s3cret@127.0.0.1:{port}/0")
    with pytest.raises(StoreError) as told:
        await link.run("PING")
    await link.aclose()

    assert f"cannot use Redis at 127.0.0.1:{port}/0: no connection" in told.value.message
    assert "s3cret" not in f"{told.value} {told.value.__cause__} {link.trouble}"


async def test_a_wrong_password_is_told_as_such(locked: RedisServer) -> None:
    for password in ("", ":wr0ng@"):
        link = Link(f"redis://{password}{locked.address}/0")
        with pytest.raises(StoreError, match="the name or password was refused") as told:
            await link.run("PING")
        await link.aclose()
        assert "wr0ng" not in told.value.message


async def test_a_password_may_hold_any_character(locked: RedisServer) -> None:
    from urllib.parse import quote

    report = await check_redis(f"redis://:{quote(PASSWORD, safe='')}@{locked.address}/0")

    assert report.where == f"{locked.address}/0"
    assert report.is_new_enough
    assert report.policy == "noeviction"


def test_an_old_server_is_not_new_enough() -> None:
    assert not RedisReport(where="h", version="6.0.16", policy="noeviction").is_new_enough


async def test_a_refused_command_stands_in_the_place_of_its_answer(redis_url: str) -> None:
    link = Link(redis_url)
    answers = await link.together([("SET", "a", 1), ("XADD", "a", "*", "f", "v"), ("GET", "a")])
    with pytest.raises(StoreError, match="it answered"):
        await link.run("XADD", "a", "*", "f", "v")
    await link.aclose()

    assert answers[1].startswith("WRONGTYPE")
    assert answers[2] == b"1"
