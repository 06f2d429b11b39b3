"""A rule as a tree of plain JSON: an operator object's name and arguments, and what is known of its value."""

from __future__ import annotations

from typing import Any

from rules.operators import ITERATIONS, OPERATORS


def operation(node: dict[str, Any]) -> tuple[str, list[Any]]:
    """The operator of a node and its arguments as a list."""
    ((name, given),) = node.items()
    return name, given if given.__class__ is list else [given]


def gives_boolean(node: Any) -> bool:
    """Whether `node` gives true or false and nothing else, whatever the input."""
    if node.__class__ is not dict:
        return node.__class__ is bool
    name, arguments = operation(node)
    if name in ("and", "or"):
        return all(map(gives_boolean, arguments))
    if name in ("if", "?:"):
        return len(arguments) % 2 == 1 and all(map(gives_boolean, [*arguments[1::2], arguments[-1]]))
    return OPERATORS[name].boolean


def written_out(name: str, arguments: list[Any]) -> bool:
    """Whether it is an `in` whose array stands in the rule: what that costs, the rule's size bounds."""
    return name == "in" and arguments[1].__class__ is list


def metered(rule: Any) -> bool:
    """Whether its work depends on the size of what it reads: it loops, looks through values, or computes a path."""
    if rule.__class__ is list:
        return any(map(metered, rule))
    if rule.__class__ is not dict:
        return False
    name, arguments = operation(rule)
    computes = name == "var" and bool(arguments) and arguments[0].__class__ in (dict, list)
    heavy = OPERATORS[name].metered and not written_out(name, arguments)
    return name in ITERATIONS or computes or heavy or any(map(metered, arguments))


def weight_of(node: Any) -> int:
    """Steps that an evaluation of the node takes at most, loops in it aside: one a node, more for long paths and dates."""
    if node.__class__ is list:
        return 1 + sum(map(weight_of, node))
    if node.__class__ is not dict:
        return 1
    name, arguments = operation(node)
    if name == "var" and arguments and arguments[0].__class__ is str:
        return 1 + arguments[0].count(".") + sum(map(weight_of, arguments[1:]))
    return _WEIGHTS.get(name, 1) + sum(map(weight_of, arguments))


_WEIGHTS = {"before": 5, "after": 5, "days_between": 5, "ago": 5, "bucket": 5, "lookup": 3}
