"""How soon an answer is seen on a chat platform: text produced against text visible, over models of the limits.

In virtual time, so the figures are exact and the same everywhere. `python bench/bots.py PICTURE.svg` draws them too.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import virtual_time
from paced import DISCORD, NATIVE, SLACK, Figures, answers
from surfaces import Limiter

PLACES = {
    "Discord thread": (DISCORD, 5, 5.0, 1.2),
    "Slack channel": (SLACK, 50, 60.0, 1.5),
    "Slack streams": (NATIVE, 100, 60.0, 0.8),
}
"""Pace and length, the platform's limit (calls, seconds), the target for one answer's p95."""
SECONDS = 15.0
DRAWN = 2
"""Places that the picture shows."""
WIDTH, HEIGHT, LEFT, TOP = 360, 180, 46, 34
LINE = 'fill="none" stroke-width="1.5"'


def main() -> None:
    drawn: list[str] = []
    for column, (place, (shape, calls, seconds, target)) in enumerate(PLACES.items()):
        for count in (1, 3):
            limiter = Limiter(calls, seconds)
            found = virtual_time.run(answers(count, limiter=limiter, seconds=SECONDS, **shape))
            limit = target if count == 1 else count * shape["pace"] + 0.5
            print(line(place, count, found, limiter, limit))
            if column < DRAWN:
                drawn.append(panel(f"{place}, {count} at once", found[0], column, 0 if count == 1 else 1))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(picture(drawn))


def line(place: str, count: int, found: list[Figures], limiter: Limiter, limit: float) -> str:
    lags = sorted(lag for figures in found for lag in figures.lags)
    p50, p95 = lags[len(lags) // 2], lags[int(len(lags) * 0.95)]
    shown = p95 if count == 1 else lags[-1]
    final = max(figures.final for figures in found)
    edits = sum(len(figures.surface.wall.calls) for figures in found)
    verdict = "ok" if shown <= limit and not limiter.refused else "MISSED"
    return (
        f"{place}, {count} at once: lag p50 {p50:.2f} p95 {p95:.2f} max {lags[-1]:.2f} s"
        f" (target {'p95' if count == 1 else 'max'} {limit:.2f}: {verdict}), final {final:.2f} s after the end,"
        f" {edits} calls, {limiter.refused} x 429"
    )


def panel(title: str, figures: Figures, column: int, row: int) -> str:
    """One graph: what the model had said, and what a person saw."""
    total, end = len(figures.produced), figures.surface.wall.calls[-1].at
    left, top = column * (WIDTH + 30) + LEFT, row * (HEIGHT + 62) + TOP

    def at(seconds: float, characters: int) -> str:
        return f"{left + seconds / end * (WIDTH - LEFT):.1f},{top + HEIGHT - characters / total * HEIGHT:.1f}"

    said = " ".join(at(when, n + 1) for n, when in enumerate(figures.produced) if n % 40 == 0)
    seen, height = [at(0, 0)], 0
    for call, length in visible(figures):
        seen += [at(call, height), at(call, length)]
        height = length
    return (
        f'<text x="{left}" y="{top - 10}" font-weight="600">{title}</text>'
        f'<rect x="{left}" y="{top}" width="{WIDTH - LEFT}" height="{HEIGHT}" fill="none" stroke="#d0d7de"/>'
        f'<polyline points="{said}" {LINE} stroke="#8c959f"/>'
        f'<polyline points="{" ".join(seen)}" {LINE} stroke="#0969da"/>'
        f'<text x="{left}" y="{top + HEIGHT + 16}" fill="#57606a">0 s</text>'
        f'<text x="{left + WIDTH - LEFT}" y="{top + HEIGHT + 16}" text-anchor="end" fill="#57606a">{end:.1f} s</text>'
    )


def visible(figures: Figures) -> list[tuple[float, int]]:
    """The journal: when each call landed, and how many characters of the answer a person saw from then on."""
    lengths: dict[str, int] = {}
    steps: list[tuple[float, int]] = []
    for call in figures.surface.wall.calls:
        lengths[call.ref] = len(call.text) if call.text != "Thinking …" else 0
        steps.append((call.at, min(sum(lengths.values()), len(figures.produced))))
    return steps


def picture(panels: list[str]) -> str:
    width, height = 2 * (WIDTH + 30) + 10, 2 * (HEIGHT + 62) + 30
    legend = (
        f'<text x="{LEFT}" y="{height - 10}" fill="#57606a">grey: said by the model, 50 tokens/s; blue: seen, each step'
        " an edit or a new message</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(panels)}{legend}</svg>\n'
    )


if __name__ == "__main__":
    main()
