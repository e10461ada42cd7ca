"""What people type about themselves, checked and brought into one form."""

from __future__ import annotations

import unicodedata

from chatops.engine.errors import InvalidRequestError

MAX_EMAIL = 254
"""Characters: the longest path of RFC 5321, section 4.5.3.1.3, without its brackets."""
MAX_LOCAL_PART = 64
MAX_NAME = 100
MIN_PASSWORD = 8
"""Characters: NIST SP 800-63B, section 5.1.1.2 (revision 3)."""
MAX_PASSWORD = 1024
"""Bytes: enough for every pass phrase; hashing must not become a way to burn our time."""
_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""Invisible, but part of how Persian, Hindi and emoji are written."""


def email_address(text: str) -> str:
    """An e-mail address in the form it is kept and looked up in: lower case, NFC.

    Raises:
        InvalidRequestError: It is none; says what is wrong.
    """
    address = unicodedata.normalize("NFC", text.strip()).lower()
    local, _, domain = address.rpartition("@")
    if not local or not domain or "@" in local or not address.isprintable() or " " in address:
        raise InvalidRequestError("the e-mail address must have the form name@example.com, without spaces")
    if len(address) > MAX_EMAIL or len(local) > MAX_LOCAL_PART:
        raise InvalidRequestError(
            f"the e-mail address is too long: {MAX_LOCAL_PART} characters before the @ at most, {MAX_EMAIL} in all"
        )
    return address


def display_name(text: str, what: str = "the name") -> str:
    """A name as it is kept: trimmed, NFC.

    Raises:
        InvalidRequestError: Empty, too long, or with characters that do not show (control characters, line breaks,
            lone surrogates, marks that turn the writing direction).
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name or len(name) > MAX_NAME:
        raise InvalidRequestError(f"{what} must have 1 to {MAX_NAME} characters")
    if not name.translate(_JOINERS).isprintable():
        raise InvalidRequestError(f"{what} holds a character that does not show: use letters, digits, signs and spaces")
    return name


def shown_name(text: str, otherwise: str) -> str:
    """A name that a platform tells us, made to fit; `otherwise` when nothing of it is left."""
    kept = "".join(c for c in unicodedata.normalize("NFC", text[:MAX_NAME]) if c.isprintable()).strip()
    return kept or otherwise


def password_bytes(text: str) -> bytes:
    """A password as it is hashed: UTF-8 of its NFKC form, so that it does not matter which keyboard typed it.

    Raises:
        InvalidRequestError: Too long, or no text.
    """
    try:
        raw = unicodedata.normalize("NFKC", text[: MAX_PASSWORD + 1]).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError("the password is no valid text (a lone surrogate)") from None
    if len(text) > MAX_PASSWORD or len(raw) > MAX_PASSWORD:
        raise InvalidRequestError(f"the password is too long: {MAX_PASSWORD} bytes at most")
    return raw


def new_password(text: str, *, email: str) -> str:
    """A password that somebody wants to have from now on.

    Raises:
        InvalidRequestError: Too short, too long, or the e-mail address.
    """
    password_bytes(text)
    if len(text) < MIN_PASSWORD:
        raise InvalidRequestError(f"the password must have at least {MIN_PASSWORD} characters")
    if text.strip().lower() in {email, email.partition("@")[0]}:
        raise InvalidRequestError("the password must not be the e-mail address")
    return text
