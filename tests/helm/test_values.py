"""The values without Helm: their schema takes the chart's own files and refuses what would be wrong in silence."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.helm.tools import CHART
from tests.unit.house.tours import README

SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
FILES = sorted((CHART / "ci").glob("*-values.yaml"))


def paths(values: Any, before: str = "") -> Iterator[str]:
    """Each value that can be set, with its path; a mapping without entries is one."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from paths(value, f"{before}.{key}" if before else key)
    else:
        yield before


def changed(path: str, value: Any) -> Any:
    """The chart's own values with one of them changed."""
    values = copy.deepcopy(VALUES)
    *before, last = path.split(".")
    place = values
    for key in before:
        place = place[key]
    place[last] = value
    return values


def test_the_schema_is_one_and_takes_the_charts_own_values() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    jsonschema_rs.validate(SCHEMA, VALUES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_takes_each_values_file(path: Any) -> None:
    jsonschema_rs.validate(SCHEMA, {"mode": VALUES["mode"]} | yaml.safe_load(path.read_text(encoding="utf-8")))


def test_it_takes_those_of_the_readmes_tour() -> None:
    (values,) = re.findall(r"^```yaml values\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    jsonschema_rs.validate(SCHEMA, yaml.safe_load(values))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mode", "cluster"),
        ("mod", "embedded"),
        ("image.tag", 1.0),
        ("image.digest", "sha256:abc"),
        ("image.pullPolicy", "Sometimes"),
        ("workspace.archive", "not base64!"),
        ("workspace.git.repository", "http://git.example/in-the-clear.git"),
        ("workspace.git.commit", "main"),
        ("workspace.folder", "../elsewhere"),
        ("settings.ORCHESTRATOR_SENDGRID_API_KEY", "SG.secret"),
        ("settings.ORCHESTRATOR_KEYS", "shop=1"),
        ("settings.ORCHESTRATOR_SMTP_PASSWORD", "hunter2"),
        ("settings.ORCHESTRATOR_TWILIO_AUTH_TOKEN", "1"),
        ("settings.EMAIL", "smtp"),
        ("settings.ORCHESTRATOR_EMAIL_RATE", 100),
        ("embedded.replicas", 2),
        ("embedded.storage.size", "ten gigabytes"),
        ("kafka.brokers", "kafka"),
        ("kafka.brokers", "kafka:9092, other:9092"),
        ("kafka.partitions", 0),
        ("intake.autoscaling.cpuPercent", 101),
        ("workers.autoscaling.cooldownSeconds", 10),
        ("networkPolicy.outside", []),
        ("networkPolicy.clients", [{}]),
        ("monitoring.interval", 15),
        ("podLabels.team", 7),
    ],
)
def test_it_refuses(path: str, value: Any) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMA, changed(path, value))


@pytest.mark.parametrize("path", list(paths(VALUES)))
def test_no_value_may_be_of_another_shape(path: str) -> None:
    """A list where a value stands is wrong, and an object where a list stands: nothing is left open."""
    was = VALUES
    for key in path.split("."):
        was = was[key]
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMA, changed(path, {"of": "another"} if isinstance(was, list) else [["shape"]]))


def test_each_value_is_described_beside_its_rule() -> None:
    described = set(_described(SCHEMA))
    assert [path for path in paths(VALUES) if path not in described] == []


def _described(rule: Mapping[str, Any], before: str = "") -> Iterator[str]:
    rule = _followed(rule)
    for key, inner in rule.get("properties", {}).items():
        path = f"{before}.{key}" if before else key
        if "description" in inner or "description" in _followed(inner):
            yield path
        yield from _described(inner, path)


def _followed(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return SCHEMA["definitions"][rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule


def test_the_readme_lists_the_values_and_no_others() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.]+)` \|", readme.split("## Values")[1].split("\n## ")[0], re.MULTILINE)
    wanted = {re.sub(r"\.resources\..*", ".resources", path) for path in paths(VALUES)}
    assert sorted(listed) == sorted(wanted)
