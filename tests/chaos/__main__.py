"""`make chaos`: the long form. 200 clients, some minutes, each part killed again and again."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from chaos.run import chaos


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description="Kills parts of a cluster under load.")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--people", type=int, default=10, help="accounts that the clients share")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between a mended fault and the next")
    chosen = parser.parse_args()
    begun = time.monotonic()

    def tell(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begun:6.1f} s  {text}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="chatops-chaos-") as folder:
        verdict = asyncio.run(
            chaos(
                Path(folder),
                people=chosen.people,
                clients=chosen.clients,
                seconds=chosen.seconds,
                pause=chosen.pause,
                tell=tell,
            )
        )
    tell(
        f"{verdict.turns} turns acknowledged: {dict(verdict.statuses)}; {verdict.refused} refused by a budget, "
        f"{verdict.cuts} connections cut, {verdict.read_along} read to their end at another replica"
    )
    for wrong in verdict.wrong:
        tell(f"WRONG {wrong}")
    tell(f"{len(verdict.wrong)} wrong")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
