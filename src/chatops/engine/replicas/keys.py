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


def lane(name: str) -> str:
    """A bucket of a platform's limits: when its next call may go."""
    return f"chatops:lane:{name}"
