"""Which format a record is of: told by its fields, so that nobody has to say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chatops.engine.exchange import chatgpt, claude, librechat
from chatops.engine.exchange.fields import Json
from chatops.engine.exchange.parts import Assets
from chatops.engine.exchange.trees import BadRecordError, Outline


class Format(NamedTuple):
    """A format of another program: whether a record is of it, and how it is read."""

    source: str
    fits: Callable[[Json], bool]
    read: Callable[[Json, Assets], Outline]


FORMATS = tuple(Format(one.SOURCE, one.fits, one.read) for one in (chatgpt, claude, librechat))


def read(record: object, assets: Assets = lambda _: None) -> Outline:
    """The conversation in a record of any format that is known.

    Raises:
        BadRecordError: It is of none, or damaged.
    """
    if not isinstance(record, dict):
        raise BadRecordError("it is no JSON object")
    for format_ in FORMATS:
        if format_.fits(record):
            return format_.read(record, assets)
    raise BadRecordError(
        "it is no conversation of ChatGPT (`mapping`), Claude (`chat_messages`) or LibreChat (`messages`)"
    )
