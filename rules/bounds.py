"""A bound on the values that expressions give, so that no rule can build what the rest of the engine cannot carry."""

from __future__ import annotations

from typing import Any

from rules.limits import VALUE_DEPTH_MAX, VALUE_WEIGHT_MAX


def bounded(value: Any, heaviest: int = VALUE_WEIGHT_MAX) -> Any:
    """`value`, or None where it weighs more than `heaviest` or is deeper than VALUE_DEPTH_MAX.

    An array that holds another one twice weighs it twice: that is what it costs once written down.
    """
    if value.__class__ is not list and value.__class__ is not dict:
        return value
    weight = 0
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        container, depth = waiting.pop()
        if depth > VALUE_DEPTH_MAX:
            return None
        weight += len(container)
        if weight > heaviest:
            return None
        for element in container.values() if container.__class__ is dict else container:
            if element.__class__ is list or element.__class__ is dict:
                waiting.append((element, depth + 1))
            elif element.__class__ is str:
                weight += len(element)
    return value if weight <= heaviest else None
