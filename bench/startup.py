"""What `chatops` costs from its start to its end, beside bare Python, a script on the official SDK, and `llm`.

The server is on loopback and answers at once, so the figures are the programs' own time. `ROUNDS` says how often.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import llm_peer
from measure import CHATOPS, Figure, Kind, Run, answers, in_turn, model_server, ratios, rounds, run, show

Runs = dict[str, list[Run]]

ANSWER = """# Alpha

The *first* paragraph says **little** but says it in `words` that a page can hold.

- one item of a list
- another item of it

```python
def answer() -> int:
    return 42
```

| name | value |
|---|---|
| a | b |

And the end of it all: omega
"""
"""Some 50 words of Markdown: the server says back what it is told."""
AT_ONCE, THINKING = "plain", "plain-h300"
"""Names of the server's models: the second one thinks before it answers."""
THOUGHT_MS = 300
PIPE, TERMINAL, PATIENT = "into a pipe", "on a terminal", "on a terminal, the model thinks for 300 ms"
WAYS: dict[str, tuple[Kind, str]] = {
    PIPE: ("pipe", AT_ONCE),
    TERMINAL: ("pty", AT_ONCE),
    PATIENT: ("pty", THINKING),
}


def measure(folder: Path, base_url: str, count: int) -> Runs:
    """Every program by turns."""
    key = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "made-up", "HOME": str(folder)}
    ours = {**key, "CHATOPS_HOME": str(folder / "chatops")}
    llm, theirs = llm_peer.install(), llm_peer.configure(folder / "llm", base_url, (AT_ONCE, THINKING))
    sdk_script = str(Path(__file__).with_name("sdk_script.py"))
    programs = {
        "bare": partial(run, [sys.executable, "-c", "pass"], {}),
        "version": partial(run, [CHATOPS, "--version"], ours),
        "help": partial(run, [CHATOPS, "--help"], ours),
        "llm --version": partial(run, [llm, "--version"], theirs),
    }
    for way, (kind, model) in WAYS.items():
        ask = partial(run, kind=kind, first="Alpha", last="omega")
        programs[f"ask {way}"] = partial(ask, [CHATOPS, "ask", "-m", f"openai:{model}", ANSWER], ours)
        programs[f"sdk {way}"] = partial(ask, [sys.executable, sdk_script, model, ANSWER], key)
        programs[f"llm {way}"] = partial(ask, [llm, "-m", model, ANSWER], theirs)
    return in_turn(programs, count)


def starts(runs: Runs) -> list[Figure]:
    ours, bare = each(runs["version"], "end"), each(runs["bare"], "end")
    return [
        Figure("chatops --version / python -c pass", ratios(ours, bare), most=2.5),
        Figure("chatops --help / python -c pass", ratios(each(runs["help"], "end"), bare)),
        Figure("chatops --version / llm --version", ratios(ours, each(runs["llm --version"], "end"))),
    ]


def asks(runs: Runs, way: str) -> list[Figure]:
    ours, sdk, llm = arms(runs, way)
    first, leaving, memory = (each(ours, what) for what in ("first", "leaving", "memory"))
    return [
        Figure("first token", first, "ms"),
        Figure("first token / python -c pass", ratios(first, each(runs["bare"], "end"))),
        Figure("first token / openai SDK script", ratios(first, each(sdk, "first"))),
        Figure("first token / llm", ratios(first, each(llm, "first")), most=0.25),
        Figure("exit / llm", ratios(each(ours, "end"), each(llm, "end"))),
        Figure("CPU / llm", ratios(each(ours, "cpu"), each(llm, "cpu"))),
        Figure("last token to exit, turn stored", leaving, "ms", most=30),
        Figure("last token to exit: openai SDK script, no store", each(sdk, "leaving"), "ms"),
        Figure("last token to exit: llm", each(llm, "leaving"), "ms"),
        Figure("peak memory", memory, "MB", most=35),
        Figure("peak memory / python -c pass", ratios(memory, each(runs["bare"], "memory"))),
        Figure("peak memory / openai SDK script", ratios(memory, each(sdk, "memory"))),
        Figure("peak memory / llm", ratios(memory, each(llm, "memory"))),
    ]


def added(runs: Runs) -> list[Figure]:
    """What the program adds to the time that the model takes: some of its work fits in there."""
    ours, sdk, llm = ([first - THOUGHT_MS for first in each(arm, "first")] for arm in arms(runs, PATIENT))
    return [
        Figure("first token, less those 300 ms", ours, "ms"),
        Figure("the same / openai SDK script", ratios(ours, sdk)),
        Figure("the same / llm", ratios(ours, llm), most=0.25),
    ]


def arms(runs: Runs, way: str) -> tuple[list[Run], list[Run], list[Run]]:
    return runs[f"ask {way}"], runs[f"sdk {way}"], runs[f"llm {way}"]


def each(runs: list[Run], what: str) -> list[float]:
    return [getattr(one, what) for one in runs]


def main() -> None:
    count = rounds(7)
    with tempfile.TemporaryDirectory() as folder, model_server() as base_url:
        runs = measure(Path(folder), base_url, count)
        asked = len(WAYS) * (1 + count)  # the first to warm up
        lost = asked - answers(Path(folder, "chatops", "chatops.db")).count(ANSWER.rstrip())
    show(f"Start-up: {count} rounds in turn", starts(runs))
    show(f"chatops ask, {PIPE}", asks(runs, PIPE))
    show(f"chatops ask, {TERMINAL}, Markdown rendered", asks(runs, TERMINAL))
    show(f"chatops ask, {PATIENT}", added(runs))
    show("Of these turns", [Figure(f"not stored whole, of {asked}", [lost], "", most=0)])


if __name__ == "__main__":
    main()
