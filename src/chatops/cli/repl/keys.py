"""What keys do at the prompt, beyond what prompt-toolkit's emacs and vi modes have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, emacs_mode, has_focus, vi_insert_mode, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from chatops.cli.repl.folds import Folds
    from chatops.cli.repl.session import Look

EDIT_LAST = "/edit"
"""What Esc Esc says."""


def bindings(look: Look, folds: Folds) -> KeyBindings:
    """The key bindings.

    Args:
        look: Whether Enter sends or (multi-line) begins a line.
        folds: Where large pastes go.
    """
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)
    empty = Condition(lambda: not get_app().current_buffer.text)
    multiline = Condition(lambda: look.multiline)

    @keys.add("enter", filter=typing & ~multiline)
    @keys.add("escape", "enter", filter=typing & multiline)
    def _send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # the menu closes, what was chosen stays
        elif buffer.document.char_before_cursor == "\\":
            buffer.delete_before_cursor()
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter", filter=typing & ~multiline & emacs_mode)
    @keys.add("c-j", filter=typing)
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @keys.add("c-c", filter=typing)
    @keys.add("<sigint>", filter=typing)
    def _clear(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if not buffer.text:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")
            return
        buffer.append_to_history()  # so that it can be had back
        buffer.reset()

    @keys.add("escape", "escape", filter=typing & empty & (emacs_mode | vi_navigation_mode))
    def _edit_last(event: KeyPressEvent) -> None:
        event.app.exit(result=EDIT_LAST)

    @keys.add("c-x", "c-e", filter=typing & (emacs_mode | vi_insert_mode))
    @keys.add("v", filter=typing & vi_navigation_mode)
    def _editor(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = folds.unfold(buffer.text)
        buffer.document = Document(text, len(text))
        buffer.open_in_editor()

    @keys.add(Keys.BracketedPaste, filter=typing)
    def _paste(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(folds.pasted(event.data))

    return keys
