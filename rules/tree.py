"""Our operators on the tree and registry of `python-jsonlogic` (`import jsonlogic`): the interpreter that can say why.

The library parses a rule into operator objects (`JSONLogicExpression`), finds their classes (`OperatorRegistry`) and carries
the data (`EvaluationContext` and its stack of scopes). None of its own 14 operators is registered: they raise on an absent
variable, a mixed comparison or an unusual count of arguments, compare without coercion, and lack `and`, `or`, `!`, `in`,
`===`, `missing` and more, while the official semantics has an answer in each case. Of its reading of references only the
split at dots is kept: `@1` would choose an outer scope (and raise on a customer's `a@1.example`), and an index beyond the
end of an array raises. A second key of an operator object, which it drops in silence, never comes past preflight.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from jsonlogic.core import JSONLogicExpression, Operator
from jsonlogic.evaluation import EvaluationContext
from jsonlogic.registry import OperatorRegistry
from jsonlogic.resolving import DotReferenceParser, ParsedReference

from rules.explanation import Trace
from rules.limits import TRACED_ITEMS_MAX
from rules.meter import full, spend
from rules.nodes import weight_of
from rules.operators import ITERATIONS, OPERATORS, function_of
from rules.standard import among, segments
from rules.values import ABSENT, member, to_text, truthy


class WholeReferenceParser(DotReferenceParser):
    """Dots separate members, `@` is a character like any other, and the empty text is a member's name too."""

    def __call__(self, reference: str) -> tuple[ParsedReference, int]:
        return ParsedReference(reference, reference.split(".")), 0


class RuleContext(EvaluationContext):
    """The data of one evaluation: the stack of scopes, the whole input and the tables."""

    def __init__(self, root: Any, tables: Mapping[str, Any]) -> None:
        super().__init__(root, settings={"reference_parser": WholeReferenceParser()})
        self.root = root
        self.tables = tables
        self.meter = full()

    @property
    def scope(self) -> Any:
        return self.data_stack.tail[0]

    @contextmanager
    def inside(self, element: Any) -> Iterator[None]:
        """Evaluate with `element` as the scope."""
        with self.data_stack.push((element, None)):
            yield

    def read(self, path: str) -> Any:
        """What stands at a dotted path of the scope; ABSENT where nothing does."""
        reference, _ = self.settings.reference_parser(path)
        return member(self.scope, reference.segments, ABSENT)


def traced(node: Any, context: RuleContext) -> Trace:
    """Evaluate an operator, an array or a constant."""
    if isinstance(node, TracedOperator):
        return node.trace(context)
    if isinstance(node, list):
        children = tuple(traced(element, context) for element in node)
        return Trace("list", [child.value for child in children], children)
    return Trace("constant", node)


@dataclass
class TracedOperator(Operator):
    """An operator that says how it came to its value."""

    arguments: list[Any]

    @classmethod
    def from_expression(cls, operator: str, arguments: list[Any]) -> Self:
        return cls(operator, arguments)

    def evaluate(self, context: EvaluationContext) -> Any:
        if not isinstance(context, RuleContext):
            raise TypeError("evaluate our operators with a rules.tree.RuleContext")
        return self.trace(context).value

    @abstractmethod
    def trace(self, context: RuleContext) -> Trace:
        """The value, with the evaluations that led to it."""

    def explained(self, value: Any, children: Iterable[Trace]) -> Trace:
        return Trace(self.operator, value, tuple(children))


class Eager(TracedOperator):
    """Evaluates every argument, then calls the function in the table of operators."""

    def trace(self, context: RuleContext) -> Trace:
        signature = OPERATORS[self.operator]
        children = [traced(argument, context) for argument in self.arguments]
        before = [context.meter] if signature.metered else []
        before += [getattr(context, signature.context)] if signature.context else []
        return self.explained(function_of(self.operator)(*before, *(child.value for child in children)), children)


class Within(Eager):
    """`in`: what is written out in the rule costs no steps."""

    def trace(self, context: RuleContext) -> Trace:
        if not isinstance(self.arguments[1], list):
            return super().trace(context)
        children = [traced(argument, context) for argument in self.arguments]
        return self.explained(among(*(child.value for child in children)), children)


class Variable(TracedOperator):
    """Reads a path of the scope; its second argument stands for what is absent."""

    def trace(self, context: RuleContext) -> Trace:
        children = [traced(self.arguments[0], context)] if self.arguments else []
        path = children[0].value if children else None
        shown = children if children and children[0].op != "constant" else []
        if shown:
            segments(context.meter, path)
        text = "" if path is None else to_text(path)
        value = context.scope if path is None or path == "" else context.read(text)
        if value is ABSENT and len(self.arguments) > 1:
            default = traced(self.arguments[1], context)
            shown = [*shown, default]
            value = default.value
        return Trace(self.operator, None if value is ABSENT else value, tuple(shown), path=text)


class Choice(TracedOperator):
    """`if`: the value after the first test that holds, else the last one that stands alone, else null."""

    def trace(self, context: RuleContext) -> Trace:
        children: list[Trace] = []
        waiting = iter(self.arguments)
        for argument in waiting:
            children.append(traced(argument, context))
            value = next(waiting, ABSENT)
            if value is ABSENT:
                return self.explained(children[-1].value, children)
            if truthy(children[-1].value):
                children.append(traced(value, context))
                return self.explained(children[-1].value, children)
        return self.explained(None, children)


class Junction(TracedOperator):
    """`and`: the first value that fails, else the last one; `or`: the first that holds, else the last one."""

    def trace(self, context: RuleContext) -> Trace:
        decisive = self.operator == "or"
        children: list[Trace] = []
        for argument in self.arguments:
            children.append(traced(argument, context))
            if truthy(children[-1].value) is decisive:
                break
        return self.explained(children[-1].value, children)


@dataclass
class Loop(TracedOperator):
    """Its second argument is evaluated on each element of the first, which costs `weight` steps."""

    weight: int = 1

    @classmethod
    def from_expression(cls, operator: str, arguments: list[Any]) -> Self:
        return cls(operator, arguments, weight_of(_rule_of(arguments[1])))


class Iteration(Loop):
    """map, filter, all, some, none: the second argument on each element of the first, as far as it decides."""

    def trace(self, context: RuleContext) -> Trace:
        source = traced(self.arguments[0], context)
        elements = source.value if isinstance(source.value, list) else []
        children, values = [source], []
        for element in elements:
            spend(context.meter, self.weight)
            with context.inside(element):
                child = traced(self.arguments[1], context)
            values.append(child.value)
            if len(children) <= TRACED_ITEMS_MAX:
                children.append(child)
            if self._decided(child.value):
                break
        return self.explained(self._result(elements, values), children)

    def _decided(self, value: Any) -> bool:
        return self.operator in ("some", "none", "all") and truthy(value) is (self.operator != "all")

    def _result(self, elements: list[Any], values: list[Any]) -> Any:
        match self.operator:
            case "map":
                return values
            case "filter":
                return [element for element, value in zip(elements, values, strict=True) if truthy(value)]
            case "all":
                return bool(values) and all(map(truthy, values))
            case "some":
                return any(map(truthy, values))
            case _:
                return not any(map(truthy, values))


class Reduction(Loop):
    """reduce: folds the elements of the first argument with the second, from the third or null."""

    def trace(self, context: RuleContext) -> Trace:
        children = [traced(argument, context) for argument in (self.arguments[0], *self.arguments[2:])]
        source, value = children[0].value, children[1].value if children[1:] else None
        shown = len(children) + TRACED_ITEMS_MAX
        for element in source if isinstance(source, list) else []:
            spend(context.meter, self.weight)
            with context.inside({"current": element, "accumulator": value}):
                child = traced(self.arguments[1], context)
            value = child.value
            if len(children) < shown:
                children.append(child)
        return self.explained(value, children)


def _rule_of(node: Any) -> Any:
    """What the tree was made of."""
    if isinstance(node, TracedOperator):
        return {node.operator: [_rule_of(argument) for argument in node.arguments]}
    return [_rule_of(element) for element in node] if isinstance(node, list) else node


def _registry() -> OperatorRegistry:
    registry = OperatorRegistry()
    lazy = {"var": Variable, "if": Choice, "?:": Choice, "and": Junction, "or": Junction, "reduce": Reduction, "in": Within}
    for name in OPERATORS:
        registry.register(name, lazy.get(name) or (Iteration if name in ITERATIONS else Eager))
    return registry


REGISTRY = _registry()


def tree_of(rule: Any) -> Any:
    """The operator tree of a rule that passed preflight; a rule that is no operator object is an array or a constant."""
    choice = JSONLogicExpression.from_json({"if": [rule]}).as_operator_tree(REGISTRY)
    return choice.arguments[0] if isinstance(choice, TracedOperator) else choice
