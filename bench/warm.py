"""`chatops ask` and `history` alone, and with a `chatops serve` beside them on the same database: what starts warm.

Cold and warm run in turn, each against the same peers on loopback: SQLite or a real MongoDB, a model server, or the
embedded model. The server's own work is not in `CPU`: it waits for that, the terminal does not. `ROUNDS`: how often.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from measure import CHATOPS, ROOT, Figure, Run, in_turn, model_server, ratios, rounds, run, show

sys.path.insert(0, str(ROOT / "tests"))

from peers.local_model import CACHE
from peers.mongod import Mongod

Env = Mapping[str, str]
COLD = {"CHATOPS_SERVER": "local"}
EMBEDDED = "local:smollm2-135m-instruct"


@contextmanager
def serving(env: Env) -> Iterator[None]:
    """`chatops serve` with these settings, once it listens."""
    command = [CHATOPS, "serve", "--no-login", "--port", "0"]
    with subprocess.Popen(command, env={"PATH": "/usr/bin:/bin", **env}, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None  # noqa: S101 - it was asked for
        try:
            next(line for line in server.stderr if "chatops serves unix:" in line)
            server.stderr.close()  # what it logs is not read
            yield
        finally:
            server.terminate()


def both(env: Env, *command: str, count: int, says: str = "") -> tuple[list[Run], list[Run]]:
    """Runs of a command without a server and with one."""
    ask = partial(run, [CHATOPS, *command], first=says)
    with serving({**env, "CHATOPS_LOG_LEVEL": "error"}):
        runs = in_turn({"cold": partial(ask, {**env, **COLD}), "warm": partial(ask, env)}, count)
    return runs["cold"], runs["warm"]


def figures(cold: list[Run], warm: list[Run], what: str) -> list[Figure]:
    took, takes = ([getattr(one, what) for one in runs] for runs in (cold, warm))
    spent, spends = ([one.cpu for one in runs] for runs in (cold, warm))
    named = {"first": "first token", "end": "from start to exit"}[what]
    return [
        Figure(f"{named}, cold", took, "ms"),
        Figure(f"{named}, warm", takes, "ms"),
        Figure("warm / cold", ratios(takes, took), most=1),
        Figure("warm / cold, CPU of the command", ratios(spends, spent), most=1),
    ]


def main() -> None:
    count = rounds(7)
    with tempfile.TemporaryDirectory() as folder, model_server() as url, closing(Mongod()) as mongod:
        mongod.start()
        base = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "made-up", "HOME": folder}
        sqlite = {**base, "CHATOPS_HOME": str(Path(folder, "sqlite"))}
        mongo = {**base, "CHATOPS_HOME": str(Path(folder, "mongo")), "CHATOPS_DATABASE": mongod.uri("warm")}
        local = {**sqlite, "CHATOPS_MODEL": EMBEDDED}
        Path(sqlite["CHATOPS_HOME"], "cache").mkdir(parents=True)
        Path(sqlite["CHATOPS_HOME"], "cache", "models").symlink_to(CACHE)
        asking = ("ask", "-m", "openai:plain", "omega")
        for name, env in (("SQLite", sqlite), ("MongoDB", mongo)):
            show(
                f"ask, {name}: {count} rounds in turn", figures(*both(env, *asking, count=count, says="omega"), "first")
            )
            show(f"history ls, {name}", figures(*both(env, "history", "ls", count=count), "end"))
        short = ("ask", "--max-tokens", "1", "Hello")
        show("ask, the embedded model", figures(*both(local, *short, count=count), "end"))


if __name__ == "__main__":
    main()
