"""The alerts fire when they should and not otherwise, and each tells what to do."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator import metrics
from tests.helm.tools import CHART, ROOT, tool

ALERTS = CHART / "alerts.yaml"
TESTED = ROOT / "tests/helm/alerts.test.yaml"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_waits_ranks_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description"}
    assert all(text.strip().endswith(".") for text in rule["annotations"].values())


def test_each_alert_is_seen_to_fire_and_seen_not_to() -> None:
    asked: dict[str, set[bool]] = {rule["alert"]: set() for rule in rules()}
    for case in yaml.safe_load(TESTED.read_text(encoding="utf-8"))["tests"]:
        for look in case["alert_rule_test"]:
            asked[look["alertname"]].add(bool(look["exp_alerts"]))
    assert {name for name, seen in asked.items() if seen != {True, False}} == set()


def test_an_alert_asks_only_for_what_some_page_tells() -> None:
    """By a metric's name; each is one that code reads into a page."""
    read = {alias.name for path in (ROOT / "orchestrator").rglob("*.py") for alias in _imported(path)}
    told = {one.name for constant, one in vars(metrics).items() if isinstance(one, metrics.Metric) and constant in read}
    asked = {name for rule in rules() for name in re.findall(r"\borchestrator_\w+", str(rule["expr"]))}
    assert asked - told == set()


def _imported(path: Path) -> list[ast.alias]:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = [node for node in tree if isinstance(node, ast.ImportFrom) and node.module == "orchestrator.metrics"]
    return [alias for node in found for alias in node.names]


def test_promtool_takes_the_rules_and_their_tests_pass() -> None:
    checked = subprocess.run([tool("promtool"), "check", "rules", ALERTS], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = subprocess.run([tool("promtool"), "test", "rules", TESTED], check=False, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr
