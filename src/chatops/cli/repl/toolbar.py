"""The line below the prompt: model, window, tokens, cost, conversation."""

from __future__ import annotations

from chatops.cli.repl.session import Session
from chatops.cli.sanitize import sanitize


def toolbar(session: Session, width: int) -> str:
    """One line of at most `width` columns; what matters least is left out first, and the title is cut."""
    used, window = session.context
    parts = [session.asking.model, f"{short(used)}/{short(window)} ({used * 100 // window} %)"]
    if session.spent.last is not None:
        asked, answered = session.spent.last
        parts.append(f"{short(asked)} in, {short(answered)} out")
    total = session.spent.tokens.total()
    if total:
        parts.append(f"session {short(total)}{_cost(session)}")
    if session.pending.names:
        parts.append(f"with {', '.join(session.pending.names)}")
    if session.is_temporary:
        parts.append("temporary")
    title = session.conversation.title if session.conversation and not session.emptied else "new conversation"
    return cut(" · ".join(" ".join(sanitize(part).split()) for part in [*parts, title]), width - 1)


def _cost(session: Session) -> str:
    """What the session cost, when it is known to have cost something; `+`: and more, that nobody knows."""
    cost, unpriced = session.spent.cost.total(), session.spent.unpriced.total()
    if not cost:
        return ""
    from chatops.engine.limits.money import shown

    return f", {shown(cost)}{'+' if unpriced else ''}"


def short(tokens: int) -> str:
    """A number of tokens in at most five characters: 999, 1.2k, 128k, 1.0M."""
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}{unit}" if tokens < 10 * size else f"{tokens // size}{unit}"
    return str(tokens)


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits into `width` columns and an ellipsis; wide characters take two."""
    from prompt_toolkit.utils import get_cwidth

    if get_cwidth(text) <= width:
        return text
    kept, room = "", width - 1
    for char in text:
        room -= get_cwidth(char)
        if room < 0:
            break
        kept += char
    return f"{kept}…"
