"""What the engine and its front ends need of the other processes that work on the same database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Lanes(Protocol):
    """The pace at which all processes together may call something, by the name of a lane. Times are seconds."""

    async def slot(self, name: str, *, pace: float, burst: int) -> float:
        """Takes the next slot: one each `pace` seconds, `burst` at once after a rest.

        Returns:
            How long to wait for it.

        Raises:
            StoreError: The others cannot be asked.
        """
        ...

    async def close(self, name: str, seconds: float) -> None:
        """Nobody calls before that is over. Raises `StoreError`."""
        ...


class Replicas(Protocol):
    """The other processes that work on this database, as far as they can be reached."""

    def connect(self) -> None:
        """Does now what the first turn would have to wait for. Raises `SettingsError`: the address is no good."""
        ...

    def on_stop(self, call: Callable[[str], None]) -> None:
        """Calls with the id of each turn that somebody wants to end, wherever it runs."""
        ...

    async def appears(self, turn_id: str, *, running: bool) -> None:
        """Waits until a turn that another process runs can be read from the log; not for long, and never raises. What
        is not `running` has sent all of its events by now, or is about to.
        """
        ...

    async def over(self, turn_id: str) -> bool:
        """Waits for the end of a turn that runs in another process. False: it cannot be read from here, or was over."""
        ...

    async def stop(self, turn_id: str) -> None:
        """Ends a turn that runs in another process, and returns when its answer is stored.

        Raises:
            ConflictError: Its process has not told that it did so, and may still do it.
            StoreError: What connects the processes cannot be used: nobody was told.
        """
        ...

    @property
    def lanes(self) -> Lanes:
        """What is paced together."""
        ...

    def status(self) -> str:
        """`ok`, or why they cannot be reached just now."""
        ...
