"""Reads whose null reaches an operator that engines disagree about: arithmetic, `merge`, and `in` a text.

Null is 0 to some engines, no number to others, and an error to the rest. What is asked before such a part is evaluated counts:
behind `{"!=": [{"var": "x"}, null]}` it never meets the null of `x`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.checking import type_of
from rules.operators import ITERATIONS
from rules.places import Environment, Node, Reading, Unit
from rules.problems import Path
from rules.run import Run, body_of, read_at
from rules.seen import Target

ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "max", "min"})


@dataclass(frozen=True, slots=True)
class _Guard:
    """A test that is made first, and how it must come out. `filtered`: it is the source of that iteration."""

    test: Node
    wanted: bool = True
    filtered: Path | None = None

    def passes(self, run: Run) -> bool:
        """Whether what stands behind it can be reached in this run."""
        if self.filtered is not None:
            return not run.blocked(self.test, self.filtered)
        return any(truth is self.wanted for truth, _ in run.seen(self.test).pairs)


@dataclass(frozen=True, slots=True)
class _Read:
    """A part that reads: behind which tests it stands, and which operator takes its value (empty: none that minds null)."""

    node: Node
    guards: tuple[_Guard, ...] = ()
    taker: str = ""


def exposed(whole: Node, environment: Environment) -> dict[Path, str]:
    """Where a `var` gives null → the operator that meets it."""
    reads = list(_reads(_Read(whole), environment))
    grouped: dict[tuple[Path, Unit], list[_Read]] = {}
    for read in reads:
        for unit in _units(read.node):
            grouped.setdefault((read.node.scope, unit), []).append(read)
    asked = [read for read in reads if not _units(read.node)]
    found: dict[Path, str] = {}
    for (scope, unit), here in grouped.items():
        taken = [read for read in here if read.taker]
        if not taken:
            continue
        touched = frozenset(read.node.path[:end] for read in (*here, *asked) for end in range(len(read.node.path) + 1))
        for mode, possible in (("absent", unit.absent), ("null", unit.null)):
            run = Run(Target(scope, unit.path, mode), environment, touched)
            found |= {read.node.path: read.taker for read in taken if possible and _met(read, run)}
    return found


def _met(read: _Read, run: Run) -> bool:
    return run.seen(read.node).null and all(guard.passes(run) for guard in read.guards)


def _units(node: Node) -> tuple[Unit, ...]:
    name, given = node.arguments()
    found = read_at(node, given[0].rule if given else None) if name == "var" else None
    return found.units if isinstance(found, Reading) else ()


def _reads(part: _Read, environment: Environment) -> Iterator[_Read]:
    node = part.node
    if node.rule.__class__ is list:
        for each in node.elements():
            yield from _reads(_Read(each, part.guards), environment)
    if node.rule.__class__ is not dict:
        return
    name, given = node.arguments()
    if name in ("var", "missing", "missing_some"):
        yield part
    for index, each in enumerate(given):
        guards, taker = (*part.guards, *_before(name, given, index)), _taker(part, name, given, index)
        if name in ITERATIONS and index == 1:
            body = body_of(node, environment)
            yield from _reads(_Read(body, (*guards, _Guard(given[0], filtered=body.scope)), taker), environment)
        else:
            yield from _reads(_Read(each, guards, taker), environment)


def _before(name: str, given: list[Node], index: int) -> tuple[_Guard, ...]:
    """The tests that the operator itself puts before its argument at `index`."""
    if name in ("and", "or"):
        return tuple(_Guard(each, name == "and") for each in given[:index])
    if name in ("if", "?:"):
        refused = tuple(_Guard(each, wanted=False) for each in given[: index // 2 * 2 : 2])
        return (*refused, _Guard(given[index - 1])) if index % 2 else refused
    return ()


def _taker(part: _Read, name: str, given: list[Node], index: int) -> str:
    """The operator that takes the value of the argument at `index`; what `reduce` gathers goes into the next round."""
    if name in ("if", "?:"):
        return part.taker if index % 2 == 1 or index == len(given) - 1 else ""
    if name == "reduce":
        return name if index > 0 else ""
    if name == "in":
        return name if index == 0 and _may_hold_null(given[1]) else ""
    return name if name in ARITHMETIC or name == "merge" else ""


def _may_hold_null(hay: Node) -> bool:
    """Whether it is, or may be, a text in which the four letters stand."""
    if hay.rule.__class__ is str:
        return "null" in hay.rule
    return hay.rule.__class__ is dict and "list" not in type_of(hay.rule, Environment(hay.data)).kinds
