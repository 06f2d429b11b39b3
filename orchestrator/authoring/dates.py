"""Patterns on a date that a profile holds: birthdays, the end of a contract."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Spot
from orchestrator.authoring.limits import WATCHED
from orchestrator.authoring.readable import environment_of
from orchestrator.authoring.reading import unknown_in
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.units import duration, minutes
from orchestrator.domain.calendar import zone_of
from orchestrator.domain.campaign import Dated, Pattern
from rules.places import Reading, reading
from rules.wording import told

_HELD = ("first", "last")
"""Kinds of features that hold a value as the event gave it."""


def dated(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    """A `date` pattern; None where it names no date of the profile."""
    held = spot.at("date")
    condition = conditions(spot.get("if"), replace(view, events=()), scope)
    if held.text is None or not _is_date(held, held.text, scope):
        return None
    zone = spot.get("zone")
    if zone is not None and zone.text is not None and zone_of(zone.text) is None:
        fix = "use an IANA name such as Europe/Rome, or leave it out: then the recipient's counts"
        scope.report.add("E204", zone.place, f"there is no time zone `{zone.text}`", fix)
    offset = duration(spot.text_of("offset")) or 0
    every = {"year": "year", "month": "month"}.get(spot.text_of("every") or "")
    path = tuple(held.text.split(".")[1:])
    found = Dated(path, every, minutes(spot.text_of("at")), offset, None if zone is None else zone.text)  # type: ignore[arg-type]
    watched(held, f"{ident} {found.name}", scope)
    return Pattern(ident, date=found, condition=condition)


def watched(spot: Spot, name: str, scope: Scope) -> None:
    """Note what a profile must keep for a pattern; a bounded record keeps so many."""
    if name not in scope.watched and len(scope.watched) >= WATCHED:
        message = f"patterns wait for more than {WATCHED} segments and dates, and a profile keeps no more"
        scope.report.add("E106", spot.place, message, "use fewer, or start with an event")
    scope.watched.add(name)


def _is_date(spot: Spot, text: str, scope: Scope) -> bool:
    """Whether a date stands there; reports it where not."""
    parts = text.split(".")
    if parts[:2] not in (["profile", "traits"], ["profile", "features"]) or len(parts) < 3:  # noqa: PLR2004 - a name after both
        scope.report.add("E204", spot.place, f"`{text}` is no date of a profile", "write one such as profile.traits.birthday")
        return False
    unknown = unknown_in(text, View(), scope)
    if unknown is not None:
        scope.report.add("E306", spot.place, *unknown)
        return False
    feature = scope.features.get(parts[2]) if parts[1] == "features" else None
    if parts[1] == "features" and (len(parts) > 3 or feature is None or feature.kind not in _HELD):  # noqa: PLR2004 - its parts
        if feature is not None:
            fix = "use a trait, or a feature with `first` or `last`"
            scope.report.add("E403", spot.place, f"`{text}` holds no date of its own", fix)
        return False
    return _typed(spot, parts, scope)


def _typed(spot: Spot, parts: list[str], scope: Scope) -> bool:
    found = reading(environment_of(View(), scope).data, tuple(parts))
    if not isinstance(found, Reading) or found.type.unknown or "time" in found.type.kinds:
        return True
    fix = "give it `format: date` or `format: date-time` in its schema"
    scope.report.add("E403", spot.place, f"`{spot.text}` is {told(found.type)}, not a date", fix)
    return False
