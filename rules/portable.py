"""Where a condition that passes the check may still mean something else in another engine of JSON-Logic.

The check admits what means one thing here, such as our own operators, `missing` (to which an empty text is missing) or a
quotient by what may be zero. Here they are told, with the reason, to those who want to take their rules elsewhere.
A condition of which nothing is told here has the same truth in json-logic-js and datalogic: `tests/conformance/portable.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rules.checking import type_of
from rules.exposed import exposed
from rules.operators import ITERATIONS, OPERATORS
from rules.places import Environment, Node, Reading, reading
from rules.problems import Path, Problem
from rules.run import body_of
from rules.types import Type
from rules.values import segments_of
from rules.wording import place_of, shown

_SPAN = re.compile(r"(?:[0-9]+[dhms]:?)+|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*")
"""Texts that an engine may take for a length of time or an instant: it then compares what they mean."""
_INHERITED: Final = frozenset(
    {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"}
)
"""Members that every object of JavaScript has; those that begin with two underscores too."""
_REPEATED: Final = "`{}` counts {} as missing, and not every engine does"


def portability_problems(rule: Any, environment: Environment) -> list[Problem]:
    """Every part that is ours only, in reading order. `rule` has passed preflight, `type_problems` and `null_problems`."""
    whole = Node(rule, (), environment.data)
    return list(dict.fromkeys(_Reading(environment, exposed(whole, environment)).told(whole)))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way through a rule. `exposed`: where null reaches an operator that minds it."""

    environment: Environment
    exposed: Mapping[Path, str]

    def told(self, node: Node) -> Iterator[Problem]:
        if node.rule.__class__ is list:
            for each in node.elements():
                yield from self.told(each)
        if node.rule.__class__ is not dict:
            return
        name, given = node.arguments()
        if node.path in self.exposed:
            yield from self.empty(node)
        if not OPERATORS[name].portable:
            yield _ours(node.path, f"`{name}` is an operator of ours", "compare with a standard operator, or with a feature")
        elif name in _OF:
            yield from _OF[name](name, given, node, self.environment)
        for index, each in enumerate(given):
            inside = name in ITERATIONS and index == 1
            yield from self.told(body_of(node, self.environment) if inside else each)

    def empty(self, node: Node) -> Iterator[Problem]:
        taker = self.exposed[node.path]
        message = f"{shown(node.rule)} may be empty, and what `{taker}` makes of null is not the same everywhere"
        yield _ours(place_of(node.rule, node.path), message, 'ask first: {"!==": [{var: …}, null]}')


def _ours(path: Path, message: str, fix: str) -> Problem:
    return Problem(path, message, fix, "ours")


def _variable(_name: str, given: list[Node], node: Node, _environment: Environment) -> Iterator[Problem]:
    path = given[0].rule if given else None
    for segment in () if path.__class__ in (dict, list) else segments_of(path):
        if segment in _INHERITED or segment.startswith("__"):
            yield _ours(node.path, f"every object of JavaScript has a `{segment}`", "give it another name")


def _missing(name: str, given: list[Node], _node: Node, _environment: Environment) -> Iterator[Problem]:
    wanted = given[1:] if name == "missing_some" else given
    for each in wanted[0].elements() if wanted and wanted[0].rule.__class__ is list else wanted:
        if each.rule.__class__ in (dict, list):
            yield _ours(each.path, f"what `{name}` asks for is computed", "write the paths out")
            continue
        found = reading(each.data, segments_of(each.rule))
        if not isinstance(found, Reading):
            continue
        held = any(unit.null and unit.path == ".".join(segments_of(each.rule)) for unit in found.units)
        if held or _may_be_empty_text(found.type):
            what = "null" if held else "an empty text"
            yield _ours(each.path, _REPEATED.format(name, what), 'ask {"==": [{var: …}, null]}')


def _may_be_empty_text(found: Type) -> bool:
    return "text" in found.kinds and (found.values is None or ("text", "") in found.values)


def _quotient(name: str, given: list[Node], _node: Node, environment: Environment) -> Iterator[Problem]:
    divisor = type_of(given[1].rule, Environment(given[1].data, environment.cell))
    if divisor.low <= 0 <= divisor.high:
        message = f"{shown(given[1].rule)} may be 0, and `{name}` by it is an error in other engines"
        yield _ours(given[1].path, message, "multiply the other side instead, or divide by {max: […, 1]}")


def _inside(_name: str, given: list[Node], node: Node, environment: Environment) -> Iterator[Problem]:
    needle, hay = (type_of(each.rule, Environment(each.data, environment.cell)) for each in given)
    if "list" not in hay.kinds and _may_be_empty_text(needle) and _may_be_empty_text(hay):
        yield _ours(node.path, "an empty text is in an empty text in some engines only", "look for a text that is not empty")
    listed = given[1].elements() if given[1].rule.__class__ is list else []
    yield from _spans([given[0], *listed])


def _merged(_name: str, given: list[Node], _node: Node, environment: Environment) -> Iterator[Problem]:
    for each in given:
        if "null" in type_of(each.rule, Environment(each.data, environment.cell)).inner().kinds:
            yield _ours(each.path, f"{shown(each.rule)} may hold null, which some engines leave out", "filter it out first")


def _reduced(name: str, _given: list[Node], node: Node, environment: Environment) -> Iterator[Problem]:
    if "null" in type_of(node.rule, Environment(node.data, environment.cell)).kinds:
        yield _ours(node.path, f"`{name}` starts with null, or a round gives null", "give it a third value to start with")


def _equal(name: str, given: list[Node], node: Node, environment: Environment) -> Iterator[Problem]:
    asked = [each for each in given if each.rule is not None]
    if len(asked) == 1 and len(name) == 2:  # noqa: PLR2004 - == and !=
        found = type_of(asked[0].rule, Environment(asked[0].data, environment.cell))
        if _loosely_null(found):
            message = f"{shown(asked[0].rule)} may be empty or 0 where it is there, and some engines find that `{name}` to null"
            yield _ours(node.path, message, f"write `{name}=`")
    yield from _spans(given)


def _loosely_null(found: Type) -> bool:
    """Whether it may be a value that an engine takes for equal to null, or does not compare with it at all."""
    no = found.values is None or ("boolean", False) in found.values
    return bool(
        {"list", "object"} & found.kinds
        or _may_be_empty_text(found)
        or ("boolean" in found.kinds and no)
        or ("number" in found.kinds and found.low <= 0 <= found.high)
    )


def _spans(parts: list[Node]) -> Iterator[Problem]:
    for part in parts:
        if part.rule.__class__ is str and _SPAN.fullmatch(part.rule):
            message = f"{shown(part.rule)} is a length of time or an instant to some engines"
            yield _ours(part.path, message, "compare with another word")


_OF: Final[dict[str, Callable[[str, list[Node], Node, Environment], Iterator[Problem]]]] = {
    "var": _variable,
    **dict.fromkeys(("missing", "missing_some"), _missing),
    **dict.fromkeys(("/", "%"), _quotient),
    "in": _inside,
    "merge": _merged,
    "reduce": _reduced,
    **dict.fromkeys(("==", "!=", "===", "!=="), _equal),
}
