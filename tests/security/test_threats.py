"""The threat model names tests; each of them is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(test_\w+\.py)::(test_\w+)`", MODEL)
ROWS = [line for line in MODEL.partition("## Threats")[2].partition("\n## ")[0].splitlines() if line.startswith("| ")][
    1:
]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_defence_has_the_test_that_is_named_for_it(file: str, name: str) -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob(file)]

    assert any(re.search(rf"^ *(?:async )?def {name}\(", text, re.MULTILINE) for text in texts), f"{file}::{name}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.split("|")[1].strip()[:50]))
def test_a_threat_has_a_test(row: str) -> None:
    threat, defence, tests = (cell.strip() for cell in row.strip("|").split(" | "))

    assert threat
    assert defence
    assert re.fullmatch(r"`test_\w+\.py::test_\w+`(?:, `test_\w+\.py::test_\w+`)*", tests)


def test_there_is_a_policy_that_says_how_to_report() -> None:
    assert "Report" in (ROOT / "SECURITY.md").read_text()
    assert len(ROWS) > 30
