"""A rule as a tree of plain JSON: an operator object's name and arguments, and what is known of its value."""

from __future__ import annotations

from typing import Any

from rules.operators import OPERATORS


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
