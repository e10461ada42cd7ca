"""What we read from a MongoDB address without a driver, and what we never show of it."""

import pytest

from chatops.engine.stores.mongo_address import SELECTION_MS, MongoAddress, without_secrets

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("uri", "hosts", "database"),
    [
        ("mongodb://h", "h", "chatops"),
        ("mongodb://h:1/", "h:1", "chatops"),
        ("mongodb://u:s3cret@h1,h2:5/team?replicaSet=r", "h1,h2:5", "team"),
        ("mongodb+srv://u:s3cret@cluster.test/a%20b", "cluster.test", "a b"),
        ("mongodb://u:s3cret@/x", "", "x"),
        ("mongodb://h?tls=true", "h", "chatops"),
        ("mongodb://u:s3cret/with@odd@h/x", "h", "x"),
    ],
)
def test_hosts_and_database_are_read_and_nothing_secret_is_shown(uri: str, hosts: str, database: str) -> None:
    address = MongoAddress.parse(uri)

    assert (address.hosts, address.database) == (hosts, database)
    assert SECRET not in f"{address} {address!r} {without_secrets(uri)}"


@pytest.mark.parametrize(
    ("options", "ms"),
    [("", SELECTION_MS), ("serverSelectionTimeoutMS=200", 200), ("a=b&serverselectiontimeoutms=99999", SELECTION_MS)],
)
def test_nobody_waits_longer_for_a_server_than_we_promise(options: str, ms: int) -> None:
    assert MongoAddress.parse(f"mongodb://h/?{options}").selection_ms == ms


def test_secret_options_are_hidden_and_the_rest_stays() -> None:
    uri = f"mongodb://u:p@h/x?tlsCertificateKeyFilePassword={SECRET}&w=1&authMechanismProperties=TOKEN:{SECRET}"

    assert without_secrets(uri) == (
        "mongodb://***@h/x?tlsCertificateKeyFilePassword=***&w=1&authMechanismProperties=***"
    )
