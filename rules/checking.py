"""The portable, typed fragment: which operators take what, so that a condition means the same in every engine.

Tests are true or false; `==` compares scalars of one kind; `<` compares numbers; only our own operators take dates; texts have
no order, and nothing is made a number or a text by the way. `cat` and `substr` build values and stand in no condition. What
no schema describes is let through. `rule` has passed preflight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rules.equality import comparable, listed
from rules.instants import duration_of, microseconds_of
from rules.operators import ITERATIONS
from rules.places import Environment, Node, Unlisted, reading
from rules.problems import Path, Problem, near
from rules.results import result
from rules.types import ANY, BOOLEAN, KINDS, NULL, Member, Type, constant, list_of, record, union
from rules.values import segments_of
from rules.wording import place_of, shown, told


def type_problems(rule: Any, environment: Environment, *, test: bool = True) -> list[Problem]:
    """Every mismatch of types; `test`: the rule decides (false: it builds a value, and may be of any type)."""
    checker = Checker(environment, portable=test)
    node = Node(rule, (), environment.data)
    if test:
        checker.test(node)
    else:
        checker.type_of(node)
    return list(dict.fromkeys(checker.problems))


def type_of(rule: Any, environment: Environment) -> Type:
    """The type of the rule's value, where nothing that it reads is empty."""
    return Checker(environment, portable=False).type_of(Node(rule, (), environment.data))


class Checker:
    """Types from the leaves up; problems on the way. `portable`: the rule is a condition."""

    def __init__(self, environment: Environment, *, portable: bool) -> None:
        self.environment = environment
        self.portable = portable
        self.problems: list[Problem] = []
        self.known: dict[Path, Type] = {}

    def type_of(self, node: Node) -> Type:
        """The type of a part, null only where the rule itself says so; each part is gone through once."""
        if node.path not in self.known:
            self.known[node.path] = self._type_of(node)
        return self.known[node.path]

    def _type_of(self, node: Node) -> Type:
        if node.rule.__class__ is list:
            return list_of(union(*map(self.type_of, node.elements())))
        if node.rule.__class__ is not dict:
            return constant(node.rule)
        name, given = node.arguments()
        if name in ITERATIONS:
            return self.iteration(name, given)
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, name, given, node)
        return result(name, [self.wanted(name, each, node) for each in given])

    def wrong(self, node: Node, message: str, fix: str, kind: str = "type") -> None:
        self.problems.append(Problem(place_of(node.rule, node.path), message, fix, kind))

    def test(self, node: Node) -> None:
        """A part that decides: true or false; the list that `missing` gives may decide too."""
        found = self.type_of(node)
        if not self.portable or found.unknown or found.kinds <= {"boolean"}:
            return
        if node.rule.__class__ is dict and next(iter(node.rule)) in ("missing", "missing_some"):
            return
        fix = 'compare it: write {"!=": […, null]} where you ask whether it is there'
        self.wrong(node, f"{shown(node.rule)} is {told(found)}, and a test must be true or false", fix)

    def expect(self, node: Node, kinds: frozenset[str], called: str, fix: str) -> Type:
        """The type of an argument that must be one of these kinds."""
        found = self.type_of(node)
        if not found.unknown and not found.kinds <= kinds and found.kinds:
            self.wrong(node, f"{called}, and {shown(node.rule)} is {told(found)}", fix)
            return ANY
        return found

    # operators ------------------------------------------------------------------------------------------------------------

    def wanted(self, name: str, node: Node, whole: Node) -> Type:
        """The argument of an operator that takes one kind."""
        kinds, called, fix = _TAKES.get(name, _ANYTHING)
        found = self.expect(node, kinds, f"`{name}` takes {called}", fix)
        if self.portable and name in ("cat", "substr"):
            self.wrong(whole, f"`{name}` builds a text, and is not admitted in a condition", "compare the values themselves")
        text = node.rule if node.rule.__class__ is str else None
        if text is not None and kinds is _DATES and microseconds_of(text) is None:
            self.wrong(node, f"{shown(text)} is not a date", "write one such as 2026-03-31 or 2026-03-31T09:00:00Z")
        if text is not None and name == "ago" and duration_of(text) is None:
            self.wrong(node, f"{shown(text)} is not a duration", "write {days: 30}, or 30d")
        return found

    def iteration(self, name: str, given: list[Node]) -> Type:
        source = self.expect(given[0], frozenset({"list"}), f"`{name}` goes through a list", "name one that is a list")
        element = source.inner() if "list" in source.kinds else ANY
        body = replace(given[1], data=element)
        if name == "reduce":
            return self.reduction(given, element)
        if name == "map":
            return list_of(self.type_of(body))
        self.test(body)
        return source if name == "filter" else BOOLEAN

    def reduction(self, given: list[Node], element: Type) -> Type:
        start = self.type_of(given[2]) if given[2:] else NULL
        accumulated = start
        for _ in range(2):  # what one round gives, the next one takes
            data = record(current=Member(element, always=True), accumulator=Member(accumulated, always=True))
            inner = Checker(self.environment, portable=self.portable)
            body = inner.type_of(replace(given[1], data=data))
            accumulated = union(Type(start.kinds), Type(body.kinds, element=body.element, members=body.members))
        self.problems += inner.problems
        return accumulated

    def variable(self, _name: str, given: list[Node], whole: Node) -> Type:
        if given and given[0].rule.__class__ in (dict, list):
            self.type_of(given[0])
            if self.portable:
                self.wrong(whole, "the path of this `var` is computed, so nothing can be said of it", "write the path out")
            return ANY
        segments = segments_of(given[0].rule) if given else ()
        found = reading(whole.data, segments)
        if isinstance(found, Unlisted):
            if whole.data is not self.environment.data:
                message = f"there is no `{found.name}` in what `{'.'.join(segments)}` reads here"
                self.wrong(whole, message, near(found.name, found.known), "unknown")
            return ANY
        if not given[1:] or given[1].rule is None:
            return found.type
        default = self.type_of(given[1])
        if found.type.unknown or default.unknown or default.kinds & found.type.kinds or not found.type.kinds:
            return union(found.type, default)
        if "time" in found.type.kinds and default.kinds == {"text"}:
            return found.type
        self.wrong(
            given[1], f"{shown(whole.rule)} is {told(found.type)}, and its default is {told(default)}", "write one alike"
        )
        return found.type

    def choice(self, _name: str, given: list[Node], _whole: Node) -> Type:
        count = len(given)
        for index in range(0, count - 1, 2):
            self.test(given[index])
        values = [given[index] for index in range(1, count, 2)]
        last = [given[-1]] if count % 2 else []
        return union(*(self.type_of(value) for value in (*values, *last)), *([] if last else [NULL]))

    def junction(self, _name: str, given: list[Node], _whole: Node) -> Type:
        for each in given:
            self.test(each)
        return BOOLEAN if self.portable else union(*(self.type_of(each) for each in given))

    def negation(self, _name: str, given: list[Node], _whole: Node) -> Type:
        for each in given:
            self.test(each)
        return BOOLEAN

    def equality(self, name: str, given: list[Node], whole: Node) -> Type:
        left, right = (self.type_of(each) for each in given)
        if given[0].rule is not None and given[1].rule is not None:
            self.problems += comparable(name, (given[0], left), (given[1], right), whole)
        return BOOLEAN

    def order(self, name: str, given: list[Node], whole: Node) -> Type:
        types = [self.type_of(each) for each in given]
        if all(each.kinds <= {"text", "time"} and each.kinds for each in types):
            dates = any("time" in each.kinds for each in types)
            fix = "use `before`, `after` or `days_between`" if dates else "compare with `==` or `in`, or keep it as a number"
            self.wrong(whole, f"`{name}` compares numbers; texts and dates have no order", fix)
            return BOOLEAN
        for each in given:
            self.expect(each, frozenset({"number"}), f"`{name}` compares numbers", _number_fix(each.rule))
        return BOOLEAN

    def inside(self, _name: str, given: list[Node], whole: Node) -> Type:
        needle, hay = (self.type_of(each) for each in given)
        self.problems += listed((given[0], needle), (given[1], hay), whole)
        return BOOLEAN

    def contains(self, _name: str, given: list[Node], whole: Node) -> Type:
        hay, needle = (self.type_of(each) for each in given)
        self.problems += listed((given[1], needle), (given[0], hay), whole)
        return BOOLEAN

    def count(self, name: str, given: list[Node], _whole: Node) -> Type:
        if len(given) == 1 and "list" in (found := self.type_of(given[0])).kinds:
            return result(name, [found])
        for each in given:
            self.test(each)
        return result(name, [BOOLEAN for _ in given])

    def lookup(self, _name: str, given: list[Node], _whole: Node) -> Type:
        self.expect(given[1], frozenset({"text", "number", "boolean"}), "`lookup` looks for one key", "name one value")
        found = self.environment.cell(given[0].rule, given[2].rule)
        return union(found, self.type_of(given[3])) if given[3:] and given[3].rule is not None else found

    def anything(self, name: str, given: list[Node], _whole: Node) -> Type:
        return result(name, [self.type_of(each) for each in given])


def _number_fix(rule: Any) -> str:
    if rule.__class__ is str and rule.startswith(("event.", "profile.", "stage.", "item.", "enrolment.")):
        return f"to read what stands there, write {{var: {rule}}}"
    if rule.__class__ is str:
        return "write the number without quotes" if rule.replace(".", "", 1).lstrip("-").isdigit() else "write a number"
    return "compare with `==` or `in`"


_DATES = frozenset({"time", "text"})
_ANYTHING: tuple[frozenset[str], str, str] = (KINDS, "anything", "")
_NUMBERS = (frozenset({"number"}), "numbers", "name a number, and write it without quotes")
_TEXTS = (frozenset({"text"}), "texts", "name a text")
_LISTS = (frozenset({"list"}), "lists", "name a list")
_TAKES: dict[str, tuple[frozenset[str], str, str]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "max", "min", "days", "hours", "minutes"), _NUMBERS),
    **dict.fromkeys(("lower", "starts_with", "ends_with"), _TEXTS),
    **dict.fromkeys(("any_of", "all_of"), _LISTS),
    **dict.fromkeys(
        ("before", "after", "days_between"),
        (_DATES, "dates", "name a property whose schema says `format: date-time` or `format: date`"),
    ),
    "ago": (frozenset({"number", "text"}), "a duration", "write {days: 30}, say"),
    "bucket": (frozenset({"number", "text"}), "a name and a number", 'write {bucket: ["NAME", 10]}'),
}

Special = Callable[[Checker, str, list[Node], Node], Type]
_SPECIAL: dict[str, Special] = {
    "var": Checker.variable,
    "if": Checker.choice,
    "?:": Checker.choice,
    **dict.fromkeys(("and", "or"), Checker.junction),
    **dict.fromkeys(("!", "!!"), Checker.negation),
    **dict.fromkeys(("==", "!=", "===", "!=="), Checker.equality),
    **dict.fromkeys(("<", "<=", ">", ">="), Checker.order),
    "in": Checker.inside,
    "contains": Checker.contains,
    "count": Checker.count,
    "lookup": Checker.lookup,
    **dict.fromkeys(("merge", "missing", "missing_some", "segment"), Checker.anything),
}
