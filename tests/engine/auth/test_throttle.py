"""What counts as one address."""

from __future__ import annotations

import pytest

from chatops.engine.auth.throttle import network


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.0.0.1", "::ffff:10.0.0.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_these_are_one(one: str, other: str) -> None:
    assert network(one) == network(other)


@pytest.mark.parametrize(("one", "other"), [("10.0.0.1", "10.0.0.2"), ("2001:db8:1:2::", "2001:db8:1:3::"), ("", "x")])
def test_these_are_two(one: str, other: str) -> None:
    assert network(one) != network(other)


def test_a_key_stays_short_whatever_a_proxy_says() -> None:
    assert len(network("x" * 10_000)) < 40
    assert len(network("\ud800")) < 40
