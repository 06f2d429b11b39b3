"""A sequence as the scenario that `orchestrator test` runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.insight.scenarios.scenario import Given
from orchestrator.insight.worst.lives import WEEK_MS


def written(name: str, profile: dict[str, Any], given: Sequence[Given], sends: Sequence[dict[str, Any]], since: int) -> str:
    """The text of `tests/worst-week.yaml`: everything that was sent by the end of the week from `since` on."""
    lines = [
        "# The fullest week that `orchestrator check --worst` found. Written by it: edit the rules, not this.",
        f"- test: {_flow(name)}",
        f"  profile: {_flow(profile)}",
        "  given:",
        *(f"    - {{at: {_time(one.at)}, event: {_flow(one.event)}, properties: {_flow(one.properties)}}}" for one in given),
        f"  until: {_time(max([since, *(one['at'] for one in sends), *(one.at for one in given)]))}",
        "  expect:",
        "    sends:",
        *_sends(sends, since),
    ]
    return "\n".join(lines) + "\n"


def _sends(sends: Sequence[dict[str, Any]], since: int) -> Iterator[str]:
    for one in sends:
        counts = one["class"] == "marketing" and since <= one["at"] < since + WEEK_MS
        words = ", ".join(f"{name}: {_flow(one[name])}" for name in ("campaign", "template", "channel"))
        yield f"      - {{{words}, at: {_time(one['at'])}}}{'' if counts else '   # not counted'}"


def _time(instant: int) -> str:
    return f'"{iso(instant)}"'


def _flow(value: Any) -> str:
    """JSON is a part of YAML; plain words stand without quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    plain = isinstance(value, str) and value.replace(" ", "").replace("-", "").replace("_", "").isalpha() and value.isascii()
    return (
        str(value)
        if plain and value == value.strip() and value.lower() not in _WORDS
        else json.dumps(value, ensure_ascii=False)
    )


_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
