import json
import logging
from collections.abc import Iterator

import pytest

from chatops import logs
from chatops.engine.errors import SettingsError

TURN = {"figures": {"id": "m", "input_tokens": 3, "error": None}}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    ours = logging.getLogger("chatops")
    before = ours.handlers[:], ours.level, ours.propagate
    yield
    ours.handlers[:], ours.level, ours.propagate = before


def fail() -> None:
    try:
        int("inner")
    except ValueError:
        logging.getLogger("chatops.engine").exception("it broke")


def test_a_line_is_text_with_a_turns_figures(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("chatops.engine.turns").info("turn", extra=TURN)

    assert capsys.readouterr().err == "chatops: info: turn id=m input_tokens=3\n"


def test_lines_below_the_level_are_left_out_and_configuring_twice_doubles_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info")
    logs.configure("WARNING")
    logging.getLogger("chatops").info("quiet")
    logging.getLogger("chatops").warning("loud")

    assert capsys.readouterr().err == "chatops: warning: loud\n"


def test_tracebacks_are_shown_when_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    fail()
    assert capsys.readouterr().err == "chatops: error: it broke\n"

    logs.configure(tracebacks=True)
    fail()
    assert "ValueError: invalid literal" in capsys.readouterr().err


def test_json_lines_hold_everything(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", as_json=True)
    logging.getLogger("chatops.engine.turns").info("turn", extra=TURN)
    fail()
    turn, error = (json.loads(line) for line in capsys.readouterr().err.splitlines())

    assert turn["message"] == "turn"
    assert (turn["level"], turn["id"], turn["input_tokens"]) == ("info", "m", 3)
    assert turn["time"].endswith("Z")
    assert "ValueError: invalid literal" in error["traceback"]


def test_an_unknown_level_is_refused_with_the_levels_there_are() -> None:
    with pytest.raises(SettingsError, match="DEBUG, INFO, WARNING, ERROR"):
        logs.configure("loud")
