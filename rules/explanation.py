"""How a rule came to its value: the tree of evaluations that `explain` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.bounds import bounded
from rules.limits import SHOWN_WEIGHT_MAX


@dataclass(frozen=True, slots=True)
class Trace:
    """One evaluation: `op` (an operator, `list` or `constant`), its value, and the evaluations that led to it, in order.

    What was not evaluated, because an earlier argument decided, is not there. `path` is what a `var` reads. `given_up`: it
    would have taken more than STEPS_MAX steps, so its value is null.
    """

    op: str
    value: Any
    children: tuple[Trace, ...] = ()
    path: str | None = None
    given_up: bool = False

    def as_json(self) -> dict[str, Any]:
        """`{"op", "value", "children"}`, and `path` for a variable. A value too heavy to show is null."""
        shown: dict[str, Any] = {"op": self.op}
        if self.path is not None:
            shown["path"] = self.path
        if self.given_up:
            shown["given_up"] = True
        return shown | {
            "value": bounded(self.value, SHOWN_WEIGHT_MAX),
            "children": [child.as_json() for child in self.children],
        }
