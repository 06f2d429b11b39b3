"""Event files as lines in order of arrival."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema

from tests.conformance.reference.times import instant

NOBODY = {"", "null", "0", "undefined", "test", "none", "nan", "anonymous", "unknown", "guest"}


def _rows(path: Path) -> list[str]:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")  # noqa: SIM115 - closed below
    with opened as stream:
        return stream.read().splitlines()


def identity(value: Any) -> str | None:
    """The id as text; None where it identifies nobody."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip().lower() not in NOBODY else None


def _validator(workspace: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    """The schema of an event's properties; one outside the catalogue may be anything."""
    known = workspace.setdefault("validators", {})
    if name not in known:
        known[name] = jsonschema.Draft202012Validator((workspace["events"].get(name) or {}).get("properties", True))
    return known[name]


def _event(row: str, workspace: dict[str, Any], position: str) -> dict[str, Any]:
    """One line; ValueError where it is no event."""
    tree = json.loads(row)
    user, anonymous = identity(tree.get("userId")), identity(tree.get("anonymousId"))
    if user is None and anonymous is None:
        raise ValueError("nobody is identified")
    kind = tree.get("type")
    if kind not in {"track", "identify"} or (kind == "track" and not tree.get("event")):
        raise ValueError("no track or identify")
    occurred = instant(tree.get("timestamp") or tree["receivedAt"])
    properties = tree.get("properties") or {}
    name = tree["event"] if kind == "track" else None
    if name is not None and not _validator(workspace, name).is_valid(properties):
        raise ValueError("its properties break the schema")
    return {
        "name": name,
        "id": tree.get("messageId") or position,
        "user": user,
        "anonymous": anonymous,
        "at": occurred,
        "received": instant(tree.get("receivedAt") or tree["timestamp"]),
        "properties": properties,
        "traits": tree.get("traits") or {},
    }


def read_lines(paths: Sequence[Path], workspace: dict[str, Any]) -> list[tuple[int, dict[str, Any] | None]]:
    """(arrival, event) for every line, None for a rejected one.

    Arrival is the later of the line before and `receivedAt`, or else `timestamp`; a rejected line does not move it. Files are
    merged by arrival, ties in argument order, and each file's own order is kept.
    """
    lines = []
    for file, path in enumerate(paths):
        arrival = None
        for number, row in enumerate(_rows(path)):
            try:
                event = _event(row, workspace, f"{file}:{number}")
            except (ValueError, KeyError, TypeError, AttributeError):
                lines.append((-1 if arrival is None else arrival, file, number, None))
                continue
            arrival = event["received"] if arrival is None else max(arrival, event["received"])
            lines.append((arrival, file, number, event))
    lines.sort(key=lambda line: line[:3])
    return [(arrival, event) for arrival, _, _, event in lines]
