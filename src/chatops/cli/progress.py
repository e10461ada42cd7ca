"""A bar on standard error for what takes long and is counted."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from chatops.cli.terminal import Terminal

Show = Callable[[int, int | None], None]


@contextmanager
def bar(terminal: Terminal, what: str, unit: str) -> Generator[Show, None, None]:
    """Yields what to call with how much is done and how much it is in all, where that is known; shows nothing where
    standard error is no terminal.

    The total may be an estimate: the bar is full at most. It is taken off when all is done, and after an error.
    """
    if not (terminal.stderr_is_tty and terminal.note_color):
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total and max(done, total))
