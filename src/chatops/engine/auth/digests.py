"""Secrets that we make: random enough that a plain digest keeps them, and the digest is what is looked up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs without those that look alike (0 O, 1 I)."""
CODE_LENGTH = 8
"""40 bits: with 10 minutes of life and some guesses a minute, one in a hundred million."""


def new_secret() -> str:
    """256 random bits, in 43 characters that may stand in a URL."""
    return secrets.token_urlsafe(32)


def following_secret(key: bytes, secret: str) -> str:
    """As random to whoever lacks the key, and always the same after the same secret. HMAC-SHA-256 (RFC 2104); what it
    is over begins with a NUL, so that nothing else that the key signs can pass for it.
    """
    made = hmac.digest(key, b"\0chatops refresh\0" + secret.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def new_code() -> str:
    """A code that a person can type: `K7QM-2WX9`."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    return f"{code[:4]}-{code[4:]}"


def plain_code(typed: str) -> str:
    """A code as it was shown, however it was typed: `k7qm 2wx9` is `K7QM-2WX9`."""
    code = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
    return f"{code[:4]}-{code[4:]}"


def digest(secret: str) -> str:
    """SHA-256 in hex. Needs no salt and no cost: nobody guesses 256 bits, and short codes do not live long enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
