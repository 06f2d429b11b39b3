"""A compiled condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.bounds import bounded
from rules.emit import EMITTERS, TABLES
from rules.nodes import gives_boolean, metered
from rules.problems import RuleError, preflight
from rules.reads import reads_of
from rules.writer import Writer


@dataclass(frozen=True, slots=True)
class Condition:
    """One JSON-Logic expression, compiled to Python source.

    `value(data)` gives what the official semantics give; `holds(data)` its truth. Neither raises on JSON data; where it would
    take more than STEPS_MAX steps, the value is null. `reads` are
    the static variable paths ("profile.features.orders"); `reads_all` says that some path is computed, so anything may be
    read. `portable` says that no operator is ours alone.
    """

    rule: Any
    value: Callable[[Mapping[str, Any]], Any] = field(compare=False)
    holds: Callable[[Mapping[str, Any]], bool] = field(compare=False)
    reads: frozenset[str] = frozenset()
    reads_all: bool = False
    portable: bool = True


def compile_condition(rule: Any, tables: Mapping[str, Any] | None = None) -> Condition:
    """Compile `rule`; raises `rules.RuleError` (path, message, fix) for what preflight refuses."""
    checked = checked_rule(rule)
    reads = reads_of(checked)
    writer = _written(checked, bound=reads.builds)
    names = writer.names | {TABLES: tables or {}}
    exec(compile("\n".join(writer.functions), "<condition>", "exec"), names)  # noqa: S102 - our own source of a checked rule
    return Condition(
        rule=checked,
        value=names["value"],
        holds=names["holds"] if "holds" in names else names["value"],
        reads=frozenset(reads.paths),
        reads_all=reads.everything,
        portable=reads.portable,
    )


def source_of(rule: Any) -> str:
    """The Python source that `rule` is compiled to, to read."""
    checked = checked_rule(rule)
    return "\n".join(_written(checked, bound=reads_of(checked).builds).functions)


def checked_rule(rule: Any) -> Any:
    """A copy of `rule` in plain JSON types; raises `RuleError` for what preflight refuses."""
    problems = preflight(rule)
    if problems:
        raise RuleError(problems)
    return _plain(rule)


def _plain(node: Any) -> Any:
    """Subclasses that a YAML reader may leave (texts with positions) would miss every test of an exact class."""
    if isinstance(node, dict):
        return {str(name): _plain(given) for name, given in node.items()}
    if isinstance(node, list):
        return [_plain(element) for element in node]
    if node is None or isinstance(node, bool):
        return node
    return next(kind(node) for kind in (str, int, float) if isinstance(node, kind))


def _written(rule: Any, *, bound: bool) -> Writer:
    writer, counted = Writer(EMITTERS), metered(rule)
    writer.entry("value", rule, around=writer.name(bounded, "f_bounded") if bound else "", metered=counted)
    if counted or not gives_boolean(rule):
        writer.entry("holds", rule, test=True, metered=counted)
    return writer
