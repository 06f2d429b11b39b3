"""A workspace folder as one dictionary, read as YAML 1.2: `NO` is a text, `12:30` is a text."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import yaml


class Yaml12(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2's core schema only."""


Yaml12.yaml_implicit_resolvers = {}
Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false|True|False|TRUE|FALSE"), list("tfTF"))
Yaml12.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""])
Yaml12.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+"), list("-+0123456789"))
Yaml12.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), list("-+.0123456789")
)
for patterns in Yaml12.yaml_implicit_resolvers.values():
    patterns[:] = [(tag, re.compile(rf"(?:{pattern.pattern})\Z")) for tag, pattern in patterns]
Yaml12.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value, 10))
Yaml12.add_constructor("tag:yaml.org,2002:float", lambda _loader, node: float(node.value))


def parse(text: str) -> Any:
    """YAML, or JSON where it is that: JSON means the same in YAML 1.2, and is read faster."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Yaml12)  # noqa: S506 - a SafeLoader


def read(path: Path) -> Any:
    """One YAML or JSON file; None where there is none."""
    for candidate in (path, path.with_suffix(".json")):
        if candidate.exists():
            return parse(candidate.read_text(encoding="utf-8-sig"))
    return None


def folder(path: Path) -> list[Any]:
    """Every YAML or JSON file of a folder, by name."""
    files = sorted(path.glob("*.yaml")) + sorted(path.glob("*.json"))
    return [read(file) for file in files]


def table(path: Path) -> dict[str, dict[str, Any]]:
    """A CSV by its first column; an empty cell is absent, a column of numbers is numbers."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names, *rows = [row for row in csv.reader(stream) if row]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    numeric = {
        name for name, cells in zip(names, columns, strict=True) if all(re.fullmatch(r"-?\d+(\.\d+)?", c) for c in cells if c)
    }

    def cell(name: str, text: str) -> Any:
        if name not in numeric:
            return text
        return float(text) if "." in text else int(text)

    return {row[0]: {name: cell(name, text) for name, text in zip(names, row, strict=True) if text} for row in rows}


def load(path: Path) -> dict[str, Any]:
    """The workspace of a folder."""
    profile = read(path / "profile.yaml") or {}
    tables = path / "tables"
    return {
        "wheel": read(path / "wheel.yaml"),
        "features": profile.get("features") or {},
        "segments": read(path / "segments.yaml") or {},
        "policies": read(path / "policies.yaml") or {},
        "events": {event["event"]: event for event in folder(path / "events")},
        "campaigns": {campaign["campaign"]: campaign for campaign in folder(path / "campaigns")},
        "tables": {file.stem: table(file) for file in sorted(tables.glob("*.csv"))} if tables.is_dir() else {},
    }
