"""The table of operators: what each takes, gives and reads. Preflight and both evaluators read this one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from rules import extension, standard
from rules.values import loose, strict

Context = Literal["", "scope", "root", "tables"]


@dataclass(frozen=True, slots=True)
class Signature:
    """One operator.

    `call` evaluates it from evaluated arguments, after what `context` names: the innermost scope, the whole input, or the
    tables. Without `call` the evaluators know it, because it decides which arguments are evaluated, and on what.
    `least` and `most` count arguments; `most` None has no bound. `reads` are fixed paths. `boolean`: it gives true or false.
    """

    least: int
    most: int | None
    call: Callable[..., Any] | None = None
    context: Context = ""
    boolean: bool = False
    portable: bool = True
    reads: str | None = None
    metered: bool = False
    """It goes through values of any size: the meter comes before all else that `call` is given."""


def _test(least: int, most: int | None, call: Callable[..., bool]) -> Signature:
    return Signature(least, most, call, boolean=True)


def _ours(least: int, most: int | None, call: Callable[..., Any], context: Context = "", reads: str | None = None) -> Signature:
    return Signature(least, most, call, context, portable=False, reads=reads)


def _our_test(least: int, most: int | None, call: Callable[..., bool]) -> Signature:
    return Signature(least, most, call, boolean=True, portable=False)


def _metered(signature: Signature) -> Signature:
    return replace(signature, metered=True)


ITERATIONS = frozenset({"map", "filter", "reduce", "all", "some", "none"})
"""Operators whose second argument is evaluated on each element of the first."""

BUILDERS = frozenset({"map", "filter", "reduce", "merge"})
"""Operators that can give a value larger than their input."""

STANDARD: dict[str, Signature] = {
    "var": Signature(0, 2),
    "if": Signature(0, None),
    "?:": Signature(0, None),
    "and": Signature(1, None),
    "or": Signature(1, None),
    "map": Signature(2, 2),
    "filter": Signature(2, 2),
    "reduce": Signature(2, 3),
    "all": Signature(2, 2, boolean=True),
    "some": Signature(2, 2, boolean=True),
    "none": Signature(2, 2, boolean=True),
    "==": _test(2, 2, loose),
    "!=": _test(2, 2, standard.unequal),
    "===": _test(2, 2, strict),
    "!==": _test(2, 2, standard.strictly_unequal),
    "<": _test(2, 3, standard.below),
    "<=": _test(2, 3, standard.at_most),
    ">": _test(2, 2, standard.above),
    ">=": _test(2, 2, standard.at_least),
    "!": _test(0, 1, standard.negation),
    "!!": _test(0, 1, standard.truth),
    "in": _metered(_test(2, 2, standard.within)),
    "cat": _metered(Signature(0, None, standard.cat)),
    "substr": _metered(Signature(2, 3, standard.substr)),
    "+": Signature(0, None, standard.plus),
    "*": Signature(1, None, standard.times),
    "-": Signature(1, 2, standard.minus),
    "/": Signature(2, 2, standard.divide),
    "%": Signature(2, 2, standard.remainder),
    "max": Signature(1, None, standard.greatest),
    "min": Signature(1, None, standard.smallest),
    "merge": _metered(Signature(0, None, standard.merge)),
    "missing": _metered(Signature(0, None, standard.missing, "scope")),
    "missing_some": _metered(Signature(2, 2, standard.missing_some, "scope")),
}

EXTENSION: dict[str, Signature] = {
    "before": _our_test(2, 2, extension.before),
    "after": _our_test(2, 2, extension.after),
    "days_between": _ours(2, 2, extension.days_between),
    "ago": _ours(1, 1, extension.ago, "root", "now"),
    "days": _ours(1, 1, extension.days),
    "hours": _ours(1, 1, extension.hours),
    "minutes": _ours(1, 1, extension.minutes),
    "lower": _metered(_ours(1, 1, extension.lower)),
    "contains": _metered(_our_test(2, 2, extension.contains)),
    "starts_with": _our_test(2, 2, extension.starts_with),
    "ends_with": _our_test(2, 2, extension.ends_with),
    "any_of": _metered(_our_test(2, 2, extension.any_of)),
    "all_of": _metered(_our_test(2, 2, extension.all_of)),
    "count": _ours(1, None, extension.count),
    "segment": Signature(1, 1, extension.segment, "root", boolean=True, portable=False, reads="profile.segments"),
    "lookup": _ours(3, 4, extension.lookup, "tables"),
    "bucket": _ours(2, 2, extension.bucket, "root", "profile.id"),
}

OPERATORS: dict[str, Signature] = STANDARD | EXTENSION

NOT_ADMITTED = {"log": "it writes to a console", "method": "it calls into the host language"}
"""Operators of other engines that a condition must not use, with the reason."""


def function_of(name: str) -> Callable[..., Any]:
    """The function of an operator that takes evaluated arguments."""
    call = OPERATORS[name].call
    if call is None:
        raise TypeError(f"{name!r} decides which arguments are evaluated: it has no function of evaluated ones")
    return call


FAMILIAR = {
    "=": "==", "eq": "==", "equals": "==", "is": "==", "ne": "!=", "<>": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=",
    "&&": "and", "&": "and", "||": "or", "|": "or", "not": "!", "concat": "cat", "any": "some", "length": "count",
}  # fmt: skip
"""What authors write who know other languages, and what they mean."""
