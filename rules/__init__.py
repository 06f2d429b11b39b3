"""The rule language: JSON-Logic with the official semantics, its preflight, types, compiler and tracing interpreter."""

from rules.checking import type_problems
from rules.condition import Condition, compile_condition, source_of
from rules.conjuncts import equalities, thresholds
from rules.explanation import Trace
from rules.interpret import trace
from rules.places import Environment
from rules.portable import portability_problems
from rules.problems import Problem, RuleError, preflight
from rules.safety import null_problems

__all__ = [
    "Condition",
    "Environment",
    "Problem",
    "RuleError",
    "Trace",
    "compile_condition",
    "equalities",
    "null_problems",
    "portability_problems",
    "preflight",
    "source_of",
    "thresholds",
    "trace",
    "type_problems",
]
