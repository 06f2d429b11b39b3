"""profile.yaml: traits and features."""

from __future__ import annotations

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.reading import missing_in
from orchestrator.authoring.schemata import validator_of
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.program import Feature

_OF = ("sum", "first", "last", "min", "max", "mean", "distinct", "values")
_ALONE = ("count", "days_since", "open")
_BY_KEY = ("distinct", "values")


def read_profile(scope: Scope) -> None:
    """Fill `traits` and `features`."""
    document = scope.files.one("profile")
    if document is None:
        return
    traits = document.root.get("traits")
    if traits is not None and isinstance(traits.value, dict):
        scope.traits_validator = validator_of(traits, scope.report)
        scope.traits = traits.value if scope.traits_validator is not None else None
    features = document.root.get("features")
    members = features.members() if features is not None else []
    scope.feature_names = [name for name, _ in members]
    for name, spot in members:
        found = _feature(name, spot, scope)
        if found is not None:
            scope.features[name] = found


def _feature(name: str, spot: Spot, scope: Scope) -> Feature | None:
    kind = next((word for word in (*_OF, *_ALONE) if spot.get(word) is not None), None)
    if kind is None:
        return None
    _refuse_others(kind, spot, scope)
    event = spot.get("of" if kind in _OF else kind)
    known = scope.names(event, "event")
    closed = spot.get("closed_by")
    known = (closed is None or scope.names(closed, "event")) and known
    if event is None or event.text is None or not known:
        return None
    key, path = _subject(kind, spot, event.text, scope)
    over, at_most = spot.text_of("over"), spot.get("at_most")
    return Feature(
        name,
        kind,
        event.text,
        path,
        key,
        closed.text if closed is not None else None,
        int(over[:-1]) if over is not None and over[:-1].isdigit() else None,
        at_most.value if at_most is not None and isinstance(at_most.value, int) else None,
        conditions(spot.get("if"), View(events=(event.text,)), scope),
    )


def _refuse_others(kind: str, spot: Spot, scope: Scope) -> None:
    """Settings that this kind of feature does not read."""
    allowed = {"over", "if", kind}
    allowed |= {"of"} if kind in _OF else set()
    if kind == "open":
        allowed = {"open", "closed_by", "key"}
    if kind == "values":
        allowed |= {"at_most"}
    for word, member in spot.members():
        if word in ("of", "closed_by", "key", "over", "at_most", "if") and word not in allowed:
            fix = f"a feature with `{kind}` takes {', '.join(sorted(allowed))}"
            scope.report.add("E205", member.key_place, f"`{word}` does not go with `{kind}`", fix)


def _subject(kind: str, spot: Spot, event: str, scope: Scope) -> tuple[str | None, tuple[str, ...] | None]:
    """The correlation key or the path of the value."""
    if kind == "open":
        for word in ("open", "closed_by"):
            declares_key(spot.get("key"), spot.text_of(word), scope)
        return spot.text_of("key"), None
    if kind not in _OF:
        return None, None
    written = spot.get(kind)
    text = written.text if written is not None else None
    if written is None or text is None:
        return None, None
    if kind in _BY_KEY and "." not in text:
        declares_key(written, event, scope)
        return text, None
    return None, _path(written, text, event, scope)


def declares_key(spot: Spot | None, event: str | None, scope: Scope) -> bool:
    """Whether the event declares the key named at `spot`; reports it where not."""
    if spot is None or spot.text is None or event is None or event not in scope.events:
        return False
    keys = scope.events[event].keys
    if spot.text not in keys and event not in scope.vague:
        fix = did_you_mean(spot.text, keys) or f"declare it under `keys` of the event {event}"
        scope.report.add("E302", spot.place, f"{event} has no key `{spot.text}`", fix)
    return spot.text in keys


def _path(spot: Spot, text: str, event: str, scope: Scope) -> tuple[str, ...] | None:
    parts = tuple(text.split("."))
    if parts[0] not in ("properties", "traits", "context") or len(parts) == 1 or "" in parts:
        scope.report.add("E204", spot.place, f"`{text}` is not a place in the event", "write one such as properties.total")
        return None
    if "[]" in text:
        scope.report.add(
            "E204", spot.place, f"`{text}` goes through a list", "declare a key for it at the event, and name the key"
        )
        return None
    event_has(spot.place, parts, event, scope)
    return parts


def event_has(place: Place, parts: tuple[str, ...], event: str, scope: Scope) -> None:
    """Report at `place` an event that cannot carry a value at `parts`."""
    kind = scope.events.get(event)
    if parts[0] != "properties" or kind is None or kind.schema is None:
        return
    missing = missing_in(kind.schema, list(parts[1:]))
    if missing is not None:
        scope.report.add("E306", place, f"{event} has no property `{missing[0]}`", did_you_mean(*missing))
