"""The renderer under asyncio and on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
import threading
from collections.abc import Iterator
from fcntl import ioctl
from struct import pack

import pytest

from chatops.cli.render import INTERVAL, Renderer, import_ahead
from chatops.cli.render.driver import drawing
from chatops.cli.terminal import Terminal
from emulator import Emulator
from markdown_samples import ANSWER


async def test_pending_text_is_drawn_without_further_text() -> None:
    import_ahead()
    terminal = Emulator()
    async with drawing(Renderer(terminal)) as renderer:
        renderer.feed("first ")
        renderer.feed("second ")
        assert terminal.everything() != ["first second"]
        while terminal.everything() != ["first second"]:
            await asyncio.sleep(INTERVAL / 10)
    assert terminal.cursor == (0, 1)


async def test_a_failing_body_leaves_what_was_fed() -> None:
    terminal = Emulator()
    with pytest.raises(ValueError, match="cut"):
        async with drawing(Renderer(terminal)) as renderer:
            renderer.feed("partial ")
            renderer.feed("answer")
            raise ValueError("cut")
    assert terminal.everything() == ["partial answer"]
    assert terminal.cursor == (0, 1)


async def test_cancelling_the_reader_leaves_what_was_fed() -> None:
    terminal = Emulator()
    fed = asyncio.Event()

    async def read() -> None:
        async with drawing(Renderer(terminal)) as renderer:
            renderer.feed("partial answer")
            fed.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(read())
        await fed.wait()
        task.cancel()
    assert task.cancelled()
    assert terminal.everything() == ["partial answer"]


async def test_a_resize_is_noticed_without_further_text() -> None:
    terminal = Emulator(80, 24)
    async with drawing(Renderer(terminal)) as renderer:
        renderer.feed("some words that fit into one row")
        terminal.resize(20, 24)
        while terminal.everything() != ["some words that fit", "into one row"]:
            await asyncio.sleep(INTERVAL / 10)


@pytest.fixture
def side() -> Iterator[tuple[int, list[bytes]]]:
    """A pseudo-terminal of 80 x 24, and what a program writes to it once it is closed."""
    controller, side = pty.openpty()
    ioctl(side, termios.TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
    written: list[bytes] = []

    def read() -> None:
        while True:
            try:
                written.append(os.read(controller, 65536))
            except OSError:  # the side is closed
                return

    reader = threading.Thread(target=read)
    reader.start()
    yield side, written
    reader.join()
    os.close(controller)


def test_a_real_terminal_shows_what_the_emulator_shows(side: tuple[int, list[bytes]]) -> None:
    fd, written = side
    renderer = Renderer(Terminal(stdout=fd, color=True, live=True))
    for char in ANSWER:
        renderer.feed(char)
    renderer.finish()
    os.close(fd)
    while not written or not b"".join(written).endswith(b"x_y.\r\r\n"):
        pass
    replayed, direct = Emulator(80, 24), Emulator(80, 24)
    replayed.write(b"".join(written).decode())
    whole = Renderer(direct)
    whole.feed(ANSWER)
    whole.finish()

    assert replayed.everything() == direct.everything()
