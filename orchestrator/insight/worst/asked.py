"""What a program asks for: events it listens to, values it compares with, spans of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from orchestrator.domain.campaign import Campaign, Pattern, Value, WaitFor
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.program import Program
from rules import Condition
from rules.limits import HOUR_MS, MINUTE_MS
from rules.nodes import operation

_COMPARING = ("==", "===", "!=", "!==", "<", "<=", ">", ">=", "in")
_SPANS = ("duration", "within", "after", "per")

Constants = dict[str, dict[Any, None]]
"""path → what it is compared with, and what lies beside that"""


def heard(program: Program) -> set[str]:
    """Names of events that can start something, move somebody, or change what conditions read."""
    patterns = [pattern for campaign in program.campaigns.values() for pattern in (*campaign.on, *_awaited(campaign))]
    patterns += [transition.pattern for transition in program.wheel.transitions]
    named = {name for pattern in patterns for name in (pattern.event, pattern.without) if name is not None}
    return named | {name for feature in program.features for name in (feature.event, feature.closed_by) if name is not None}


def starting(program: Program) -> set[str]:
    """Events by which a marketing campaign begins, or that move into a stage by which one does."""
    patterns = [pattern for one in program.campaigns.values() if one.cls == "marketing" for pattern in one.on]
    stages = {stage for pattern in patterns for stage in pattern.stages}
    patterns += [transition.pattern for transition in program.wheel.transitions if transition.target in stages]
    return {pattern.event for pattern in patterns if pattern.event is not None}


def answering(program: Program) -> set[str]:
    """Events that answer a message by its id."""
    patterns = [pattern for campaign in program.campaigns.values() for pattern in (*campaign.on, *_awaited(campaign))]
    return {pattern.event for pattern in patterns if pattern.of is not None and pattern.event is not None}


def _awaited(campaign: Campaign) -> Iterator[Pattern]:
    for node in campaign.steps.nodes:
        if isinstance(node.verb, WaitFor):
            yield from node.verb.patterns


def _parts(compiled: Any) -> Iterator[Any]:
    """Every compiled thing inside another, conditions and values as wholes."""
    if isinstance(compiled, dict):
        compiled = tuple(compiled.values())
    if isinstance(compiled, tuple | frozenset):
        for each in compiled:
            yield from _parts(each)
    elif is_dataclass(compiled):
        yield compiled
        if not isinstance(compiled, Condition):
            for field in fields(compiled):
                if field.init:
                    yield from _parts(getattr(compiled, field.name))


def _conditions(program: Program) -> Iterator[Condition]:
    return (part for part in _parts(program) if isinstance(part, Condition))


def constants(program: Program) -> Constants:
    """What conditions compare single places with."""
    found: Constants = {}
    for condition in _conditions(program):
        for path, value in _compared(condition.rule):
            for one in _beside(value):
                found.setdefault(path, {})[one] = None
    return found


def _compared(rule: Any) -> Iterator[tuple[str, Any]]:
    """(path, constant) of every comparison of a variable with a constant."""
    if isinstance(rule, list):
        for each in rule:
            yield from _compared(each)
        return
    if not isinstance(rule, dict):
        return
    name, given = operation(rule)
    paths = [path for one in given if (path := _path(one))]
    if name in _COMPARING and len(paths) == 1:
        for one in given:
            for value in one if isinstance(one, list) else [one]:
                if isinstance(value, str | int | float):
                    yield paths[0], value
    yield from _compared(given)


def _path(node: Any) -> str:
    if not isinstance(node, dict) or "var" not in node:
        return ""
    given = operation(node)[1]
    return given[0] if given and isinstance(given[0], str) else ""


def _beside(value: Any) -> tuple[Any, ...]:
    """The constant, and for a number its neighbours on both sides: every comparison answers differently for one of them."""
    return (value,) if isinstance(value, bool | str) else (value, value - 1, value + 1)


def pauses(program: Program) -> set[int]:
    """The workspace's own durations, and a few that every customer knows."""
    found = {MINUTE_MS, HOUR_MS, DAY_MS}
    for part in _parts((program.campaigns, program.wheel, program.policies)):
        lengths = [getattr(part, name, None) for name in _SPANS]
        lengths += [one.constant for one in lengths if isinstance(one, Value)]
        found |= {one for one in lengths if isinstance(one, int) and one > 0}
    return found
