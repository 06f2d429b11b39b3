"""Null-safety: no empty value may make a condition true.

For each place that may be empty (`Unit`) the rule is gone through once with null put in there, everything else being anything
of its type. The place is read safely if the whole cannot be true because of it: see `twofold`. What compares with null itself,
`missing`, and a default for what is absent are the author's own answer and change nothing. Correlations between other parts
are not followed, so a few safe rules are refused (an `if` whose branches say the same); no unsafe one passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rules.nodes import operation
from rules.operators import ITERATIONS
from rules.places import Environment, Node, Reading, Unit
from rules.problems import Path, Problem
from rules.run import LOOKUP, Run, body_of, cell_of, read_at
from rules.seen import Seen, Target
from rules.twofold import MADE_TRUE
from rules.wording import place_of


@dataclass(frozen=True, slots=True)
class _Read:
    """One place where the rule reads something that may be empty; without a unit, where it asks what is missing."""

    node: Node
    scope: Path
    unit: Unit | None = None


def null_problems(rule: Any, environment: Environment) -> list[Problem]:
    """Every read that an empty value makes dangerous, in reading order. `rule` has passed preflight."""
    whole = Node(rule, (), environment.data)
    reads = list(_reads(whole, environment))
    grouped: dict[tuple[Path, Unit], list[_Read]] = {}
    for read in reads:
        if read.unit is not None:
            grouped.setdefault((read.scope, read.unit), []).append(read)
    asked = [read for read in reads if read.unit is None]
    problems: dict[Path, Problem] = {}
    plain: dict[Path, Seen] = {}
    for (scope, unit), here in grouped.items():
        touched = frozenset(read.node.path[:end] for read in (*here, *asked) for end in range(len(read.node.path) + 1))
        for mode in _modes(unit):
            run = Run(Target(scope, unit.path, mode), environment, touched, plain)
            if MADE_TRUE in run.seen(whole).pairs:
                for read in _culprits(here, run, whole):
                    problems.setdefault(read.node.path, _problem(read, unit, mode))
    order = dict.fromkeys(read.node.path for read in reads)
    return [problems[path] for path in order if path in problems]


def _modes(unit: Unit) -> list[str]:
    return [mode for mode, possible in (("absent", unit.absent), ("null", unit.null)) if possible]


def _culprits(reads: list[_Read], run: Run, whole: Node) -> list[_Read]:
    """Those reads that decide alone; all where they only do together."""
    if len(reads) == 1:
        return reads
    ways = [replace(run, target=replace(run.target, only=read.node.path)) for read in reads]
    return [read for read, way in zip(reads, ways, strict=True) if MADE_TRUE in way.seen(whole).pairs] or reads


def _problem(read: _Read, unit: Unit, mode: str) -> Problem:
    name, given = operation(read.node.rule)
    if name == "lookup":
        message = "the table may have no such cell, and then this condition can be true"
        return Problem(read.node.path, message, "give `lookup` a fourth value: what stands for an absent cell", "null")
    path = given[0] if given and given[0] is not None else ""
    called = f"`{path}`" if path != "" else "an element"
    within = "" if unit.path == path else f" (where `{unit.path}` is)"
    fix = f'ask first, in an earlier line: {{"!=": [{{var: {path}}}, null]}}'
    if mode == "absent" and len(given) < 2:  # noqa: PLR2004 - path and default
        fix = f"give a default, {{var: [{path}, …]}}, or {fix}"
    message = f"{called} may be {mode}{within}, and then this condition can be true"
    return Problem(place_of(read.node.rule, read.node.path), message, fix, "null")


def _reads(node: Node, environment: Environment) -> Iterator[_Read]:
    if node.rule.__class__ is list:
        for each in node.elements():
            yield from _reads(each, environment)
    if node.rule.__class__ is not dict:
        return
    name, given = node.arguments()
    if name == "var":
        found = read_at(node, given[0].rule if given else None)
        for unit in found.units if isinstance(found, Reading) else ():
            yield _Read(node, node.scope, unit)
    if name in ("missing", "missing_some"):
        yield _Read(node, node.scope)
    if name == "lookup" and (not given[3:] or given[3].rule is None):
        yield _Read(node, LOOKUP, Unit(cell_of(node.rule), absent=True, null=False))
    for index, argument in enumerate(given):
        inside = name in ITERATIONS and index == 1
        yield from _reads(body_of(node, environment) if inside else argument, environment)
