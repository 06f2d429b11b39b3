"""The tracing interpreter: slower than a compiled condition, and able to say why. Each is the other's oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rules.bounds import bounded
from rules.condition import checked_rule
from rules.explanation import Trace
from rules.meter import GivenUp
from rules.reads import reads_of
from rules.tree import RuleContext, traced, tree_of


def trace(rule: Any, data: Any, tables: Mapping[str, Any] | None = None) -> Trace:
    """Evaluate `rule` on `data` and say how; raises `rules.RuleError` for what preflight refuses."""
    checked = checked_rule(rule)
    try:
        found = traced(tree_of(checked), RuleContext(data, tables or {}))
    except GivenUp:
        return Trace(next(iter(checked)), None, given_up=True)
    return replace(found, value=bounded(found.value)) if reads_of(checked).builds else found
