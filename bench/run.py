"""`make bench`: every bench in turn, or those that are named. `python bench/run.py [--rounds N] [BENCH ...]`.

`make bench ARGS='scale --messages 1000000'` is the whole promise; it takes seven minutes here.

Each figure is a ratio of things run in turn in one session, or stands beside its target; absolute times are this
machine's. A missed target is printed, not an error: the exit code is 1 only when a bench crashed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

BENCHES = (
    "startup",
    "warm",
    "conversations",
    "processes",
    "store",
    "limits",
    "scale",
    "providers",
    "render",
    "repl",
    "auth",
    "sizing",
    "streaming",
    "replicas",
    "bots",
    "page",
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Prints figures beside their targets.")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"one of {', '.join(BENCHES)}; all, when none")
    parser.add_argument("--rounds", type=int, help="how often to repeat, in place of each bench's own number")
    parser.add_argument("--messages", type=int, help="how large the large database of `scale` is")
    options = parser.parse_args()
    unknown = sorted(set(options.benches) - set(BENCHES))
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}: there are {', '.join(BENCHES)}")
    said = {"ROUNDS": options.rounds, "MESSAGES": options.messages}
    env = os.environ | {name: str(number) for name, number in said.items() if number}
    begun = time.monotonic()
    crashed = [name for name in options.benches or BENCHES if not succeeds(name, env)]
    print(f"\n{time.monotonic() - begun:.0f} s" + (f"; crashed: {', '.join(crashed)}" if crashed else ""))
    return 1 if crashed else 0


def succeeds(name: str, env: dict[str, str]) -> bool:
    """Runs one in a process of its own, so that none weighs on the next."""
    print(f"\n== {name}", flush=True)
    script = Path(__file__).with_name(f"{name}.py")
    return subprocess.run([sys.executable, str(script)], env=env, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
