"""The units, by systemd's own tools, which need no systemd that runs."""

import configparser
import subprocess
from pathlib import Path

import pytest

from deploy.commands import options_of

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = ("chatops.service", "chatops-bot@.service")
MOST_EXPOSED = "15"
"""Tenths; systemd calls up to 20 OK. What is left: the network, and a user of its own."""


def analyze(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, check=False)  # noqa: S607 - systemd's


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_every_line_of_a_unit(tmp_path: Path, unit: str) -> None:
    name = unit.replace("@.", "@slack.")
    (tmp_path / unit).write_text((FOLDER / unit).read_text().replace("/opt/chatops/bin/chatops", "/bin/true"))
    done = analyze("verify", "--man=no", tmp_path / name)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_find_a_misspelt_line(tmp_path: Path) -> None:
    unit = (FOLDER / UNITS[0]).read_text().replace("/opt/chatops/bin/chatops", "/bin/true")
    (tmp_path / UNITS[0]).write_text(unit.replace("ProtectHome=yes", "ProtectHouse=yes"))
    done = analyze("verify", "--man=no", tmp_path / UNITS[0])

    assert "ProtectHouse" in done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_hardly_exposed(unit: str) -> None:
    done = analyze("security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", FOLDER / unit)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("unit", "end"), [("chatops.service", 60 + 10), ("chatops-bot@.service", 20 + 10 + 10)])
def test_a_unit_runs_a_command_of_ours_and_waits_for_its_answers(unit: str, end: int) -> None:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    parser.read_string((FOLDER / unit).read_text())
    service = parser["Service"]
    program, *words = service["ExecStart"].replace("%i", "slack").split()
    options = options_of(words)

    assert program == "/opt/chatops/bin/chatops"
    assert options.get("drain") in {None, 60.0}
    assert int(service["TimeoutStopSec"]) >= end
    assert options.get("trusted_proxy") in [None, ["127.0.0.1"]]
