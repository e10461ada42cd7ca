"""A streamed token's cost: ours with login, limits, budget, history and journal, beside a bare relay and LiteLLM.

Upstream and readers run on core 0, the server alone on core 1. Cost is processor time (schedstat), not wall time. Every
round runs each arm in turn; ratios are round by round. `ROUNDS` says how often, `LITELLM=0` leaves that peer out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gateways
from gateways import Gateway
from measure import ROOT, Figure, in_turn, ratios, rounds, show

LIBRECHAT_MS = (90, 126)
"""CPU of a turn of 100 tokens in LibreChat 0.8.7, measured on a machine like this one."""
TOKENS = 100


@dataclass(frozen=True, slots=True)
class Work:
    """`streams` at once, `total` answers in all, a token each `delay` ms."""

    streams: int
    total: int
    delay: int


LIGHT, C32, ONE, MANY = Work(200, 800, 20), Work(32, 96, 50), Work(1, 5, 20), Work(500, 1000, 50)


@dataclass(frozen=True, slots=True)
class Sample:
    """Microseconds of CPU a token; milliseconds to the first one (median, 99th percentile)."""

    cost: float
    first: float
    worst: float


def load(gateway: Gateway, work: Work) -> Sample:
    """Runs the work through a gateway. Raises `RuntimeError` when an answer was not whole."""
    model = f"{gateway.body['model']}c{TOKENS}-d{work.delay}"
    request = json.dumps({"headers": dict(gateway.headers), "body": {**gateway.body, "model": model}})
    command = [gateways.TASKSET, "-c", gateways.LOAD_CORE, sys.executable, str(ROOT / "bench" / "loader.py")]
    command += [str(gateway.port), gateway.path, str(work.streams), str(work.total)]
    before = gateway.cpu()
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=True)
    cost = gateway.cpu() - before
    told = json.loads(done.stdout)
    if told["whole"] != work.total:
        raise RuntimeError(f"{told['whole']} of {work.total} answers were whole: {told['failure']}")
    return Sample(cost / told["tokens"], *told["first"])


def kib_a_stream(gateway: Gateway, streams: int = 500) -> float:
    """What an open stream adds to the server's memory."""
    model = f"{gateway.body['model']}c100-d100"
    request = json.dumps({"headers": dict(gateway.headers), "body": {**gateway.body, "model": model}})
    command = [sys.executable, str(ROOT / "bench" / "loader.py"), str(gateway.port), gateway.path]
    before = gateway.memory()
    command += [str(streams), str(streams)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as reading:
        assert reading.stdin is not None  # noqa: S101 - it was asked for
        reading.stdin.write(request)
        reading.stdin.close()
        most = before
        while reading.poll() is None:
            most = max(most, gateway.memory())
    return (most - before) / streams


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = stack.enter_context(gateways.upstream())
        relay = stack.enter_context(gateways.relay(port))
        ours = stack.enter_context(gateways.chatops(Path(folder, "chatops"), port))
        arms = {"relay": relay, "ours": ours}
        if os.environ.get("LITELLM") != "0":
            arms["litellm"] = stack.enter_context(gateways.litellm(Path(folder), port))
        for name, work, least in (("200 streams of 50 tokens/s", LIGHT, 8.0), ("32 streams of 20 tokens/s", C32, 5.0)):
            compare(name, {arm: partial(load, gateway, work) for arm, gateway in arms.items()}, least)
        alone = in_turn({"relay": partial(load, relay, ONE), "ours": partial(load, ours, ONE)}, rounds(5))
        many = [load(ours, MANY) for _ in range(rounds(5))]
        show(
            "time to first token",
            [
                Figure("ours / relay, one stream", _ratios(alone["ours"], alone["relay"], "first"), most=4),
                Figure("ours, 500 streams of 20 tokens/s, 99th", [one.worst for one in many], "ms", most=50),
            ],
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        gateways.upstream() as port,
        gateways.chatops(Path(folder, "fresh"), port) as fresh,
    ):
        load(fresh, ONE)  # what is imported on first use is no stream's
        show("memory", [Figure("an open stream, of 500", [kib_a_stream(fresh)], "KiB", most=64)])


def compare(name: str, arms: dict[str, partial[Sample]], least: float) -> None:
    """One load over every arm."""
    found = in_turn(arms, rounds(5))
    ours, relay = found["ours"], found["relay"]
    figures = [
        Figure("relay", [one.cost for one in relay], "us/token"),
        Figure("ours", [one.cost for one in ours], "us/token"),
        Figure("ours / relay", _ratios(ours, relay, "cost"), most=2),
        Figure("time to first token, ours / relay", _ratios(ours, relay, "first"), most=4),
        Figure(f"a turn of {TOKENS} tokens, ours", [one.cost * TOKENS / 1000 for one in ours], "ms CPU"),
        Figure("the same in LibreChat 0.8.7 (noted)", LIBRECHAT_MS, "ms CPU"),
    ]
    if "litellm" in found:
        figures.append(Figure("LiteLLM / ours", _ratios(found["litellm"], ours, "cost"), least=least))
    show(name, figures)


def _ratios(of: list[Sample], to: list[Sample], field: str) -> list[float]:
    return ratios([getattr(one, field) for one in of], [getattr(one, field) for one in to])


if __name__ == "__main__":
    main()
