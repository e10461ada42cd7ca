"""A Redis address, taken apart without the client: what may be shown of it, and whether it is one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from chatops.engine.errors import SettingsError

SCHEMES = ("redis://", "rediss://", "unix://")
_FORM = "the form is redis://NAME:PASSWORD@HOST:PORT/NUMBER, with characters like @ : / in the password written as %40"
_SECRET_OPTION = re.compile(r"(?i)([?&;][^=&;]*password=)[^&;]*")


def without_secrets(url: str) -> str:
    """The address with its name, password and secret options hidden. For any text: what is no address stays."""
    return _SECRET_OPTION.sub(r"\1***", re.sub(r"//.*@", "//***@", url, flags=re.DOTALL))


def where(url: str) -> str:
    """Host, port and number of the database, for messages. Raises `SettingsError` when it is no address of Redis."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 6379
    except ValueError:
        raise SettingsError(f"the address of Redis is malformed: {_FORM}") from None
    if not url.startswith(SCHEMES) or parts.fragment:
        raise SettingsError(f"the address of Redis is malformed: {_FORM}")
    if parts.scheme == "unix":
        return parts.path
    number = parts.path.strip("/")
    if number and not number.isdecimal():
        raise SettingsError(f"the address of Redis names no database: {_FORM}")
    return f"{host}:{port}{f'/{number}' if number else ''}"
