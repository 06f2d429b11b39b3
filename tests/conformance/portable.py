"""Conditions that the check admits as portable, through three engines: python tests/conformance/portable.py [--conditions N].

Ours (both evaluators), json-logic-js and datalogic must give one truth on data that the schema admits. What is refused, or told
to be ours only, is asked too: how much of it really differs somewhere is printed, and need not be all.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from rules import null_problems, portability_problems, preflight, type_problems
from tests.conformance.portable_conditions import Conditions
from tests.conformance.portable_engines import Case, compiled, datalogic, installed, interpreted, official
from tests.conformance.portable_places import COUNTED, ENVIRONMENT, SCHEMA, Data

DATA_A_CONDITION = 6
DEPTH = 3
ASKED_TOO = 0.25
"""Share of what is not admitted that the engines are asked all the same."""
SLICE = 500
"""Conditions of one seed."""
_COUNTING = ('"+"', '"-"', '"*"', '"/"', '"%"')


@dataclass
class Compared:
    """What came of one slice, or of many."""

    admitted: int = 0
    differences: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Conditions not admitted, by the first reason's kind."""
    asked: Counter[str] = field(default_factory=Counter)
    """Those of them on which the engines were asked."""
    differing: Counter[str] = field(default_factory=Counter)
    """Those of these on which two engines differ within the data tried."""

    def add(self, other: Compared) -> None:
        self.admitted += other.admitted
        self.differences += other.differences
        self.refused += other.refused
        self.asked += other.asked
        self.differing += other.differing


def refusal(rule: Any) -> str:
    """The kind of the first reason why the rule is not admitted as portable, or nothing."""
    if problems := preflight(rule):
        return problems[0].kind
    for asked in (type_problems, null_problems, portability_problems):
        if problems := asked(rule, ENVIRONMENT):
            return problems[0].kind
    return ""


def slice_of(seed: int, count: int) -> Compared:
    """So many admitted conditions, and what was refused on the way to them, on data of this seed."""
    chance, found = random.Random(seed), Compared()
    cases: list[tuple[str, Case]] = []
    while found.admitted < count:
        rule = Conditions(chance).test(DEPTH)
        kind = refusal(rule)
        found.admitted += not kind
        found.refused[kind] += bool(kind)
        if not kind or (kind != "form" and chance.random() < ASKED_TOO):
            found.asked[kind] += 1
            cases.append((kind, Case(rule, list(_data(rule, chance)))))
    for (kind, case), truths in zip(cases, _truths([case for _, case in cases]), strict=True):
        if len(set(truths)) > 1:
            found.differing[kind] += 1
            if not kind:
                found.differences.append(told(case, truths))
    found.refused = +found.refused
    del found.differing[""]
    return found


def _data(rule: Any, chance: random.Random) -> Iterator[Any]:
    counts = any(name in json.dumps(rule) for name in _COUNTING)
    for _ in range(DATA_A_CONDITION):
        yield Data(chance, COUNTED if counts else float("inf")).of(SCHEMA)


def _truths(cases: list[Case]) -> Iterator[tuple[str, str, str, str]]:
    with official() as engine:
        theirs = engine.truths(cases)
    for case, first in zip(cases, theirs, strict=True):
        yield first, compiled(case), interpreted(case), datalogic(case)


def told(case: Case, truths: tuple[str, ...]) -> str:
    """A condition, data on which engines differ, and what each says: json-logic-js, ours twice, datalogic."""
    number = next(number for number, answers in enumerate(zip(*truths, strict=True)) if len(set(answers)) > 1)
    read = {name: value for name, value in case.data[number].items() if f'"{name}' in json.dumps(case.rule)}
    return f"{json.dumps(case.rule)} on {json.dumps(read)}: {' '.join(truth[number] for truth in truths)}"


def compared(conditions: int, seed: int = 0, jobs: int = 1) -> Compared:
    """So many conditions, in slices of their own seeds."""
    sizes = [min(SLICE, conditions - start) for start in range(0, conditions, SLICE)]
    found = Compared()
    for one in _each(range(seed, seed + len(sizes)), sizes, jobs):
        found.add(one)
    return found


def _each(seeds: Iterable[int], sizes: list[int], jobs: int) -> Iterator[Compared]:
    if jobs == 1:
        yield from map(slice_of, seeds, sizes)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(slice_of, seeds, sizes)


def main() -> int:
    """Compare, and tell every difference; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conditions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="the first of the slices' seeds")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if absent := installed():
        print(f"not compared: {absent}")
        return 2
    begun = time.perf_counter()
    found = compared(given.conditions, given.seed, given.jobs)
    print(*found.differences, sep="\n")
    for kind, count in sorted(found.refused.items()):
        asked, differing = found.asked[kind], found.differing[kind]
        print(f"not admitted ({kind}): {count}; of {asked} that were asked all the same {differing} differ on the data tried")
    print(f"{found.admitted} conditions in {time.perf_counter() - begun:.0f} s: {len(found.differences)} differences")
    return 1 if found.differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
