"""A compiled condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One JSON-Logic expression, compiled to Python source.

    `value(data)` gives what the official semantics give; `holds(data)` its truth. `reads` are the static variable paths
    ("profile.features.orders"); `reads_all` says that some path is computed, so anything may be read.
    """

    rule: Any
    value: Callable[[Mapping[str, Any]], Any] = field(compare=False)
    holds: Callable[[Mapping[str, Any]], bool] = field(compare=False)
    reads: frozenset[str] = frozenset()
    reads_all: bool = False
    portable: bool = True


def compile_condition(rule: Any, tables: Mapping[str, Any] | None = None) -> Condition:
    """Compile `rule`; raises `rules.RuleError` (path, message, fix) for what preflight refuses."""
    raise NotImplementedError
