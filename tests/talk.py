"""A session over a real engine with scripted answers, and a terminal that can be read back."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from chatops.cli.exits import ExitCode
from chatops.cli.repl.commands import REGISTRY
from chatops.cli.repl.loop import Loop
from chatops.cli.repl.reader import Line, Waiting
from chatops.cli.repl.session import Asking, Look, Session
from chatops.cli.terminal import Terminal
from chatops.engine.models import ModelSpec
from chatops.settings import load
from fakes import answer
from rig import Rig, open_rig

SPEC = ModelSpec(id="fake:m", context=10_000, max_output=1000)


@dataclass
class Lines:
    """A `Reader` that says what it is told to; a callable is called and says nothing. Keeps what it was offered."""

    lines: Sequence[str | Callable[[], None] | type[KeyboardInterrupt]]
    offered: list[tuple[str, bool]] = field(default_factory=list)
    refreshed: int = 0

    def __post_init__(self) -> None:
        self._left: Iterator[str | Callable[[], None] | type[KeyboardInterrupt]] = iter(self.lines)

    async def read(self, default: str = "", *, editing: bool = False) -> Line:
        self.offered.append((default, editing))
        for line in self._left:
            if isinstance(line, str):
                return Line(shown=line, text=line, may_mention=True)
            if line is KeyboardInterrupt:
                raise KeyboardInterrupt
            line()
        raise EOFError

    def listening(self, stop: Callable[[], None]) -> AbstractContextManager[Waiting]:
        return nullcontext(lambda _: "")

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def lent(self) -> AbstractContextManager[None]:
        return nullcontext()

    def refresh(self) -> None:
        self.refreshed += 1


@dataclass
class Talk:
    """A session, and how to hold it."""

    rig: Rig
    session: Session
    out: Path
    err: Path
    reader: Lines = field(default_factory=lambda: Lines([]))

    async def say(self, *lines: str | Callable[[], None] | type[KeyboardInterrupt]) -> str:
        """Says these lines, one after the other, and returns all that was shown for them."""
        await self.run(*lines)
        return self.shown()

    async def run(self, *lines: str | Callable[[], None] | type[KeyboardInterrupt]) -> ExitCode:
        self.reader = Lines(lines)
        return await Loop(self.session, self.reader, REGISTRY).run()

    def shown(self) -> str:
        """What was shown since the last time this was asked."""
        texts = []
        for file in (self.out, self.err):
            texts.append(file.read_text())
            os.truncate(file, 0)
        return "".join(texts)


@asynccontextmanager
async def open_talk(folder: Path) -> AsyncGenerator[Talk, None]:
    """Errors go to standard error, the rest to the files of the `Talk`."""
    home = folder / "home"
    home.mkdir()
    settings = load({"CHATOPS_HOME": str(home)}, folder)
    out, err = folder / "out", folder / "err"
    flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
    fds = [os.open(file, flags) for file in (out, err)]
    async with open_rig(folder / "db", answer("Hel", "lo", tokens=5), spec=SPEC) as rig:
        session = Session(
            rig.engine,
            settings,
            Terminal(stdout=fds[0], stderr=fds[1]),
            asking=Asking(model="fake:m"),
            look=Look(),
            interactive=True,
        )
        yield Talk(rig, session, out, err)
    for fd in fds:
        os.close(fd)
