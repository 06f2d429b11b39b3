"""What holds for every run: each step can be reached, and no loop goes on without a wait."""

from __future__ import annotations

from orchestrator.authoring.document import Spot
from orchestrator.authoring.naming import nested, verb_of
from orchestrator.authoring.scope import Scope


def check_reach(steps: Spot | None, scope: Scope) -> None:
    """Report the first step of each list that comes after the run has ended on every path."""
    elements = steps.elements() if steps is not None else []
    over = False
    for step in elements:
        if over:
            scope.report.add(
                "E507", step.place, "this step is never reached: the run has ended before", "remove it, or the `exit` before it"
            )
            break
        over = _ends(step)
    for step in elements:
        for inner in nested(step):
            check_reach(inner, scope)


def _ends(step: Spot) -> bool:
    """Whether every path through the step ends the run."""
    verb = verb_of(step)
    if verb == "exit":
        return True
    if verb in ("send", "wait_for", "task", "webhook"):
        return _all_end(step.get("then")) and _all_end(step.get("else"))
    if verb == "split":
        arms = step.at("arms").members()
        return bool(arms) and all(_all_end(arm.get("then")) for _, arm in arms)
    if verb == "branch":
        return _branch_ends(step.at("branch").elements())
    return False


def _branch_ends(parts: list[Spot]) -> bool:
    paths = [part.get("then") for part in parts if part.get("if") is not None]
    others = [other for part in parts if (other := part.get("else")) is not None]
    return bool(others) and all(_all_end(path) for path in (*paths, *others))


def _all_end(steps: Spot | None) -> bool:
    return steps is not None and any(_ends(step) for step in steps.elements())
