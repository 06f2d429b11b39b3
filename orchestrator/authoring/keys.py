"""Keys that a run has: what its trigger does not carry, nothing later can match."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.authoring.document import Spot
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.patterns import brings
from orchestrator.authoring.scope import Scope


def check_keys(scope: Scope) -> None:
    """Report patterns of a run that ask for a key which no event that begins it has."""
    for document in scope.files.documents.get("campaigns", ()):
        root = document.root
        begun = _events(root, scope)
        for pattern in _later(root) if begun else ():
            key, event = pattern.get("key"), brings(pattern) or ""
            declared = key is not None and event in scope.events and key.text in scope.events[event].keys
            if key is not None and declared and not any(key.text in scope.events[name].keys for name in begun):
                message = f"the run has no `{key.text}`: {' and '.join(begun)} does not carry that key, so this never comes"
                scope.report.add("E302", key.place, message, f"declare the key at {begun[0]}, or leave it out")


def _events(root: Spot, scope: Scope) -> list[str]:
    """The events that begin a run; none where something else may begin it, or their keys are not known."""
    on = root.get("on")
    found = [brings(part) for part in (on.one_or_more() if on is not None else [])]
    names = [name for name in found if name is not None and name in scope.events and name not in scope.vague]
    return names if len(names) == len(found) else []


def _later(root: Spot) -> Iterator[Spot]:
    awaited = [step.get("wait_for") for step in every_step(root.get("then"))]
    for spot in (root.get("goal"), root.get("exit"), *awaited):
        yield from spot.one_or_more() if spot is not None else ()
