"""Where log lines go: standard error, one line each, text for people or JSON for machines; never message text.

A finished turn, and an HTTP request, leave one line at INFO with `figures` (in the record's extra).
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from chatops.engine.errors import SettingsError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


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
        line = f"chatops: {record.levelname.lower()}: {record.getMessage()}{figures}"
        if self._tracebacks and record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, figures, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry: dict[str, Any] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
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
