"""What rendering a streamed answer costs: processor time and bytes written, beside rich's Live redrawn per token.

    python bench/render.py [--live]

An answer of 1,000 and of 4,000 tokens (about 5 characters each: headings, lists, a table, code) is fed token by token,
once as fast as it goes, once paced at 50 tokens a second of a simulated clock. `--live` adds rich's Live, which is
quadratic, on 250 tokens. Targets: 1,000 tokens within 0.2 s and 250 kB, and 4,000 within 4.5 times that.
"""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random
from string import ascii_lowercase

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown

from chatops.cli.render import Renderer, import_ahead

SECTION = """## Step {n}: {a} before you {b}

Profiling **{c}** saves time: most programs spend nearly all of it in a `{d}` part of the {e}, and that part is
rarely the one you would have *{f}*. See [the {g}](https://docs.python.org/3/library/{a}.html) for more {b}.

- Run the program under a {c}, with real {d}
- Look at the **{e}** column first
  - ignore what is {f} once
- Change one {g}, then measure {a}

1. Write a {b}
2. Make it {c}
3. Keep the {d}

| Approach | Time (ms) | Notes |
|:---------|----------:|-------|
| naive {e} | {n}250 | simple, but {f} |
| {g} | 830 | a bit {a} |
| `{b}` | 12 | needs {c} |

```python
def {d}(n: int) -> int:
    \"\"\"The n-th {e} {f}.\"\"\"
    {g}, b = 0, 1
    for _ in range(n):
        {g}, b = b, {g} + b
    return {g}


print(f"{a}(30) = {{{d}(30)}}")  # {b}
```

> Premature {c} is the root of all {d}, said somebody who had {e} {f}.

"""


class Sink:
    """A terminal that counts."""

    color = live = True
    reflows = False
    size = (80, 24)

    def __init__(self) -> None:
        self.written = 0

    def write(self, text: str) -> None:
        self.written += len(text.encode())


def answer(tokens: int, seed: int) -> list[str]:
    """Words differ from section to section and from seed to seed: nothing can be had from a cache."""
    random = Random(seed)  # noqa: S311 - made-up words
    sections = [SECTION.format(n=n, **_words(random)) for n in range(2 + tokens * 5 // len(SECTION))]
    return [match.group() for match in re.finditer(r".{1,5}", "".join(sections)[: tokens * 5], re.DOTALL)]


def _words(random: Random) -> dict[str, str]:
    return {key: "".join(random.choices(ascii_lowercase, k=random.randint(3, 10))) for key in "abcdefg"}


def ours(tokens: list[str], pace: float | None) -> int:
    """Returns bytes written. `pace`: seconds of the simulated clock between tokens; None: full speed, real clock."""
    now = 0.0
    sink = Sink()
    renderer = Renderer(sink) if pace is None else Renderer(sink, clock=lambda: now)
    for token in tokens:
        renderer.feed(token)
        now += pace or 0.0
        renderer.tick()
    renderer.finish()
    return sink.written


def rich_live(tokens: list[str]) -> int:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24)
    text = ""
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for token in tokens:
            text += token
            live.update(Markdown(text), refresh=True)
    return len(out.getvalue().encode())


def measured(run: Callable[[list[str]], int], count: int, times: int = 5) -> tuple[float, int]:
    """The least processor seconds of some runs, each with a text of its own, and the bytes written."""
    best, written = float("inf"), 0
    for seed in range(times):
        tokens = answer(count, seed * count)
        begun = time.process_time()
        written = run(tokens)
        best = min(best, time.process_time() - begun)
    return best, written


def report(name: str, cpu: float, written: int) -> None:
    print(f"{name:36}{cpu * 1000:9.0f}{written / 1000:9.1f}")


def main() -> None:
    import_ahead()
    ours(answer(50, 1), None)
    print(f"{'':36}{'CPU ms':>9}{'kB':>9}")
    for name, pace in (("full speed", None), ("50 tokens/s, simulated", 1 / 50)):
        seconds = {}
        for count in (1000, 4000):
            seconds[count], written = measured(partial(ours, pace=pace), count)
            report(f"{name}, {count} tokens", seconds[count], written)
        print(f"{'  4,000 to 1,000':36}{seconds[4000] / seconds[1000]:9.2f}")
    if "--live" in sys.argv:
        report("50 tokens/s, simulated, 250 tokens", *measured(partial(ours, pace=1 / 50), 250, times=1))
        report("rich Live per token, 250 tokens", *measured(rich_live, 250, times=1))


if __name__ == "__main__":
    main()
