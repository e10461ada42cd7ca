"""Dashboard and alerts ask for figures, labels and error codes that there are, and the manual says what to do."""

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from chatops.cli.exits import EXIT_CODES
from metric_names import exposition, metric_names

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
EXPRESSIONS = [*PANELS, *(rule["expr"] for rule in RULES)]
FROM_PROMETHEUS = {"up", "job", "instance", "le"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_promql_over_figures_and_labels_that_there_are(expression: str) -> None:
    promql_parser.parse(expression.replace("$job", "chatops"))
    labels = set(re.findall(r'(\w+)="', exposition()))
    asked = set(re.findall(r'(\w+)=~?"', expression))
    asked |= {name for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(", ")}

    assert set(re.findall(r"\b(?:chatops|process)_\w+|\bup\b", expression)) <= metric_names() | FROM_PROMETHEUS
    assert asked <= labels | FROM_PROMETHEUS
    assert set(re.findall(r'code="(\w+)"', expression)) <= set(EXIT_CODES)


def test_every_figure_has_a_panel() -> None:
    text = " ".join(PANELS)
    families = {
        re.sub(r"_(bucket|count|sum|created)$", "", name) for name in metric_names() if name.startswith("chatops")
    }

    assert {family for family in families if family not in text} == set()


def test_no_two_panels_lie_on_each_other() -> None:
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_alert_has_a_row_in_the_manual(rule: dict[str, Any]) -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()

    assert f"| `{rule['annotations']['code']}`" in manual
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_prometheus_reads_the_rules() -> None:
    scrape = yaml.safe_load((FOLDER / "prometheus.yml").read_text())

    assert scrape["rule_files"] == ["alerts.yml"]
    assert scrape["scrape_configs"][0]["job_name"] == "chatops"
