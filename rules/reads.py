"""What a rule reads: its static variable paths, and whether anything may be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rules.nodes import operation
from rules.operators import BUILDERS, ITERATIONS, OPERATORS
from rules.values import segments_of


@dataclass(slots=True)
class Reads:
    """`paths` are read at the top; `everything` says that some path is computed, or the whole input is read."""

    paths: set[str] = field(default_factory=set)
    everything: bool = False
    portable: bool = True
    builds: bool = False
    """Some operator can give a value larger than the input."""

    def note(self, path: Any) -> None:
        """A path as `var` and `missing` take it."""
        segments = () if path.__class__ in (list, dict) else segments_of(path)
        if segments:
            self.paths.add(".".join(segments))
        else:
            self.everything = True


def reads_of(rule: Any) -> Reads:
    """What a rule that passed preflight reads."""
    found = Reads()
    for node, local in _nodes(rule, local=False):
        if node.__class__ is list:
            found.builds = found.builds or any(element.__class__ in (list, dict) for element in node)
            continue
        name, arguments = operation(node)
        signature = OPERATORS[name]
        found.portable = found.portable and signature.portable
        found.builds = found.builds or name in BUILDERS
        if signature.reads:
            found.paths.add(signature.reads)
        if not local:
            _note_variables(found, name, arguments)
    return found


def _note_variables(found: Reads, name: str, arguments: list[Any]) -> None:
    if name == "var":
        found.note(arguments[0] if arguments else None)
    elif name == "missing":
        listed = arguments[0] if arguments and arguments[0].__class__ is list else arguments
        for path in listed:
            found.note(path)
    elif name == "missing_some":
        for path in arguments[1] if arguments[1].__class__ is list else [arguments[1]]:
            found.note(path)


def _nodes(node: Any, *, local: bool) -> Iterator[tuple[Any, bool]]:
    """Every operator and array, with whether it stands in the body of an iteration."""
    if node.__class__ is list:
        yield node, local
        for element in node:
            yield from _nodes(element, local=local)
    elif node.__class__ is dict:
        yield node, local
        name, arguments = operation(node)
        for index, argument in enumerate(arguments):
            yield from _nodes(argument, local=local or (name in ITERATIONS and index == 1))
