"""Exit codes and the one line that says what went wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatops
from chatops.cli.exits import EXIT_CODES, ExitCode, exit_code, guarded, report
from chatops.engine import errors
from chatops.engine.errors import ChatopsError, ProviderUnavailableError, RateLimitError, SettingsError, StoreError


def _classes(base: type[ChatopsError]) -> Iterator[type[ChatopsError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _classes(kind)


def _codes_of_the_errors_module() -> set[str]:
    constants = {str(value) for name, value in vars(errors).items() if name.startswith("PROVIDER_")}
    tree = re.findall(r"^[│├└─ ]*(?:\w+Error|\(code\)) +((?:\w+ \| )*\w+)  ", errors.__doc__ or "", re.MULTILINE)
    drawn = {code for codes in tree for code in codes.split(" | ")}
    return {kind.code for kind in _classes(ChatopsError)} | constants | drawn


def _codes_in_the_source() -> set[str]:
    """Every literal `code="..."` that the program passes to anything."""
    found: set[str] = set()
    for file in Path(chatops.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    found.add(code)
                case _:
                    pass
    return found


def test_every_error_code_has_an_exit_code() -> None:
    codes = _codes_of_the_errors_module()

    assert {"abandoned", "provider_stream_cut", "budget_exceeded"} <= codes
    assert codes - EXIT_CODES.keys() == set()


def test_codes_used_anywhere_in_the_source_have_an_exit_code() -> None:
    used = _codes_in_the_source()

    assert "shutdown" in used
    assert used - EXIT_CODES.keys() == set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("internal_error", 1),
        ("invalid_request", 2),
        ("not_found", 2),
        ("invalid_settings", 3),
        ("provider_credentials", 3),
        ("provider_rejected", 4),
        ("provider_unavailable", 4),
        ("provider_rate_limited", 5),
        ("budget_exceeded", 5),
        ("provider_unreachable", 6),
        ("provider_stream_cut", 6),
        ("store_unavailable", 7),
        ("stopped", 130),
        ("shutdown", 143),
    ],
)
def test_exit_codes_are_the_documented_ones(code: str, expected: int) -> None:
    assert exit_code(ChatopsError("x", code=code)) == expected


def test_a_code_of_tomorrow_falls_back_to_that_of_its_class() -> None:
    assert exit_code(StoreError("x", code="store_on_the_moon")) is ExitCode.STORAGE


def test_an_error_is_one_line_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(SettingsError("config.toml:\n  unknown key\x1b]0;owned\x07 modle"))

    assert code is ExitCode.CONFIGURATION
    assert capsys.readouterr().err == (
        "chatops: error: config.toml: unknown key modle\n"
        "  hint: `chatops config edit` opens your settings file, `chatops doctor` checks what it says\n"
    )


def test_a_limit_says_when_to_try_again(capsys: pytest.CaptureFixture[str]) -> None:
    report(RateLimitError("too many requests", retry_after=12.4))

    assert capsys.readouterr().err == "chatops: error: too many requests\n  hint: try again in 12 s\n"


def test_an_unavailable_provider_is_told_with_its_own_hint(capsys: pytest.CaptureFixture[str]) -> None:
    report(ProviderUnavailableError("openai answered 503", provider="openai", retry_after=3))

    assert "--fallback" in capsys.readouterr().err


def _explode() -> None:
    raise ZeroDivisionError("secret\x1b[31m detail")


def test_an_unexpected_error_is_one_line_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(_explode) is ExitCode.INTERNAL

    assert capsys.readouterr().err == (
        "chatops: error: unexpected ZeroDivisionError: secret detail\n  hint: --debug shows the traceback\n"
    )


def test_debug_shows_the_traceback_sanitised(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(_explode, debug=True)
    shown = capsys.readouterr().err

    assert shown.startswith("Traceback (most recent call last):")
    assert "in _explode" in shown
    assert "\x1b" not in shown


def test_interrupts_and_closed_pipes_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(KeyboardInterrupt()) is ExitCode.INTERRUPTED
    assert report(BrokenPipeError()) is ExitCode.PIPE
    assert capsys.readouterr().err == ""


def test_a_file_error_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    report(FileNotFoundError(2, "No such file or directory", "/no/such"))

    assert capsys.readouterr().err.startswith("chatops: error: No such file or directory: /no/such\n")
