"""wheel.yaml: stages, places outside, transitions."""

from __future__ import annotations

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Document, Place, Spot
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.patterns import pattern
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.program import Transition, Wheel


def read_stages(scope: Scope) -> None:
    """Fill `stages`; a workspace without a wheel is an error."""
    document = scope.files.one("wheel")
    if document is None:
        if "wheel" not in scope.files.unreadable:
            scope.report.add(
                "E105", Place("wheel.yaml"), "there is no wheel.yaml", "write one: `start`, `stages`, `transitions`"
            )
        scope.files.unreadable.add("wheel")
        return
    for spot in (*_listed(document, "stages"), *_listed(document, "outside")):
        if spot.text is None:
            continue
        if spot.text in scope.stages:
            scope.report.add("E313", spot.place, f"the stage `{spot.text}` stands here twice", "keep one of them")
        else:
            scope.stages.append(spot.text)


def _listed(document: Document, name: str) -> list[Spot]:
    found = document.root.get(name)
    return found.elements() if found is not None else []


def read_wheel(scope: Scope) -> Wheel:
    """The wheel; an empty one where the file does not give one."""
    document = scope.files.one("wheel")
    if document is None:
        return Wheel("", ())
    root = document.root
    if root.get("start") is not None:
        scope.names(root.get("start"), "stage")
    stages = tuple(spot.value for spot in _listed(document, "stages") if spot.text is not None)
    outside = tuple(spot.value for spot in _listed(document, "outside") if spot.text is not None)
    found = [_transition(spot, index, scope) for index, spot in enumerate(_listed(document, "transitions"))]
    return Wheel(root.text_of("start") or "", stages, outside, tuple(each for each in found if each is not None))


def check_stages(scope: Scope) -> None:
    """Report stages that no transition and no `move_to` leads to, and in which nobody begins."""
    document = scope.files.one("wheel")
    if document is None or "campaigns" in scope.files.unreadable:
        return
    root = document.root
    targets = (root.text_of("start"), *(spot.text_of("to") for spot in _listed(document, "transitions")))
    if any(name is not None and name not in scope.stages for name in targets):
        return  # one of them is misspelt, which is told
    entered = {root.text_of("start"), *(spot.text_of("to") for spot in _listed(document, "transitions"))}
    for campaign in scope.files.documents.get("campaigns", ()):
        entered |= {step.text_of("move_to") for step in every_step(campaign.root.get("then"))}
    for spot in (*_listed(document, "stages"), *_listed(document, "outside")):
        if spot.text is not None and spot.text not in entered and root.get("start") is not None:
            scope.report.add(
                "W508", spot.place, f"nothing enters the stage `{spot.text}`", "add a transition to it, or remove it"
            )


def _transition(spot: Spot, index: int, scope: Scope) -> Transition | None:
    sources = source.one_or_more() if (source := spot.get("from")) is not None else []
    known = [scope.names(source, "stage") for source in sources]
    known.append(scope.names(spot.get("to"), "stage"))
    on = spot.get("on")
    if on is not None and on.get("stage") is not None:
        scope.report.add(
            "E205", on.at("stage").key_place, "a transition cannot follow another transition", "use `event` or `without`"
        )
        return None
    found = pattern(on, f"wheel/{index}", scope) if on is not None else None
    view = View(events=(found.event,) if found is not None and found.event is not None else ())
    condition = conditions(spot.get("if"), view, scope)
    if found is None or not all(known):
        return None
    turn = spot.get("turn")
    names = frozenset(source.value for source in sources)
    return Transition(names, spot.at("to").value, found, condition, turn is not None and turn.value is True)
