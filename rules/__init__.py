"""The rule language: JSON-Logic with the official semantics, its preflight, compiler and tracing interpreter."""

from rules.condition import Condition, compile_condition, source_of
from rules.conjuncts import equalities
from rules.explanation import Trace
from rules.interpret import trace
from rules.problems import Problem, RuleError, preflight

__all__ = [
    "Condition",
    "Problem",
    "RuleError",
    "Trace",
    "compile_condition",
    "equalities",
    "preflight",
    "source_of",
    "trace",
]
