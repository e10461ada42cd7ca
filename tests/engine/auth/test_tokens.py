"""Attacks on access tokens: each is refused, and the answer does not tell why."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_rig import T0
from chatops.engine.auth.keys import SigningKeys, load, rotate
from chatops.engine.auth.tokens import ACCESS_SECONDS, AccessTokens
from chatops.engine.errors import AuthenticationError
from fakes import SetClock

SECRET = b"0123456789abcdef0123456789abcdef"
KID = "k1"
KEYS = SigningKeys(KID, {KID: SECRET})
NOW = T0 // 1000
CLAIMS: dict[str, Any] = {
    "iss": "chatops",
    "aud": "chatops:api",
    "sub": "ann",
    "sid": "s1",
    "jti": "j1",
    "iat": NOW,
    "exp": NOW + 900,
}
HEADER: dict[str, Any] = {"alg": "HS256", "typ": "at+jwt", "kid": KID}
PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----
"""


def encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(claims: object = CLAIMS, header: object = HEADER, key: bytes = SECRET) -> str:
    """A token signed with HS256, whatever it says."""
    signed = f"{encode(header)}.{encode(claims)}"
    return f"{signed}.{encode(hmac.digest(key, signed.encode(), hashlib.sha256))}"


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(lambda: KEYS, SetClock(T0))


def refused(tokens: AccessTokens, token: str) -> bool:
    with pytest.raises(AuthenticationError) as error:
        tokens.verify(token)
    return error.value.message == "the access token is not valid or has expired: sign in again, or refresh it"


def test_a_token_that_we_issued_is_taken(tokens: AccessTokens) -> None:
    issued = tokens.issue("ann", "s1")
    claims = tokens.verify(issued)

    assert (claims.user_id, claims.session_id, claims.expires_at) == ("ann", "s1", T0 + ACCESS_SECONDS * 1000)
    assert jwt.get_unverified_header(issued) == HEADER
    assert tokens.issue("ann", "s1") != issued


def test_the_forger_of_these_tests_makes_good_tokens(tokens: AccessTokens) -> None:
    assert tokens.verify(forge()).user_id == "ann"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_alg_none_is_refused(tokens: AccessTokens, alg: str, signature: str) -> None:
    assert refused(tokens, f"{encode(HEADER | {'alg': alg})}.{encode(CLAIMS)}.{signature}")


@pytest.mark.parametrize("alg", ["HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", None, 1, ["HS256"]])
def test_no_other_algorithm_is_taken_whatever_the_header_says(tokens: AccessTokens, alg: object) -> None:
    assert refused(tokens, forge(header=HEADER | {"alg": alg}))


@pytest.mark.parametrize("name", ["HS384", "HS512"])
def test_a_good_signature_of_another_algorithm_is_refused(tokens: AccessTokens, name: str) -> None:
    assert refused(tokens, jwt.encode(CLAIMS, SECRET * 2, name, headers=HEADER | {"alg": name}))


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
def test_a_public_key_is_no_secret(tokens: AccessTokens, alg: str) -> None:
    jwk = {"kty": "oct", "k": encode(SECRET)}
    header = HEADER | {"alg": alg, "jwk": jwk, "x5c": [encode(PUBLIC_KEY)], "jku": "http://127.0.0.1/keys"}

    assert refused(tokens, forge(header=header, key=PUBLIC_KEY))


@pytest.mark.parametrize("key", [b"", SECRET[:-1], SECRET + b"x", b"secret", KID.encode()])
def test_another_key_is_refused(tokens: AccessTokens, key: bytes) -> None:
    assert refused(tokens, forge(key=key))


@pytest.mark.parametrize("kid", ["k2", "", None, 1, ["k1"], {"k1": 1}, "../../dev/null", "' OR 1=1 --"])
def test_an_unknown_key_id_is_refused(tokens: AccessTokens, kid: object) -> None:
    assert refused(tokens, forge(header=HEADER | {"kid": kid}))
    assert refused(tokens, forge(header={name: value for name, value in HEADER.items() if name != "kid"}))


@pytest.mark.parametrize("typ", ["JWT", None, "at+jwt2", 1])
def test_another_type_of_token_is_refused(tokens: AccessTokens, typ: object) -> None:
    assert refused(tokens, forge(header=HEADER | {"typ": typ}))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "jti", "iat", "exp"])
def test_every_claim_is_required(tokens: AccessTokens, claim: str) -> None:
    assert refused(tokens, forge({name: value for name, value in CLAIMS.items() if name != claim}))
    assert refused(tokens, forge(CLAIMS | {claim: None}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "somebody"},
        {"iss": ["chatops"]},
        {"aud": "chatops:other"},
        {"aud": []},
        {"sub": 1},
        {"sid": ["s1"]},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": str(NOW + 60)},
        {"exp": NOW + 60.5},
        {"exp": True},
        {"exp": NOW + 10 * 365 * 86400},
        {"iat": NOW + 60},
        {"iat": str(NOW)},
        {"iat": NOW - 901, "exp": NOW + 1},
        {"nbf": NOW + 60},
        {"nbf": "never"},
        {"nbf": None},
    ],
)
def test_wrong_claims_are_refused(tokens: AccessTokens, wrong: dict[str, object]) -> None:
    assert refused(tokens, forge(CLAIMS | wrong))


def test_infinite_and_enormous_times_are_refused(tokens: AccessTokens) -> None:
    for value in ("Infinity", "NaN", "-Infinity", "1e999", "1" * 400):
        claims = json.dumps(CLAIMS).replace(f'"exp": {NOW + 900}', f'"exp": {value}').encode()
        assert value.encode() in claims
        assert refused(tokens, forge(claims))


def test_a_token_expires_to_the_second_and_clocks_may_differ_a_little() -> None:
    clock = SetClock(T0)
    tokens = AccessTokens(lambda: KEYS, clock)
    issued = tokens.issue("ann", "s1")
    clock.advance(ACCESS_SECONDS * 1000 - 1)
    assert tokens.verify(issued).user_id == "ann"
    clock.advance(1)
    assert refused(tokens, issued)
    clock.now = T0 - 5000  # another server's clock is behind
    assert tokens.verify(issued).user_id == "ann"
    clock.now = T0 - 6000
    assert refused(tokens, issued)


@given(st.data())
def test_a_token_with_any_byte_altered_is_refused(data: st.DataObject) -> None:
    tokens = AccessTokens(lambda: KEYS, SetClock(T0))
    token = tokens.issue("ann", "s1")
    # The last character carries bits that base64 drops; all others count.
    at = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))

    assert refused(tokens, token[:at] + other + token[at + 1 :])


@given(st.text(max_size=200) | st.lists(st.text(max_size=30), min_size=3, max_size=3).map(".".join))
def test_garbage_is_refused(token: str) -> None:
    assert refused(AccessTokens(lambda: KEYS, SetClock(T0)), token)


def test_deep_and_odd_json_is_refused(tokens: AccessTokens) -> None:
    for part in (b"[" * 1500, b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"{}"):
        assert refused(tokens, forge(claims=part))
        assert refused(tokens, forge(header=part))


def test_two_parts_of_good_tokens_do_not_make_a_third(tokens: AccessTokens) -> None:
    ann, bob = tokens.issue("ann", "s1").split("."), tokens.issue("bob", "s2").split(".")

    assert refused(tokens, f"{ann[0]}.{bob[1]}.{ann[2]}")
    assert refused(tokens, ".".join(ann[:2]))
    assert refused(tokens, ".".join([*ann, ann[2]]))


def test_a_rotated_key_is_met_by_servers_that_run(tmp_path: Path) -> None:
    clock = SetClock(T0)
    old, new = (AccessTokens(lambda: load({}, tmp_path), clock) for _ in range(2))
    before = old.issue("ann", "s1")
    rotate({}, tmp_path)
    after = new.issue("ann", "s1")
    old._loaded -= 60  # the file is looked at again when that is some seconds ago

    assert old.verify(after).user_id == "ann"
    assert new.verify(before).user_id == "ann"


def test_a_key_file_that_breaks_leaves_a_server_the_keys_it_has(tmp_path: Path) -> None:
    tokens = AccessTokens(lambda: load({}, tmp_path), SetClock(T0))
    issued = tokens.issue("ann", "s1")
    (tmp_path / "jwt-keys").write_text("")
    tokens._loaded -= 60

    assert refused(tokens, forge(header=HEADER | {"kid": "unknown"}))
    assert tokens.verify(issued).user_id == "ann"
