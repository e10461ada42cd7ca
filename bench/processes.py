"""Several processes that work on one database at once, beside one alone; and whether anything was lost.

Commits to one file come one after another, so more processes cannot do more; but they must not hold each other up.
`ROUNDS` says how often.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

from measure import Figure, answers, home_environment, in_turn, ratios, rounds, show

PROCESSES = 4
TURNS = 300


class Crowd:
    """Starts workers on the database in `home`, each under a name of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._numbers = count()
        self.names: list[str] = []

    def work(self, processes: int) -> float:
        """Lets so many processes do `TURNS` turns each, all at once. Returns turns a second."""
        with ExitStack() as stack:
            workers = [stack.enter_context(self._worker()) for _ in range(processes)]
            for worker in workers:
                _hear(worker, "ready")
            begun = time.perf_counter()
            for worker in workers:
                _say_go(worker)
            for worker in workers:
                _hear(worker, "done")
            return processes * TURNS / (time.perf_counter() - begun)

    def _worker(self) -> subprocess.Popen[str]:
        name = f"worker{next(self._numbers)}"
        self.names.append(name)
        program = Path(__file__).with_name("turn_worker.py")
        return subprocess.Popen(
            [sys.executable, str(program), name, str(TURNS)],
            env=home_environment(self._home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _hear(worker: subprocess.Popen[str], word: str) -> None:
    line = worker.stdout.readline() if worker.stdout else ""
    if line != f"{word}\n":
        raise RuntimeError(f"a worker said {line!r} in place of {word}")


def _say_go(worker: subprocess.Popen[str]) -> None:
    if worker.stdin:
        worker.stdin.write("\n")
        worker.stdin.flush()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        crowd = Crowd(Path(folder))
        rates = in_turn({number: partial(crowd.work, number) for number in (1, PROCESSES)}, rounds(5))
        wanted = {f"{name}-{number}" for name in crowd.names for number in range(TURNS)}
        missing = len(wanted.difference(answers(Path(folder, "chatops.db"))))
    show(
        f"{PROCESSES} processes on one database",
        [
            Figure("turns a second, 1 process", rates[1], ""),
            Figure("4 processes / 1, turns a second", ratios(rates[PROCESSES], rates[1]), least=0.5),
            Figure(f"answers lost, of {len(wanted):,}", [missing], "", most=0),
        ],
    )


if __name__ == "__main__":
    main()
