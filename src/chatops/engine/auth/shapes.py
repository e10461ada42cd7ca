"""The public JSON shapes of accounts, tokens and invitations: `--json` and the API. Absent values are left out."""

from __future__ import annotations

from typing import Any

from chatops.engine.auth.nouns import Account, ApiToken, Grant
from chatops.engine.codec import iso

Json = dict[str, Any]


def account_json(account: Account) -> Json:
    shape: Json = {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "disabled": account.disabled,
        "merged_into": account.merged_into,
        "created_at": iso(account.created_at),
    }
    return _there(shape)


def token_json(token: ApiToken) -> Json:
    """Without the token itself: whoever made it adds it, once."""
    shape: Json = {
        "id": token.id,
        "name": token.name,
        "start": token.start,
        "scopes": sorted(token.scopes),
        "created_at": iso(token.created_at),
        "expires_at": None if token.expires_at is None else iso(token.expires_at),
        "last_used_at": None if token.last_used_at is None else iso(token.last_used_at),
    }
    return _there(shape)


def invitation_json(grant: Grant) -> Json:
    """Likewise without its code."""
    shape: Json = {
        "id": grant.id,
        "email": grant.email,
        "role": grant.role,
        "created_at": iso(grant.created_at),
        "expires_at": iso(grant.expires_at),
    }
    return _there(shape)


def _there(shape: Json) -> Json:
    return {key: value for key, value in shape.items() if value is not None}
