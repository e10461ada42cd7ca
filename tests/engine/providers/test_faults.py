from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.errors import ProviderError, ProviderRejectedError, ProviderUnavailableError
from chatops.engine.providers.faults import Faults, reason, retry_after

KEY = "my-own-key-0123456789abcdef"
FAULTS = Faults("acme", KEY)


def refused(status: int, error: object = None, **headers: str) -> ProviderError:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return FAULTS.refused(status, names, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, ProviderRejectedError, "provider_rejected"),
        (401, ProviderRejectedError, "provider_credentials"),
        (402, ProviderRejectedError, "provider_rejected"),
        (403, ProviderRejectedError, "provider_credentials"),
        (404, ProviderRejectedError, "provider_model_missing"),
        (408, ProviderUnavailableError, "provider_unavailable"),
        (413, ProviderRejectedError, "provider_rejected"),
        (429, ProviderUnavailableError, "provider_rate_limited"),
        (500, ProviderUnavailableError, "provider_unavailable"),
        (503, ProviderUnavailableError, "provider_unavailable"),
        (529, ProviderUnavailableError, "provider_unavailable"),
    ],
)
def test_a_status_says_what_can_be_done(status: int, kind: type[ProviderError], code: str) -> None:
    error = refused(status, {"message": "So it is."})

    assert (type(error), error.code, error.provider) == (kind, code, "acme")
    assert error.message == f"acme answered {status}: So it is."


def test_an_empty_account_is_no_rate_limit() -> None:
    error = refused(429, {"message": "You exceeded your current quota.", "code": "insufficient_quota"})

    assert (type(error), error.code) == (ProviderRejectedError, "provider_rejected")


def test_a_404_without_an_api_behind_it_is_a_wrong_address() -> None:
    error = FAULTS.refused(404, {}, b"<html><title>Not Found</title></html>")

    assert (error.code, error.message) == ("provider_rejected", "acme answered 404: Not Found; is its base_url right?")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"type": "overloaded_error", "message": "m"}, ProviderUnavailableError, "provider_unavailable"),
        ({"type": "rate_limit_error", "message": "m"}, ProviderUnavailableError, "provider_rate_limited"),
        (
            {"type": "requests", "code": "rate_limit_exceeded", "message": "m"},
            ProviderUnavailableError,
            "provider_rate_limited",
        ),
        (
            {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "m"},
            ProviderRejectedError,
            "provider_rejected",
        ),
        (
            {"code": 400, "type": "exceed_context_size_error", "message": "m"},
            ProviderRejectedError,
            "provider_rejected",
        ),
        ({"code": 502, "message": "m"}, ProviderUnavailableError, "provider_unavailable"),
        ({"code": "something_new", "message": "m"}, ProviderUnavailableError, "provider_unavailable"),
        ("m", ProviderUnavailableError, "provider_unavailable"),
    ],
)
def test_an_error_within_a_stream_is_judged_by_its_name(error: object, kind: type[ProviderError], code: str) -> None:
    fault = FAULTS.inband(error)

    assert (type(fault), fault.code, fault.message) == (kind, code, "acme broke off: m")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_servers_wish_to_wait_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    assert FAULTS.refused(429, headers, b"").retry_after == seconds


def test_a_date_to_wait_for_becomes_seconds() -> None:
    seconds = retry_after({"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)})

    assert seconds is not None
    assert 3500 < seconds <= 3600


@given(st.text(max_size=400), st.text(max_size=400), st.sampled_from([401, 429, 500]))
def test_the_key_is_in_no_message_wherever_the_server_put_it(before: str, after: str, status: int) -> None:
    bodies = [
        f"{before}{KEY}{after}".encode("utf-8", "replace"),
        json.dumps({"error": {"message": before + KEY + after}}).encode(),
    ]
    errors = [FAULTS.refused(status, {}, body) for body in bodies] + [FAULTS.inband({"message": before + KEY + after})]

    for error in errors:
        assert KEY[:12] not in f"{error!r} {error.message}"
        assert "\n" not in error.message
        assert error.message.isprintable()
        assert len(error.message) <= 300


@pytest.mark.parametrize(
    "echo",
    ["sk-proj-AbCd0123456789", "sk-ant-api03-x_y-z", "gsk_0123456789", "my-own-k***********cdef", "Bearer abc.def"],
)
def test_what_looks_like_a_key_is_hidden_too(echo: str) -> None:
    assert (
        Faults("acme").clean(f"Incorrect API key: {echo} was given").replace("Bearer ", "")
        == "Incorrect API key: [key] was given"
    )


def test_a_short_placeholder_is_no_secret() -> None:
    assert Faults("acme", "none").clean("none of these models") == "none of these models"


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("<html><head><TITLE>502 Bad\nGateway</TITLE></head><p>long</html>", "502 Bad Gateway"),
        ("<p>No&nbsp;<b>way</b></p>\x1b[31m\u202e!", "No&nbsp; way [31m !"),
        ("", "no explanation"),
    ],
)
def test_a_web_page_becomes_its_title_or_its_text(page: str, line: str) -> None:
    assert FAULTS.refused(502, {}, page.encode()).message == f"acme answered 502: {line}"


def test_a_key_between_much_markup_is_not_shown_in_part() -> None:
    for length in range(1950, 2010):
        assert KEY[:6] not in FAULTS.refused(500, {}, ("<i>" * 2000)[:length].encode() + KEY.encode()).message


@given(st.text("<>*-_ sk", max_size=3000) | st.text(max_size=3000))
def test_any_text_becomes_one_short_line(text: str) -> None:
    line = FAULTS.clean(text)

    assert len(line) <= 300
    assert line.isprintable()
    line.encode()


def test_hostile_markup_costs_no_time() -> None:
    for text in ("<" * 10**6, "*" * 10**6, "sk-" * 10**6, "a" * 10**6, "<title" * 10**6):
        assert len(FAULTS.refused(500, {}, text.encode()).message) <= 300


def test_the_key_is_not_in_the_repr() -> None:
    assert repr(FAULTS) == "Faults(provider='acme')"


def test_the_reason_is_the_systems_words_from_the_innermost_error() -> None:
    inner = ConnectionRefusedError(111, "Connection refused")
    outer = RuntimeError("request to https://x?key=secret failed")
    outer.__cause__ = inner

    assert reason(outer) == "Connection refused"
    assert reason(KeyError("x")) == "KeyError"
