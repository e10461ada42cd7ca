"""A MongoDB address, taken apart without a driver or DNS: what may be shown of it, and what we add to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

DEFAULT_DATABASE = "chatops"
SELECTION_MS = 4_000
"""How long to look for a server that takes writes: a command has failed within 5 s when there is none."""
_SECRET_OPTION = re.compile(r"(?i)([?&;](?:[^=&;]*password|authMechanismProperties)=)[^&;]*")


def without_secrets(uri: str) -> str:
    """The address with its name, password and secret options hidden. For any text: what is no address stays."""
    return _SECRET_OPTION.sub(r"\1***", re.sub(r"//.*@", "//***@", uri, flags=re.DOTALL))


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoAddress:
    """Where a database is. `hosts`: as in the address, for messages."""

    uri: str = field(repr=False)
    hosts: str
    database: str
    selection_ms: int

    @classmethod
    def parse(cls, uri: str) -> MongoAddress:
        """The database is the address' path, `chatops` when it has none; the person may make us wait less long."""
        rest, _, query = uri.partition("://")[2].rpartition("@")[2].partition("?")
        hosts, _, path = rest.partition("/")
        options = {name.lower(): value for name, value in parse_qsl(query)}
        said = options.get("serverselectiontimeoutms", "")
        return cls(
            uri=uri,
            hosts=hosts,
            database=unquote(path) or DEFAULT_DATABASE,
            selection_ms=min(int(said), SELECTION_MS) if said.isdecimal() else SELECTION_MS,
        )

    def __str__(self) -> str:
        return f"{self.database} on {self.hosts}"
