"""Events that campaigns wait for, and that recorded events do not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from orchestrator.authoring.catalogue import BUILT_IN
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.scope import Scope

_READS = ("event", "broadcast", "without", "open", "closed_by", "of", "count", "days_since")
"""Settings that name an event which is waited for or counted."""


def check_seen(seen: Collection[str], scope: Scope) -> None:
    """Report each event of the catalogue that is waited for and not among those seen; ours are those that steps emit."""
    kinds = ("campaigns", "wheel", "profile")
    documents = [document for kind in kinds for document in scope.files.documents.get(kind, ())]
    wanted = {name for document in documents for name in _named(document.value)}
    campaigns = scope.files.documents.get("campaigns", ())
    own = {step.at("emit").text_of("event") for document in campaigns for step in every_step(document.root.get("then"))}
    for document in scope.files.documents.get("events", ()):
        name = document.root.text_of("event")
        if name in wanted and name not in seen and name not in own and name not in BUILT_IN:
            message = f"`{name}` is waited for, and has not been seen in the recorded events"
            scope.report.add("W511", document.root.at("event").place, message, "is that how its emitter names it?")


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (found for word in _READS if isinstance(found := value.get(word), str))
        for member in value.values():
            yield from _named(member)
    for element in value if isinstance(value, list) else ():
        yield from _named(element)
