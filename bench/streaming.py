"""A streamed token's cost: ours with login, limits, budget, history and journal, beside a bare relay and LiteLLM.

Upstream and readers run on core 0, the server alone on core 1. Cost is processor time (schedstat), not wall time. Every
round runs each arm in turn; ratios are round by round. `ROUNDS` says how often, `LITELLM=0` leaves that peer out.
Titles are off: a title is one more answer, of another model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gateways
from gateways import Gateway
from measure import ROOT, Figure, in_turn, ratios, rounds, show

LIBRECHAT_MS = (90, 126)
"""CPU of a turn of 100 tokens in LibreChat 0.8.7, measured on a machine like this one."""
TOKENS = 100
HISTORY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`streams` at once, `total` answers in all, of `tokens` tokens `delay` ms apart, each with so many `followers`.

    They begin evenly over `ramp` seconds; None: over an answer's length, so that questions go on to come evenly.
    """

    streams: int
    total: int
    delay: int
    tokens: int = TOKENS
    followers: int = 0
    ramp: float | None = None


LIGHT = Work(streams=200, total=800, delay=20)
C32 = Work(streams=32, total=96, delay=50)
ALONE = Work(streams=1, total=60, delay=5, tokens=20)
MANY = Work(streams=500, total=1500, delay=50)
SHORT = Work(streams=1, total=100, delay=1, tokens=1)
FEW = Work(streams=16, total=32, delay=50)
OPEN = Work(streams=500, total=500, delay=100, ramp=2)


@dataclass(frozen=True, slots=True)
class Sample:
    """Microseconds of CPU: in all, and a token; milliseconds to the first one (median, 99th percentile)."""

    cpu: float
    cost: float
    first: float
    worst: float
    followed: int


def command(gateway: Gateway, work: Work) -> list[str]:
    """The loader's."""
    ramp = work.tokens * work.delay / 1000 if work.ramp is None else work.ramp
    numbers = map(str, (gateway.port, work.streams, work.total, ramp))
    return [gateways.TASKSET, "-c", gateways.LOAD_CORE, sys.executable, str(ROOT / "bench" / "loader.py"), *numbers]


def asked(gateway: Gateway, work: Work) -> str:
    """What the loader reads."""
    model = f"{gateway.body['model']}c{work.tokens}-d{work.delay}"
    body = {**gateway.body, "model": model}
    return json.dumps(
        {"path": gateway.path, "headers": dict(gateway.sign_in()), "body": body, "followers": work.followers}
    )


def load(gateway: Gateway, work: Work) -> Sample:
    """Runs the work through a gateway. Raises `RuntimeError` when an answer was not whole."""
    question = asked(gateway, work)
    before = gateway.cpu()
    done = subprocess.run(command(gateway, work), input=question, capture_output=True, text=True, check=True)
    cost = gateway.cpu() - before
    told = json.loads(done.stdout)
    if told["whole"] != work.total:
        raise RuntimeError(f"{told['whole']} of {work.total} answers were whole: {told['failure']}")
    first, worst = told["first"]
    return Sample(cost, cost / told["tokens"], first, worst, told["followed"])


def kib_a_stream(gateway: Gateway) -> float:
    """What an open stream adds to the server's memory."""
    question = asked(gateway, OPEN)
    before = gateway.memory()
    with subprocess.Popen(
        command(gateway, OPEN), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as reading:
        assert reading.stdin is not None  # noqa: S101 - it was asked for
        reading.stdin.write(question)
        reading.stdin.close()
        most = before
        while reading.poll() is None:
            most = max(most, gateway.memory())
    return (most - before) / OPEN.streams


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = stack.enter_context(gateways.upstream())
        relay = stack.enter_context(gateways.relay(port))
        ours = stack.enter_context(gateways.chatops(Path(folder, "chatops"), port))
        arms = {"relay": relay, "ours": ours}
        if os.environ.get("LITELLM") != "0":
            arms["litellm"] = stack.enter_context(gateways.litellm(Path(folder), port))
        compare("200 streams of 50 tokens/s", arms, LIGHT, 8.0)
        compare("32 streams of 20 tokens/s", arms, C32, 5.0)
        waiting(relay, ours)
        histories(ours)
        followers(relay, ours)
    with (
        tempfile.TemporaryDirectory() as folder,
        gateways.upstream() as port,
        gateways.chatops(Path(folder, "fresh"), port) as fresh,
    ):
        load(fresh, ALONE)  # what is imported on first use is no stream's
        show("memory", [Figure("an open stream, of 500", [kib_a_stream(fresh)], "KiB", most=64)])


def compare(name: str, arms: Mapping[str, Gateway], work: Work, least: float) -> None:
    """One load over every arm."""
    found = in_turn({arm: partial(load, gateway, work) for arm, gateway in arms.items()}, rounds(5))
    ours, relay = found["ours"], found["relay"]
    figures = [
        Figure("relay", [one.cost for one in relay], "us/token"),
        Figure("ours", [one.cost for one in ours], "us/token"),
        Figure("ours / relay", _ratios(ours, relay, "cost"), most=2),
        Figure("time to first token, ours / relay", _ratios(ours, relay, "first"), most=4),
        Figure("a turn of 100 tokens, ours", [one.cost * TOKENS / 1000 for one in ours], "ms CPU"),
        Figure("the same in LibreChat 0.8.7 (noted)", LIBRECHAT_MS, "ms CPU"),
    ]
    if "litellm" in found:
        figures.append(Figure("LiteLLM / ours", _ratios(found["litellm"], ours, "cost"), least=least))
    show(name, figures)


def waiting(relay: Gateway, ours: Gateway) -> None:
    """The time to the first token, with nothing else to do and with much."""
    alone = in_turn({"relay": partial(load, relay, ALONE), "ours": partial(load, ours, ALONE)}, rounds(5))
    many = in_turn({"ours": partial(load, ours, MANY)}, rounds(5))["ours"]
    figures = [
        Figure("relay, one stream", [one.first for one in alone["relay"]], "ms"),
        Figure("ours / relay, one stream", _ratios(alone["ours"], alone["relay"], "first"), most=4),
        Figure("ours, 500 streams of 20 tokens/s, 99th", [one.worst for one in many], "ms", most=50),
    ]
    show("time to first token", figures)


def histories(ours: Gateway) -> None:
    """One token's answer to a question alone, and below a history that is stored."""
    arms = {"alone": partial(load, ours, SHORT), "below": partial(load, gateways.below(ours, HISTORY), SHORT)}
    found = in_turn(arms, rounds(5))
    alone, below = found["alone"], found["below"]
    figures = [
        Figure("a question alone", [one.cost for one in alone], "us"),
        Figure(f"below {HISTORY} messages / alone", _ratios(below, alone, "cost"), most=1.5),
    ]
    show("a request of one token", figures)


def followers(relay: Gateway, ours: Gateway) -> None:
    """What one more reader of a running turn costs: a write, where a relayed token is a read and a write."""
    arms: dict[str, partial[Sample]] = {"relay": partial(load, relay, FEW), "one": partial(load, ours, FEW)}
    found: Mapping[str, Any] = in_turn({**arms, "five": partial(load, ours, replace(FEW, followers=4))}, rounds(5))
    extra = [(five.cpu - one.cpu) / five.followed for five, one in zip(found["five"], found["one"], strict=True)]
    figures = [
        Figure("one more", extra, "us/token"),
        Figure("one more / a relayed token", ratios(extra, [one.cost for one in found["relay"]]), most=0.5),
    ]
    show("readers of one turn", figures)


def _ratios(of: list[Sample], to: list[Sample], field: str) -> list[float]:
    return ratios([getattr(one, field) for one in of], [getattr(one, field) for one in to])


if __name__ == "__main__":
    main()
