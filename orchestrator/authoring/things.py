"""Events about things: a campaign broadcasts them, they happen to nobody, and nothing else hears them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.authoring.catalogue import BUILT_IN
from orchestrator.authoring.document import Spot
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.scope import Scope

_FEATURE_READS = ("of", "count", "days_since", "open", "closed_by")


def mark_things(scope: Scope) -> None:
    """Mark the events that some pattern broadcasts."""
    for pattern in _patterns(scope):
        kind = scope.events.get(pattern.text_of("broadcast") or "")
        if kind is not None:
            scope.events[kind.name] = replace(kind, thing=True)


def check_things(scope: Scope) -> None:
    """Report whatever else would hear an event about a thing."""
    for pattern in _patterns(scope):
        told = pattern.get("broadcast")
        if told is not None and told.text in BUILT_IN:
            message = f"{told.text} is a customer's own word, and not about a thing"
            scope.report.add("E522", told.place, message, "broadcast an event of your own")
    for spot in _hearers(scope):
        kind = scope.events.get(spot.text or "")
        if kind is not None and kind.thing and kind.name not in BUILT_IN:
            message = f"{kind.name} is about a thing, because a campaign broadcasts it: no customer ever has it"
            scope.report.add("E522", spot.place, message, "use `broadcast` here too, or another event, which customers have")


def _hearers(scope: Scope) -> Iterator[Spot]:
    """Wherever an event is named that must happen to a customer."""
    found = [pattern.get(word) for pattern in _patterns(scope) for word in ("event", "without")]
    profile = scope.files.one("profile")
    features = profile.root.get("features") if profile is not None else None
    for _, feature in features.members() if features is not None else ():
        found += [feature.get(word) for word in _FEATURE_READS]
    for document in scope.files.documents.get("campaigns", ()):
        found += [step.at("emit").get("event") for step in every_step(document.root.get("then"))]
    yield from (spot for spot in found if spot is not None)


def _patterns(scope: Scope) -> Iterator[Spot]:
    """Every pattern of the wheel and the campaigns."""
    wheel = scope.files.one("wheel")
    transitions = wheel.root.get("transitions") if wheel is not None else None
    for spot in transitions.elements() if transitions is not None else ():
        if (on := spot.get("on")) is not None:
            yield on
    for document in scope.files.documents.get("campaigns", ()):
        root = document.root
        waits = (step.get("wait_for") for step in every_step(root.get("then")))
        for found in (root.get("on"), root.get("goal"), root.get("exit"), *waits):
            yield from found.one_or_more() if found is not None else ()
