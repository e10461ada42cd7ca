"""What the benches share: processes run in turn, ratios by round, and the table of figures."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import Literal, TypeVar

from chatops.engine.messages import LOCAL_OWNER
from chatops.engine.stores.sqlite import SqliteStore

K = TypeVar("K")
T = TypeVar("T")
Kind = Literal["pipe", "pty"]
ROOT = Path(__file__).parents[1]
CHATOPS = str(Path(sys.executable).with_name("chatops"))
_PROBE = [sys.executable, "-I", "-S", str(Path(__file__).with_name("probe.py"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process. Milliseconds from its start, of CPU; megabytes. `first` and `last` as texts of its output came."""

    first: float
    last: float
    end: float
    cpu: float
    memory: float

    @property
    def leaving(self) -> float:
        """Milliseconds from the last text to the exit."""
        return self.end - self.last


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    kind: Kind = "pipe",
    first: str = "",
    last: str = "",
) -> Run:
    """Runs a command to its end, without standard input or on a terminal, with `env` and the PATH alone.

    Args:
        command: An absolute path and its arguments.
        env: Its environment.
        kind: Where its output goes.
        first: What its output must hold, for `Run.first`.
        last: Likewise, for `Run.last`.

    Raises:
        RuntimeError: It failed, or `first` or `last` never came.
    """
    basics = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    done = subprocess.run(
        [*_PROBE, kind, first, last, *command], env={**basics, **env}, capture_output=True, text=True, check=True
    )
    code, *numbers = done.stdout.split()
    begun, ended, end, cpu, kilobytes = map(float, numbers)
    if code != "0" or (first and isinf(begun)) or (last and isinf(ended)):
        raise RuntimeError(f"{' '.join(command)} ended with exit code {code}: {done.stderr}")
    return Run(first=begun, last=ended, end=end, cpu=cpu, memory=kilobytes / 1024)


def home_environment(home: Path) -> dict[str, str]:
    """For a chatops that keeps everything in `home`, and whose model echoes in its own process."""
    return {"CHATOPS_HOME": str(home), "HOME": str(home), "CHATOPS_MODEL": "echo:plain"}


def rounds(default: int) -> int:
    """How often to repeat: `ROUNDS` in the environment, else `default`."""
    return int(os.environ.get("ROUNDS") or default)


def in_turn(arms: Mapping[K, Callable[[], T]], count: int) -> dict[K, list[T]]:
    """Calls every arm once to warm up, then `count` times A B C, A B C, ..., so that a slow moment meets all."""
    for arm in arms.values():
        arm()
    results: dict[K, list[T]] = {name: [] for name in arms}
    for _ in range(count):
        for name, arm in arms.items():
            results[name].append(arm())
    return results


def ratios(of: Iterable[float], to: Iterable[float]) -> list[float]:
    """Round by round: the machine is as busy for both."""
    return [a / b for a, b in zip(of, to, strict=True)]


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table: values by round, of which the median counts; `most` and `least` are the target."""

    name: str
    values: Sequence[float]
    unit: str = "x"
    most: float | None = None
    least: float | None = None

    def __str__(self) -> str:
        median = statistics.median(self.values)
        low, high = (_short(value) for value in (min(self.values), max(self.values)))
        text = f"  {self.name:<48} {_short(median):>7} {self.unit:<8} {f'({low} - {high})':<20}"
        if self.most is None and self.least is None:
            return text.rstrip()
        met = (self.most is None or median <= self.most) and (self.least is None or median >= self.least)
        bound = f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"
        return f"{text} {bound:<8} {'ok' if met else 'MISSED'}"


def _short(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    for limit, digits in ((10, 2), (100, 1)):
        if value < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def show(title: str, figures: Iterable[Figure]) -> None:
    """Prints a table: medians, ranges, targets."""
    print(f"\n{title}", *figures, sep="\n", flush=True)


def answers(database: Path) -> list[str]:
    """What was answered in this database: the last message of each conversation, when it is stored as complete."""

    async def read() -> list[str]:
        store = await SqliteStore.open(database)
        try:
            made = await store.conversations(LOCAL_OWNER, limit=1_000_000)
            leaves = [await store.message(LOCAL_OWNER, one.leaf_id) for one in made if one.leaf_id]
        finally:
            await store.aclose()
        return [leaf.text for leaf in leaves if leaf.role == "assistant" and leaf.status == "complete"]

    return asyncio.run(read())


@contextmanager
def model_server() -> Iterator[str]:
    """A model server on loopback, in a process of its own, that says at once and word by word what it was told.

    Yields:
        Its OpenAI base URL.
    """
    command = [sys.executable, str(ROOT / "tests" / "peers" / "llm.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101 - it was asked for
            yield server.stdout.readline().strip() + "/v1"
        finally:
            server.terminate()
