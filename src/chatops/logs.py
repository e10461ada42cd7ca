"""Where log lines go: standard error, one line each, text for people or JSON for machines; never message text.

A finished turn, and an HTTP request, leave one line at INFO with `figures` (in the record's extra). A JSON line also
says on whose behalf its code ran: `naming` gives the ids of a request, turn and person to every line written below it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from chatops.engine.messages import Message
    from chatops.engine.turns import TurnRun

    Run = Callable[[TurnRun], Coroutine[Any, Any, Message]]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("text", "json")

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {0x2028: "\\u2028", 0x2029: "\\u2029"}
"""What would begin a line of its own, or steer the terminal that shows it: model names come from outside."""

_ids: ContextVar[Mapping[str, str]] = ContextVar("chatops_log_ids", default={})  # noqa: B039 - never changed in place


@contextmanager
def naming(**ids: str) -> Generator[None, None, None]:
    """Gives `ids` to every JSON line that is written below, also in tasks that are begun there."""
    before = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(before)


def name(**ids: str) -> None:
    """More ids, from here on, for the `naming` that this runs in, or its task."""
    _ids.set({**_ids.get(), **ids})


def around_turns(run: Run) -> Run:
    """What runs a turn (`Engine.run_turn`), so that its lines name it."""

    async def named(turn: TurnRun) -> Message:
        # A turn has its task to itself: there is nobody whose names come back after it.
        name(turn_id=turn.id, conversation_id=turn.conversation.id, principal_id=turn.principal.user_id)
        return await run(turn)

    return named


class LineFormatter(logging.Formatter):
    """`chatops: warning: what happened`, with `key=value` for the figures of a turn or request.

    Args:
        tracebacks: Whether an exception's traceback follows its line.
    """

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        figures = "".join(f" {key}={value}" for key, value in _figures(record).items() if value is not None)
        line = f"chatops: {record.levelname.lower()}: {record.getMessage()}{figures}".translate(_ESCAPES)
        if self._tracebacks and record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, ids, figures, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry: dict[str, Any] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ids.get(),
            **_figures(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _figures(record: logging.LogRecord) -> dict[str, Any]:
    figures: dict[str, Any] = getattr(record, "figures", {})
    return figures


def configure(level: str = "WARNING", *, as_json: bool = False, tracebacks: bool = False) -> None:
    """Sends our log lines to standard error; may be called again.

    Args:
        level: One of `LEVELS`, in any case.
        as_json: JSON instead of text.
        tracebacks: Text with tracebacks (JSON always has them).

    Raises:
        SettingsError: No such level.
    """
    if level.upper() not in LEVELS:
        raise SettingsError(f"log level {level!r} (CHATOPS_LOG_LEVEL): it must be one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter(tracebacks=tracebacks))
    ours = logging.getLogger("chatops")
    ours.handlers[:] = [handler]
    ours.setLevel(level.upper())
    ours.propagate = False
    if as_json:
        # What libraries warn of goes there, since nobody gives their loggers a handler.
        logging.lastResort = logging.StreamHandler()
        logging.lastResort.setLevel(logging.WARNING)
        logging.lastResort.setFormatter(JsonFormatter())


def configure_from(env: Mapping[str, str], *, level: str = "INFO", tracebacks: bool = False) -> None:
    """As `configure`, by CHATOPS_LOG_LEVEL and CHATOPS_LOG_FORMAT.

    Args:
        env: The environment.
        level: The level when the environment names none.
        tracebacks: Text with tracebacks.

    Raises:
        SettingsError: No such level, or no such format.
    """
    form = env.get("CHATOPS_LOG_FORMAT") or FORMATS[0]
    if form.lower() not in FORMATS:
        raise SettingsError(f"log format {form!r} (CHATOPS_LOG_FORMAT): it must be one of {', '.join(FORMATS)}")
    configure(env.get("CHATOPS_LOG_LEVEL") or level, as_json=form.lower() == "json", tracebacks=tracebacks)


def as_line(text: str) -> str:
    """What a command tells on standard error, in the form that its log lines have: a JSON object, or as it is."""
    for handler in logging.getLogger("chatops").handlers:
        if isinstance(handler.formatter, JsonFormatter):
            level = logging.ERROR if text.startswith("chatops: error: ") else logging.INFO
            bare = text.strip().removeprefix("chatops: error: ")
            return handler.formatter.format(logging.LogRecord("chatops", level, __file__, 0, bare, None, None))
    return text.rstrip()
