"""The keyboard as prompt-toolkit reads it, made patient and shared: pastes that lose their end, keys typed ahead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.keys import Keys

from chatops.cli.repl.echo import Echo
from chatops.cli.repl.interrupts import interrupts
from chatops.cli.repl.reader import Waiting

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPress
    from prompt_toolkit.output import Output

PASTE_PATIENCE = 2.0
"""Seconds without a byte after which a paste counts as over: a lost end mark (ESC [ 201 ~) would hold all keys back."""
_END_OF_PASTE = "\x1b[201~"


def open_keyboard() -> Input:
    """The keyboard of the process."""
    if sys.platform == "win32":
        return create_input()
    from prompt_toolkit.input.vt100 import Vt100Input

    class Patient(Vt100Input):
        """Ends a paste whose end mark never comes."""

        _timer: asyncio.TimerHandle | None = None
        _callback: Callable[[], None] | None = None

        def attach(self, input_ready_callback: Callable[[], None]) -> AbstractContextManager[None]:
            self._callback = input_ready_callback
            return super().attach(input_ready_callback)

        def read_keys(self) -> list[KeyPress]:
            keys = super().read_keys()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self.vt100_parser._in_bracketed_paste:  # noqa: SLF001 - it tells no other way
                self._timer = asyncio.get_running_loop().call_later(PASTE_PATIENCE, self._give_up)
            return keys

        def _give_up(self) -> None:
            self.vt100_parser.feed(_END_OF_PASTE)
            if self._callback is not None:
                self._callback()

    return Patient(sys.stdin)


@contextmanager
def typed_ahead(
    keyboard: Input, screen: Output, stop: Callable[[], None], paste: Callable[[str], str]
) -> Generator[Waiting]:
    """Keys that are pressed meanwhile wait for the next prompt; Ctrl-C calls `stop`.

    Args:
        keyboard: Where keys come from.
        screen: Where that is told that pastes are to be marked.
        stop: See above.
        paste: What stands for a paste in the prompt.

    Yields:
        How what waits looks: the end of it in so many columns.
    """
    kept = get_typeahead(keyboard)
    echo = Echo(paste)
    echo.take(kept)

    def take(new: list[KeyPress]) -> None:
        keys = [press for press in new if press.key not in {Keys.CPRResponse, Keys.ControlC}]
        kept.extend(keys)
        echo.take(keys)
        if any(press.key == Keys.ControlC for press in new):
            stop()

    screen.enable_bracketed_paste()  # or the lines of a paste would be sent one by one
    screen.flush()
    try:
        with keyboard.raw_mode(), keyboard.attach(lambda: take(keyboard.read_keys())), interrupts(stop):
            yield echo.shown
            take(keyboard.flush_keys())
    finally:
        store_typeahead(keyboard, kept)
        screen.disable_bracketed_paste()
        screen.flush()
