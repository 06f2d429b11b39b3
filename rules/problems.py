"""Preflight: what a condition must be before anything evaluates it. Bounded work on any input, even a cyclic one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from rules.limits import (
    DEPTH_MAX,
    ITERATIONS_MAX,
    LITERAL_CHARS_MAX,
    NODES_MAX,
    NUMBER_MAX,
    PATH_CHARS_MAX,
    PATH_SEGMENTS_MAX,
    TEXTS_CHARS_MAX,
)
from rules.misplaced import instead_of
from rules.operators import ITERATIONS, NOT_ADMITTED, OPERATORS, Signature

Path = tuple[str | int, ...]

_NAME_CHARS_MAX = 64
_READING = ("var", "missing", "missing_some")


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a rule is refused: where in the rule (keys and indexes from its top), what, and what to do.

    `kind`: `form` (it cannot be evaluated), `type` (an operator does not take this), `never` (a value that is never equal),
    `unknown` (no such member of an element), `null` (an empty value would make the whole condition true) or `ours` (it may mean
    something else in another engine).
    """

    path: Path
    message: str
    fix: str
    kind: str = "form"

    def __str__(self) -> str:
        place = "".join(f"[{step!r}]" for step in self.path) or "the rule"
        return f"{place}: {self.message} ({self.fix})"


class RuleError(ValueError):
    """A rule that preflight refuses, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Place:
    node: Any
    path: Path = ()
    depth: int = 1
    iterations: int = 0


def preflight(rule: Any) -> list[Problem]:
    """Every problem of `rule`, in reading order; empty if it may be compiled."""
    problems: list[Problem] = []
    waiting = [_Place(rule)]
    nodes, chars = 0, 0
    while waiting:
        place = waiting.pop()
        nodes += 1
        chars += len(place.node) if isinstance(place.node, str) else 0
        if nodes > NODES_MAX:
            return [*problems, Problem(place.path, f"more than {NODES_MAX} nodes", "split it into segments")]
        if chars > TEXTS_CHARS_MAX:
            fix = "put them into a table or a segment"
            return [*problems, Problem(place.path, f"texts of more than {TEXTS_CHARS_MAX} characters in all", fix)]
        found = list(_problems_of(place))
        problems.extend(found)
        if not any(problem.path == place.path for problem in found):
            waiting.extend(reversed(list(_inside(place))))
    return problems


def _problems_of(place: _Place) -> Iterator[Problem]:
    node, path = place.node, place.path
    if isinstance(node, (dict, list)):
        if place.depth > DEPTH_MAX:
            yield Problem(path, f"deeper than {DEPTH_MAX} levels", "split it into segments")
        elif isinstance(node, dict):
            yield from _operator_problems(node, place)
        elif len(node) >= NODES_MAX:
            yield Problem(path, f"more than {NODES_MAX} elements", "put them into a table or a segment")
    elif isinstance(node, bool) or node is None:
        return
    elif isinstance(node, (int, float)):
        yield from _number_problems(node, path)
    elif not isinstance(node, str):
        yield Problem(path, f"a {type(node).__name__} is not a JSON value", "write it as text in quotes")
    elif len(node) > LITERAL_CHARS_MAX:
        yield Problem(path, f"a text longer than {LITERAL_CHARS_MAX} characters", "shorten it")


def _number_problems(number: float, path: Path) -> Iterator[Problem]:
    if isinstance(number, float) and not math.isfinite(number):
        yield Problem(path, f"{number} is not a JSON number", "write a finite number")
    elif abs(number) > NUMBER_MAX:
        yield Problem(path, "a number beyond 2^53 is not exact everywhere", "write a smaller number, or text")


def _operator_problems(node: dict[Any, Any], place: _Place) -> Iterator[Problem]:
    path = place.path
    if len(node) != 1:
        keys = ", ".join(repr(str(key)[:_NAME_CHARS_MAX]) for key in list(node)[:5]) or "none"
        yield Problem(path, f"an operator object has exactly one key, this one has {keys}", 'join tests with "and" or "or"')
        return
    name = next(iter(node))
    signature = OPERATORS.get(name) if isinstance(name, str) else None
    if signature is None:
        yield _unknown(name, path, node[name])
        return
    yield from _arity_problems(name, signature, node[name], path)
    if name in _READING:
        yield from _path_problems(node[name], (*path, name))
    if name in ITERATIONS and place.iterations >= ITERATIONS_MAX:
        message = f"{name!r} is inside {ITERATIONS_MAX} other iterations, whose work multiplies"
        yield Problem(path, message, "iterate over one list at a time, or use a feature")


def _unknown(name: Any, path: Path, given: Any) -> Problem:
    if not isinstance(name, str):
        return Problem(path, f"the operator {name!r:.64} is not text", "quote the operator")
    shown = name[:_NAME_CHARS_MAX]
    if name in NOT_ADMITTED:
        return Problem(path, f"the operator {shown!r} is not admitted: {NOT_ADMITTED[name]}", "leave it out")
    return Problem(path, f"unknown operator {shown!r}", instead_of(shown, given))


def near(name: str, known: tuple[str, ...]) -> str:
    """A fix that names the nearest known word, or what there is."""
    found = get_close_matches(name, known, n=1)
    if found:
        return f"did you mean `{found[0]}`?"
    return f"known here: {', '.join(sorted(known))}" if known else ""


def _path_problems(given: Any, path: Path) -> Iterator[Problem]:
    """Of the paths that an operator names, which may be listed."""
    for index, written in enumerate(given if isinstance(given, list) else [given]):
        place = (*path, index) if isinstance(given, list) else path
        if isinstance(written, list):
            yield from _path_problems(written[:NODES_MAX], place)
        elif isinstance(written, str) and (written.count(".") >= PATH_SEGMENTS_MAX or len(written) > PATH_CHARS_MAX):
            message = f"a path of more than {PATH_SEGMENTS_MAX} members or {PATH_CHARS_MAX} characters"
            yield Problem(place, message, "no event is nested so deep: write a path of its schema")


def _arity_problems(name: str, signature: Signature, given: Any, path: Path) -> Iterator[Problem]:
    count = len(given) if isinstance(given, list) else 1
    if signature.least <= count and (signature.most is None or count <= signature.most):
        return
    wanted = _arity_text(signature.least, signature.most)
    yield Problem(path, f"{name!r} takes {wanted}, this one has {count}", "write its arguments as a list of that length")


def _arity_text(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} argument{'s' * (least != 1)}"
    span = str(least) if least == most else f"{least} to {most}"
    return f"{span} argument{'s' * (most != 1)}"


def _inside(place: _Place) -> Iterator[_Place]:
    node, path, depth = place.node, place.path, place.depth + 1
    if isinstance(node, list):
        for index, element in enumerate(node):
            yield _Place(element, (*path, index), depth, place.iterations)
    if not isinstance(node, dict):
        return
    name, given = next(iter(node.items()))
    if not isinstance(given, list):
        yield _Place(given, (*path, name), depth, place.iterations)
        return
    for index, element in enumerate(given):
        inner = name in ITERATIONS and index == 1
        yield _Place(element, (*path, name, index), depth, place.iterations + inner)
