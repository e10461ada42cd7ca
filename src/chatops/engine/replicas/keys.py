"""The names of what lies in Redis. One database of it (`redis://HOST/1`) is for the replicas on one database."""

from __future__ import annotations

STOPS = "chatops:stops"
"""A stream of turns that are to end; every process reads it."""


def turn(turn_id: str) -> str:
    """A stream of the turn's events. An entry's id is `N-0`, where N is the number of the last event in it."""
    return f"chatops:turn:{turn_id}"


def bell(process_id: str) -> str:
    """A stream whose entries wake one process' reader."""
    return f"chatops:bell:{process_id}"


def rate(key: str) -> str:
    """When a client that keeps exactly to its rate would be through with what it has sent (`limits.rates`)."""
    return f"chatops:rate:{key}"


def slots(key: str) -> str:
    """A sorted set of the turns that take a slot, by the end of their leases."""
    return f"chatops:slots:{key}"


def lane(name: str) -> str:
    """A bucket of a platform's limits: when its next call may go."""
    return f"chatops:lane:{name}"
