"""Connects a process with the other replicas."""

from __future__ import annotations

from importlib.util import find_spec

from chatops.engine.errors import SettingsError
from chatops.engine.limits.ports import MeterStore
from chatops.engine.ports import Store
from chatops.engine.replicas.link import NOT_INSTALLED, Link
from chatops.engine.replicas.timing import Timing
from chatops.engine.replicas.turn_log import LocalTurnLog, ReplicatedTurnLog


def open_replicas(
    url: str, local: LocalTurnLog, store: Store, *, lives: bool, timing: Timing | None = None
) -> ReplicatedTurnLog:
    """The turn log of a process, and its way to the others; it connects with the first turn that is run or read.

    Args:
        url: The setting `redis`.
        local: Keeps what this process writes.
        store: The database of all replicas.
        lives: It tells of its turns and hears of stops. A one-shot only reads, and loads Redis' client when it has to
            wait for another process.
        timing: None: the usual.

    Raises:
        SettingsError: The address is malformed, or the client is not installed.
    """
    if find_spec("redis") is None:
        raise SettingsError(NOT_INSTALLED)
    timing = timing or Timing()
    return ReplicatedTurnLog(Link(url, timing.patience), local, store, listens=lives, timing=timing)


def replicated_meter(replicas: ReplicatedTurnLog, inner: MeterStore) -> MeterStore:
    """Rates and slots beside the turns in Redis, all else where it is."""
    from chatops.engine.replicas.meter import ReplicatedMeter

    return ReplicatedMeter(replicas.link, inner)
