"""The process around a server: its event loop, its garbage collector, its open files."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
_THRESHOLDS = (2_000, 10, 1_000)
"""Allocations to a round of the first generation, rounds to one of the next. Short rounds, for each stops everybody; a
whole one seldom, for a turn leaves no cycles (docs/decisions.md has the measurements)."""
_FILES = 65_536


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs the coroutine on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return None
    return uvloop.new_event_loop


def settle_down() -> None:
    """To be called once everything long-lived is made: the collector need not look at it again."""
    _raise_open_files()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def _raise_open_files() -> None:
    """Shells give 1,024 by default, and every stream is one."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
