"""The console's measures: worked out by a process of their own, one at a time, and remembered for a while.

A page never waits for them. It asks the `Desk`, which answers at once with what is known and since when, and has worked out
what is not known or not fresh.
"""

from orchestrator.console.measures.desk import Desk, Known, few
from orchestrator.console.measures.question import Answered, Question

__all__ = ["Answered", "Desk", "Known", "Question", "few"]
