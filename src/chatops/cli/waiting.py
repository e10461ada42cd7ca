"""What a person sees while nothing can be shown yet: a spinner, or the embedded model's weights arriving."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from chatops.cli.terminal import Terminal
from chatops.settings import Settings

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME_SECONDS = 0.1
_PATIENCE_SECONDS = 0.3
"""An answer that comes sooner needs no spinner."""


class Spinner:
    """Turns on standard error until `stop`, when that is a terminal. An async context manager.

    Args:
        quiet: Never show it.
        beside: What stands beside it, in at most so many columns.
    """

    def __init__(self, terminal: Terminal, *, quiet: bool = False, beside: Callable[[int], str] = lambda _: "") -> None:
        self._terminal = terminal
        self._beside = beside
        self._shown = terminal.note_color and terminal.stderr_is_tty and not quiet
        self._task: asyncio.Task[None] | None = None
        self._visible = False

    async def __aenter__(self) -> Self:
        if self._shown:
            self._task = asyncio.create_task(self._turn())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _turn(self) -> None:
        await asyncio.sleep(_PATIENCE_SECONDS)
        for frame in itertools.cycle(_FRAMES):
            self._visible = True
            beside = self._beside(self._terminal.width - 3)
            self._write(f"\r\x1b[K{frame} \x1b[2m{beside}\x1b[0m" if beside else f"\r\x1b[K{frame} ")
            await asyncio.sleep(_FRAME_SECONDS)

    def stop(self) -> None:
        """Takes it off the screen for good; may be called again."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._visible:
            self._visible = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        Terminal(stdout=self._terminal.stderr).write(text)


async def fetch_weights(settings: Settings, terminal: Terminal) -> Path:
    """The embedded model's weights; fetched, with a progress bar on standard error, when they are not here yet.

    Raises:
        ChatopsError: They cannot be had; says the ways out.
    """
    from chatops.engine.providers import weights

    folder = settings.paths.models
    found = weights.find(folder, settings.local_model)
    return found or await fetch_shown(folder, terminal)


async def fetch_shown(folder: Path, terminal: Terminal) -> Path:
    """Fetches the weights unless an intact file is in `folder`, and shows how far that is on standard error."""
    from chatops.engine.providers import weights

    if not terminal.stderr_is_tty:
        megabytes = weights.SMOLLM2.size // 1_000_000
        terminal.note(f"fetching {weights.SMOLLM2.model} ({megabytes} MB, once) into {folder}\n")
        return await weights.fetch(folder, _Tenths(terminal))
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"fetching {weights.SMOLLM2.model}, once", total=weights.SMOLLM2.size)
        return await weights.fetch(folder, lambda here, size: progress.update(task, completed=here, total=size))


class _Tenths:
    """Progress where nothing can be redrawn: a line every tenth."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._done = 0

    def __call__(self, here: int, size: int) -> None:
        tenths = here * 10 // size
        if tenths > self._done:
            self._done = tenths
            self._terminal.note(f"{tenths * 10} %\n")
