"""Where prompts come from: a person at a terminal. `script` has the other reader, for lines of standard input."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chatops.cli.repl.interrupts import interrupts
from chatops.cli.repl.session import Session

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

    from chatops.cli.repl.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A prompt. `shown` is as it stood on the screen, where pastes are folded; `text` has them in their places.

    `may_mention`: a person typed it, so `@path` means a file.
    """

    shown: str
    text: str
    may_mention: bool = False


Waiting = Callable[[int], str]
"""How what was typed ahead looks, in at most so many columns; nothing when nothing was."""


class Reader(Protocol):
    """Gives prompts, one at a time."""

    async def read(self, default: str = "", *, editing: bool = False) -> Line:
        """The next prompt.

        Args:
            default: Text to begin with, which can be changed.
            editing: It takes the place of an earlier question.

        Raises:
            EOFError: There are no more.
            KeyboardInterrupt: Ctrl-C, with nothing typed.
        """
        ...

    def listening(self, stop: Callable[[], None]) -> AbstractContextManager[Waiting]:
        """While it is open, Ctrl-C calls `stop`; other keys wait for the next prompt. Gives what waits so."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """While it is open, the terminal does nothing of its own with keys: they are typed at any moment."""
        ...

    def lent(self) -> AbstractContextManager[None]:
        """While it is open, the terminal and Ctrl-C are another program's, such as an editor."""
        ...

    def refresh(self) -> None:
        """Something changed that is on the screen."""
        ...


class Typing:
    """A person at a terminal.

    Args:
        session: Decides what the prompt and its toolbar show.
        registry: The commands, for completion.
        keyboard: Another than the process's, for tests; so `screen`.
    """

    def __init__(
        self, session: Session, registry: Registry, *, keyboard: Input | None = None, screen: Output | None = None
    ) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.enums import EditingMode

        from chatops.cli.repl.completion import Completing
        from chatops.cli.repl.folds import Folds
        from chatops.cli.repl.keyboard import open_keyboard
        from chatops.cli.repl.keys import bindings
        from chatops.cli.repl.past import Past

        self._session = session
        self._folds = Folds()
        self._keyboard = keyboard or open_keyboard()
        self._modes = {True: EditingMode.VI, False: EditingMode.EMACS}
        self._prompt: PromptSession[str] = PromptSession(
            multiline=True,
            completer=Completing(session, registry),
            history=Past(session.settings.paths.state / "prompts", self._folds.unfold),
            key_bindings=bindings(session.look, self._folds),
            bottom_toolbar=self._toolbar,
            prompt_continuation=lambda _width, _line, wraps: "  " if wraps else "… ",
            enable_history_search=True,
            enable_suspend=True,
            tempfile_suffix=".md",
            input=self._keyboard,
            output=screen,
        )

    async def read(self, default: str = "", *, editing: bool = False) -> Line:
        """As `Reader.read`."""
        self._prompt.editing_mode = self._modes[self._session.look.vi]
        shown = await self._prompt.prompt_async("edit> " if editing else "> ", default=default)
        return Line(shown=shown.strip(), text=self._folds.unfold(shown).strip(), may_mention=True)

    def _toolbar(self) -> str:
        from chatops.cli.repl.toolbar import toolbar

        return toolbar(self._session, self._prompt.app.output.get_size().columns)

    def listening(self, stop: Callable[[], None]) -> AbstractContextManager[Waiting]:
        """As `Reader.listening`."""
        from chatops.cli.repl.keyboard import typed_ahead

        return typed_ahead(self._keyboard, self._prompt.app.output, stop, self._folds.pasted)

    def held(self) -> AbstractContextManager[None]:
        """As `Reader.held`: else keys between two prompts would stand in the next one's row, and Enter be a Ctrl-J."""
        return self._keyboard.raw_mode()

    @contextmanager
    def lent(self) -> Generator[None]:
        """As `Reader.lent`."""
        with self._keyboard.cooked_mode(), interrupts(lambda: None):
            yield

    def refresh(self) -> None:
        """As `Reader.refresh`."""
        if self._prompt.app.is_running:
            self._prompt.app.invalidate()
