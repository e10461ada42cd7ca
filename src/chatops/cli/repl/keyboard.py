"""The keyboard as prompt-toolkit reads it, made patient and shared: pastes that lose their end, keys typed ahead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.keys import Keys

from chatops.cli.repl.interrupts import interrupts

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
def typed_ahead(keyboard: Input, screen: Output, stop: Callable[[], None]) -> Generator[None]:
    """Keys that are pressed meanwhile wait for the next prompt; Ctrl-C calls `stop`."""

    def take() -> None:
        keys = [press for press in keyboard.read_keys() if press.key != Keys.CPRResponse]
        if any(press.key == Keys.ControlC for press in keys):
            stop()
        store_typeahead(keyboard, [press for press in keys if press.key != Keys.ControlC])

    screen.enable_bracketed_paste()  # or the lines of a paste would be sent one by one
    screen.flush()
    try:
        with keyboard.raw_mode(), keyboard.attach(take), interrupts(stop):
            yield
            store_typeahead(keyboard, keyboard.flush_keys())
    finally:
        screen.disable_bracketed_paste()
        screen.flush()
