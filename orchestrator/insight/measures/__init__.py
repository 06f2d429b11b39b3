"""Measures of a history: each a value with how many it rests on, its definition and an interval.

DuckDB works them out beside the engine; they need the extra `measures`.
"""

from orchestrator.insight.measures.groups import BY, OVER_TIME, periodic
from orchestrator.insight.measures.looks import Look
from orchestrator.insight.measures.measuring import Measured, Span, look_deeper, measure
from orchestrator.insight.measures.shapes import Cohort
from orchestrator.insight.measures.summing import Summed

__all__ = ["BY", "OVER_TIME", "Cohort", "Look", "Measured", "Span", "Summed", "look_deeper", "measure", "periodic"]
