"""E-mail addresses, names and passwords: what is taken, in which form, and what is said about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.auth.fields import display_name, email_address, new_password, password_bytes, shown_name
from chatops.engine.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("root@localhost", "root@localhost"),
        ("a+b.c@x.org", "a+b.c@x.org"),
        ("Jose\u0301@x.org", "jos\u00e9@x.org"),
    ],
)
def test_an_email_address_has_one_form(typed: str, kept: str) -> None:
    assert email_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "@x.org",
        "ann@",
        "a@b@c",
        "an n@x.org",
        "a\0@x.org",
        "a\n@x.org",
        "a\ud800@x.org",
        "a\u202e@x.org",
        "a" * 65 + "@x.org",
        "a@" + "x" * 300,
    ],
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequestError, match="e-mail address"):
        email_address(typed)


@pytest.mark.parametrize("typed", ["", "  ", "a\0", "a\nb", "a\x1b[31m", "\ud800", "a\u202eb", "x" * 101])
def test_a_name_that_does_not_show_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequestError, match="the name"):
        display_name(typed)


def test_names_of_the_world_are_taken() -> None:
    for name in ("Ann O'Brien", "李明", "می\u200cخواهم", "👩\u200d💻"):
        assert display_name(f" {name} ") == name


@given(st.text())
def test_a_platforms_name_is_made_to_fit(name: str) -> None:
    shown = shown_name(name, "slack user")

    assert display_name(shown) == shown


@pytest.mark.parametrize("password", ["short", "ann@example.com", "ANN@example.com "])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequestError, match="the password must"):
        new_password(password, email="ann@example.com")


@pytest.mark.parametrize("password", ["x" * 1025, "é" * 513, "longenough\ud800"])
def test_a_password_that_cannot_be_hashed_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequestError, match="the password is"):
        new_password(password, email="ann@example.com")


def test_a_password_is_the_same_however_the_keyboard_writes_it() -> None:
    assert password_bytes("cafe\u0301 noir") == password_bytes("caf\u00e9 noir")
