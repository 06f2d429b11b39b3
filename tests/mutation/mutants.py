"""Mutants of one module: its source with one small change each, by mutmut's operators.

mutmut itself leaves decorated classes and properties alone, and most of what grants leave is a dataclass. So only its operators
are used, on everything but annotations, decorators, bases and what is written in three quotes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from pathlib import Path
from random import Random

import libcst as cst
from libcst.metadata import CodePosition, MetadataWrapper, WhitespaceInclusivePositionProvider

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mutmut.mutation.mutators import mutation_operators

_UNTOUCHED_CALLS = {"len", "isinstance", "field", "cast"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`before` and `after` are the lines that differ, told without their indentation; `inside` a function they are."""

    source: str
    place: int
    before: str
    after: str
    inside: bool

    @property
    def name(self) -> tuple[str, str]:
        """What tells it apart within its file, wherever its lines move."""
        return self.before, self.after


class _Changes(cst.CSTVisitor):
    """Collects (node, what stands in its place, whether inside a function)."""

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, bool]] = []
        self._depth = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return False
        if isinstance(node, cst.ClassDef):
            node.body.visit(self)
            return False
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _UNTOUCHED_CALLS:
            return False
        self._depth += isinstance(node, cst.FunctionDef)
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += ((node, other, self._depth > 0) for other in operator(node))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._depth -= isinstance(original_node, cst.FunctionDef)


def mutants_of(path: Path, most: int | None = None) -> Iterator[Mutant]:
    """Every mutant that still is Python, each once; or so many changes, drawn at random but the same each time."""
    original, changes, known = _Original(path.read_text(encoding="utf-8")), _Changes(), set[str]()
    original.module.visit(changes)
    drawn = changes.found if most is None or most >= len(changes.found) else Random(1).sample(changes.found, most)
    for node, other, inside in drawn:
        source = original.with_instead(node, other)
        if source not in known and _compiles(source, path):
            known.add(source)
            yield _told(original.text, source, inside=inside)


class _Original:
    """A module's text, and where in it each node stands: much faster than putting trees together anew."""

    def __init__(self, text: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.text, self.module = text, wrapper.module
        self._places = wrapper.resolve(WhitespaceInclusivePositionProvider)
        self._lines = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]

    def with_instead(self, node: cst.CSTNode, other: cst.CSTNode) -> str:
        """The text with the other node in that one's place."""
        place = self._places[node]
        if place.start.line != place.end.line:  # its text alone has lost how far it is indented
            return cst.ensure_type(self.module.deep_replace(node, other), cst.Module).code
        return self.text[: self._at(place.start)] + self.module.code_for_node(other) + self.text[self._at(place.end) :]

    def _at(self, place: CodePosition) -> int:
        return self._lines[place.line - 1] + place.column


def _compiles(source: str, path: Path) -> bool:
    try:
        compile(source, path, "exec")
    except SyntaxError:
        return False
    return True


def _told(original: str, source: str, *, inside: bool) -> Mutant:
    old, new = original.splitlines(), source.splitlines()
    first = _alike(old, new)
    last = min(_alike(old[::-1], new[::-1]), len(old) - first, len(new) - first)
    lines = _joined(old[first : len(old) - last]), _joined(new[first : len(new) - last])
    return Mutant(source, first + 1, *lines, inside)


def _alike(one: list[str], other: list[str]) -> int:
    """So many lines are the same at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _joined(lines: Iterable[str]) -> str:
    return " ".join(line.strip() for line in lines)
