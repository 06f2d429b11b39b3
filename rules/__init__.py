"""The rule language: JSON-Logic with the official semantics, its preflight, compiler and tracing interpreter."""

from rules.condition import Condition, compile_condition

__all__ = ["Condition", "compile_condition"]
