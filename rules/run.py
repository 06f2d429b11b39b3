"""One run through a rule with null put in at one place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final

from rules import truths
from rules.checking import type_of
from rules.nodes import operation
from rules.operators import ITERATIONS, OPERATORS
from rules.places import Environment, Node, Reading, Unlisted, reading
from rules.problems import Path
from rules.results import result
from rules.seen import Seen, Target, branch_of, changed_null, shift_through, test_of
from rules.twofold import (
    ALIKE,
    ANYHOW,
    FALSE,
    SAME,
    TRUE,
    alike,
    conjunction,
    disjunction,
    flipped,
    growing,
    negated,
    put,
    shift_of,
)  # fmt: skip
from rules.types import ANY, NULL, Member, Type, constant, list_of, number, record, union
from rules.values import segments_of, truthy

LOOKUP: Final[Path] = ("lookup",)
"""The scope of cells of tables."""
_EITHER = truths.EITHER


def read_at(node: Node, path: Any) -> Reading | Unlisted | None:
    """What a constant path reads at its place; None for a computed one. What `reduce` has gathered is no data."""
    if path.__class__ in (dict, list):
        return None
    segments = segments_of(path)
    found = reading(node.data, segments)
    if node.scope[-1:] == ("reduce",) and segments[:1] == ("accumulator",) and isinstance(found, Reading):
        return Reading(found.type)
    return found


def cell_of(rule: Any) -> str:
    """A name for what a `lookup` looks up: the same cell has the same."""
    return json.dumps(operation(rule)[1][:3], sort_keys=True)


def body_of(node: Node, environment: Environment) -> Node:
    """The body of an iteration, with what it reads."""
    name, given = node.arguments()
    source = type_of(given[0].rule, replace(environment, data=node.data))
    data = source.inner() if "list" in source.kinds else ANY
    if name == "reduce":
        gathered = type_of(node.rule, replace(environment, data=node.data))
        data = record(current=Member(data, always=True), accumulator=Member(gathered, always=True))
    return Node(given[1].rule, given[1].path, data, (*node.path, name))


@dataclass(frozen=True, slots=True)
class Run:
    """`touched`: the parts that the target may change (None: any); what the others are is kept in `plain` from run to run."""

    target: Target
    environment: Environment
    touched: frozenset[Path] | None = None
    plain: dict[Path, Seen] = field(default_factory=dict)

    def seen(self, node: Node) -> Seen:
        """What the part is in this run."""
        if self.touched is None or node.path in self.touched:
            return self._seen(node)
        if node.path not in self.plain:
            self.plain[node.path] = self._seen(node)
        return self.plain[node.path]

    def _seen(self, node: Node) -> Seen:
        if node.rule.__class__ is list:
            parts = [self.seen(each) for each in node.elements()]
            shift = ANYHOW if any(part.changed for part in parts) else SAME
            return Seen(list_of(union(*(part.type for part in parts))), alike({bool(parts)}), shift)
        if node.rule.__class__ is not dict:
            return Seen(constant(node.rule), alike({truthy(node.rule)}))
        name, given = node.arguments()
        if name in ITERATIONS:
            return self.iteration(name, node)
        return _SEEN.get(name, Run.eager)(self, name, given, node)

    # reads ----------------------------------------------------------------------------------------------------------------

    def reaches(self, node: Node, path: Any) -> bool:
        """Whether null was put in there, or on the way there."""
        found = read_at(node, path)
        units = found.units if isinstance(found, Reading) else ()
        return node.scope == self.target.scope and any(unit.path == self.target.path for unit in units)

    def emptied(self, node: Node, meant: Type) -> Seen:
        if self.target.only not in (None, node.path):
            return Seen(NULL, FALSE)
        return changed_null(meant)

    def variable(self, _name: str, given: list[Node], node: Node) -> Seen:
        path = given[0].rule if given else None
        found = read_at(node, path)
        if not isinstance(found, Reading):
            return Seen(ANY)
        default = given[1] if given[1:] and given[1].rule is not None else None
        if self.reaches(node, path):
            held = self.target.mode == "null" and self.target.path == ".".join(segments_of(path))
            return self.seen(default) if default is not None and not held else self.emptied(node, found.type)
        others = [NULL] if any(unit.null or default is None for unit in found.units) else []
        return Seen(union(found.type, *others, *([self.seen(default).type] if default is not None else [])))

    def missing(self, name: str, given: list[Node], node: Node) -> Seen:
        """The author's own question: whatever it answers, null made nothing true."""
        listed = given[0].elements() if given and given[0].rule.__class__ is list else given
        sure = name == "missing" and any(self.reaches(node, each.rule) for each in listed)
        return Seen(result(name, []), alike({True} if sure else _EITHER))

    def lookup(self, _name: str, given: list[Node], node: Node) -> Seen:
        cell = self.environment.cell(given[0].rule, given[2].rule)
        defaulted = bool(given[3:]) and given[3].rule is not None
        if self.target.scope == LOOKUP and self.target.path == cell_of(node.rule) and not defaulted:
            return self.emptied(node, cell)
        key = self.seen(given[1])
        default = self.seen(given[3]) if given[3:] else Seen(NULL, FALSE)
        if key.null:
            return default if defaulted else changed_null(cell)
        return Seen(union(cell, default.type), put(_EITHER) if key.changed else ALIKE, ANYHOW if key.changed else SAME)

    # tests ----------------------------------------------------------------------------------------------------------------

    def equality(self, name: str, given: list[Node], _node: Node) -> Seen:
        left, right = (self.seen(each) for each in given)
        found = truths.equal(left.type, right.type, strictly=len(name) == 3)  # noqa: PLR2004 - === and !==
        asked = given[0].rule is None or given[1].rule is None
        if asked:
            found = truths.equal(left.type, right.type, strictly=True)
        pairs = put(found) if not asked and (left.changed or right.changed) else alike(found)
        return test_of(negated(pairs) if name.startswith("!") else pairs)

    def order(self, name: str, given: list[Node], _node: Node) -> Seen:
        parts = [self.seen(each) for each in given]
        found = truths.ordered(name, [part.type for part in parts])
        if not any(part.changed for part in parts):
            return test_of(alike(found))
        if any(part.null for part in parts):
            return test_of(put(found))
        greater = parts if name in ("<", "<=") else parts[::-1]
        ways = [greater[-1].shift, flipped(greater[0].shift)]
        ways += [way for part in greater[1:-1] for way in (part.shift, flipped(part.shift))]
        return test_of(growing(found, frozenset().union(*ways)))

    def inside(self, name: str, given: list[Node], _node: Node) -> Seen:
        needle, hay = (self.seen(each) for each in (given if name == "in" else given[::-1]))
        rule = given[name == "in"].rule
        if needle.type.kinds == {"null"} and rule.__class__ is list and None in rule:
            return test_of(TRUE)
        found = truths.inside(needle.type, hay.type, rule)
        if name == "contains" and "list" not in hay.type.kinds and needle.type.kinds == {"null"}:
            found = truths.ONLY_FALSE
        if needle.changed:
            return test_of(put(found))
        return test_of(growing(found, hay.list_shift) if hay.changed else alike(found))

    def negation(self, name: str, given: list[Node], _node: Node) -> Seen:
        pairs = self.seen(given[0]).pairs if given else FALSE
        return test_of(negated(pairs) if name == "!" else pairs)

    def junction(self, name: str, given: list[Node], _node: Node) -> Seen:
        parts = [self.seen(each).pairs for each in given]
        return test_of(conjunction(parts) if name == "and" else disjunction(parts))

    def choice(self, _name: str, given: list[Node], _node: Node) -> Seen:
        steps = list(zip(given[0::2], given[1::2], strict=False))
        last = self.seen(given[-1]) if len(given) % 2 else Seen(NULL, FALSE)
        return reduce(lambda other, step: branch_of(self.seen(step[0]).pairs, self.seen(step[1]), other), reversed(steps), last)

    # lists ----------------------------------------------------------------------------------------------------------------

    def blocked(self, source: Node, scope: Path) -> bool:
        """Whether a `filter` in the source lets no element through in which null was put."""
        if self.target.scope != scope or source.rule.__class__ is not dict or "filter" not in source.rule:
            return False
        body = body_of(source, self.environment)
        passed = Run(replace(self.target, scope=body.scope, only=None), self.environment).seen(body).pairs
        inner = Run(replace(self.target, scope=body.scope), self.environment)
        return not any(p for p, _ in passed) or inner.blocked(source.arguments()[1][0], body.scope)

    def iteration(self, name: str, node: Node) -> Seen:
        given = node.arguments()[1]
        source, body_node = self.seen(given[0]), body_of(node, self.environment)
        body = Seen(type_of(body_node.rule, replace(self.environment, data=body_node.data)))
        if not self.blocked(given[0], body_node.scope):
            body = self.seen(body_node)
        if name in ("map", "filter", "reduce"):
            return self.listed(name, node, source, body)
        if name == "all":
            pairs = conjunction([body.pairs | TRUE, ALIKE])
            return test_of(pairs | put({False} if source.null else _EITHER) if source.changed else pairs)
        pairs = disjunction([body.pairs | FALSE, ALIKE])
        if source.changed:
            pairs |= put({False}) if source.null else growing(_EITHER, source.shift)
        return test_of(negated(pairs) if name == "none" else pairs)

    def listed(self, name: str, node: Node, source: Seen, body: Seen) -> Seen:
        if name == "filter":
            given = Seen(source.type, ALIKE, source.list_shift | shift_of(body.pairs))
            return replace(given, pairs=put(_EITHER)) if given.shift != SAME else given
        meant = type_of(node.rule, replace(self.environment, data=node.data))
        if name == "map":
            shift = ANYHOW if body.changed else source.list_shift
            return Seen(list_of(union(meant.inner(), body.type)), put(_EITHER) if shift != SAME else ALIKE, shift)
        arguments = node.arguments()[1]
        start = self.seen(arguments[2]) if arguments[2:] else Seen(NULL, FALSE)
        if not (start.changed or source.changed or body.changed):
            return Seen(union(meant, start.type))
        wide = Type((meant.kinds | body.type.kinds | start.type.kinds), element=meant.element, members=meant.members)
        return Seen(wide, put(_EITHER), ANYHOW)

    def count(self, name: str, given: list[Node], node: Node) -> Seen:
        parts = [self.seen(each) for each in given]
        meant = type_of(given[0].rule, replace(self.environment, data=node.data))
        if len(given) == 1 and "list" in meant.kinds:
            found = number(0, 0) if parts[0].null else result(name, [meant])
            return Seen(found, put(_EITHER) if parts[0].changed else ALIKE, parts[0].list_shift)
        shift = frozenset().union(*(shift_of(part.pairs) for part in parts))
        return Seen(number(0, len(parts)), put(_EITHER) if shift != SAME else ALIKE, shift)

    # the rest -------------------------------------------------------------------------------------------------------------

    def eager(self, name: str, given: list[Node], _node: Node) -> Seen:
        parts = [self.seen(each) for each in given]
        types = [part.type for part in parts]
        if not any(part.changed for part in parts):
            return Seen(result(name, types))
        emptied = any(part.null for part in parts)
        if OPERATORS[name].boolean:
            return test_of(put({False}) if emptied else growing(_EITHER, shift_through(name, parts)))
        if name == "merge":
            return Seen(list_of(ANY), put(_EITHER), ANYHOW)
        if emptied and name in ("lower", "ago", "days_between", "days", "hours", "minutes"):
            return changed_null(ANY)
        return Seen(result(name, types), put(_EITHER), shift_through(name, parts))


_SEEN: dict[str, Callable[[Run, str, list[Node], Node], Seen]] = {
    "var": Run.variable,
    "lookup": Run.lookup,
    "if": Run.choice,
    "?:": Run.choice,
    "count": Run.count,
    **dict.fromkeys(("missing", "missing_some"), Run.missing),
    **dict.fromkeys(("==", "!=", "===", "!=="), Run.equality),
    **dict.fromkeys(("<", "<=", ">", ">="), Run.order),
    **dict.fromkeys(("in", "contains"), Run.inside),
    **dict.fromkeys(("!", "!!"), Run.negation),
    **dict.fromkeys(("and", "or"), Run.junction),
}
