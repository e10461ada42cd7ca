import asyncio
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
    before = ours.handlers[:], ours.level, ours.propagate, logging.lastResort
    yield
    ours.handlers[:], ours.level, ours.propagate, logging.lastResort = before


def fail() -> None:
    try:
        int("inner")
    except ValueError:
        logging.getLogger("chatops.engine").exception("it broke")


def test_a_line_is_text_with_a_turns_figures(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("chatops.engine.turns").info("turn", extra=TURN)

    assert capsys.readouterr().err == "chatops: info: turn id=m input_tokens=3\n"


@pytest.mark.parametrize("ending", ["\n", "\r", "\x1b[2K", "\x85", "\u2028"])
def test_what_comes_from_outside_makes_no_line_of_its_own_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    forged = f"m{ending}chatops: info: turn status=complete"
    logs.configure("info")
    logging.getLogger("chatops").info("from %s", forged, extra={"figures": {"model": forged}})
    (line,) = capsys.readouterr().err.splitlines()

    assert ending not in line
    assert line.startswith("chatops: info: from m\\")
    assert " model=m\\" in line


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


async def test_a_json_line_names_the_request_turn_and_person_that_its_code_ran_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(as_json=True)
    log = logging.getLogger("chatops.engine.journal")

    async def later() -> None:
        logs.name(principal_id="ann")
        log.warning("in a task")

    with logs.naming(request_id="r"):
        with logs.naming(turn_id="t"):
            await asyncio.create_task(later())
        log.warning("in the request")
    log.warning("outside")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    ids = [{key: line[key] for key in ("request_id", "turn_id", "principal_id") if key in line} for line in lines]
    assert ids == [{"request_id": "r", "turn_id": "t", "principal_id": "ann"}, {"request_id": "r"}, {}]


def test_what_a_command_tells_has_the_form_of_its_log_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.as_line("chatops stops\n") == "chatops stops"

    logs.configure_from({"CHATOPS_LOG_FORMAT": "JSON"})
    told, error = (json.loads(logs.as_line(line)) for line in ("chatops stops\n", "chatops: error: no port"))

    assert (told["level"], told["message"]) == ("info", "chatops stops")
    assert (error["level"], error["message"]) == ("error", "no port")
    assert capsys.readouterr().err == ""


def test_an_unknown_format_is_refused_with_the_formats_there_are() -> None:
    with pytest.raises(SettingsError, match="text, json"):
        logs.configure_from({"CHATOPS_LOG_FORMAT": "xml"})


def test_an_unknown_level_is_refused_with_the_levels_there_are() -> None:
    with pytest.raises(SettingsError, match="DEBUG, INFO, WARNING, ERROR"):
        logs.configure("loud")
