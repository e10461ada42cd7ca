"""How an answer ends, in good ways and bad; terminals that cannot move their cursor; what an import costs."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from chatops.cli.render import Renderer
from emulator import Emulator, Stream
from markdown_samples import ANSWER


def test_an_aborted_answer_stays_and_the_cursor_is_on_a_fresh_line() -> None:
    stream = Stream(Emulator())
    stream.feed_all("# Title\n\nSome **bold te")
    stream.renderer.abort()

    assert stream.terminal.everything() == ["Title", "", "Some **bold te"]
    assert stream.terminal.cursor == (0, 3)
    assert stream.renderer.due() is None


class Interrupted(Emulator):
    """Ctrl-C strikes in the middle of a write, inside an escape sequence."""

    struck = False

    def write(self, text: str) -> None:
        if "bold" in text and not self.struck:
            self.struck = True
            super().write(text[: text.index("\x1b[1m") + 2])
            raise KeyboardInterrupt
        super().write(text)


def test_an_interrupted_drawing_leaves_a_sane_terminal() -> None:
    stream = Stream(Interrupted())
    stream.feed("First ")
    with pytest.raises(KeyboardInterrupt):
        stream.feed("and **bold** text")
    stream.renderer.abort()
    stream.terminal.write("prompt")

    assert stream.terminal.everything() == ["First and", "prompt"]
    assert not any(char.bold for char in stream.terminal.styles())


class Gone(Emulator):
    def write(self, text: str) -> None:
        raise BrokenPipeError


def test_a_reader_that_left_surfaces_once_and_abort_is_silent() -> None:
    renderer = Renderer(Gone())
    with pytest.raises(BrokenPipeError):
        renderer.feed("text")
    renderer.abort()


@pytest.mark.parametrize("color", [True, False])
def test_without_cursor_movement_rows_appear_once_they_are_final(color: bool) -> None:
    stream = Stream(Emulator(80, 24, live=False, color=color))
    seen = [""]
    for start in range(0, len(ANSWER), 7):
        stream.feed(ANSWER[start : start + 7])
        assert stream.terminal.output.startswith(seen[-1])
        seen.append(stream.terminal.output)
    stream.renderer.finish()
    escapes = set(re.findall(r"\x1b\[?[\d;?]*([A-Za-z])", stream.terminal.output))

    assert escapes == ({"m"} if color else set())
    assert "\r" not in stream.terminal.output
    assert len(set(seen)) > 10
    whole = Emulator(80, 24, live=False, color=color)
    once = Renderer(whole)
    once.feed(ANSWER)
    once.finish()
    assert stream.terminal.output == whole.output


def test_lines_of_a_finished_line_appear_before_the_paragraph_ends_even_without_cursor() -> None:
    stream = Stream(Emulator(40, 24, live=False, color=False))
    stream.feed_all("plain words " * 60)
    assert len(stream.terminal.everything()) > 10


def test_importing_the_renderer_costs_nothing_heavy() -> None:
    code = (
        "import sys, chatops.cli.render, chatops.cli.render.driver, chatops.cli.terminal\n"
        "bad = {'rich', 'pygments', 'markdown_it', 'typer', 'openai'} & set(sys.modules)\n"
        "assert not bad, bad\n"
        "chatops.cli.render.import_ahead()\n"
        "assert {'pygments', 'markdown_it'} <= set(sys.modules)\n"
        "assert 'rich.console' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, check=True)
