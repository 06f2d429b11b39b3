"""What a condition can read at its place, as a type: the event, the item, the profile, the stage, the run."""

from __future__ import annotations

from functools import cache
from typing import Any

from orchestrator.authoring.scope import UNDECLARED, Scope, View
from orchestrator.authoring.typed import type_of_schema
from orchestrator.domain.choices import CONFIRM, PREFERENCES, UNSUBSCRIBE
from orchestrator.domain.consent import GIVEN
from orchestrator.domain.program import Feature
from rules.places import Environment
from rules.types import ANY, NULL, NUMBER, TEXT, TIME, Member, Members, Type, constant, list_of, number, record, union

SURVEY_URL = "survey.url"
"""What a message that asks a survey prints."""
_COUNTS = ("count", "distinct", "open")
_ALWAYS = (*_COUNTS, "sum", "values")
"""Kinds of features that always have a value."""


def environment_of(view: View, scope: Scope) -> Environment:
    """What `view` lets a condition read. What no schema describes is of unknown type; what is broken elsewhere is left out."""
    if scope.environments is None:
        return _environment(view, scope)
    if view.name not in scope.environments:
        scope.environments[view.name] = view, _environment(view, scope)
    return scope.environments[view.name][1]


def _environment(view: View, scope: Scope) -> Environment:
    there: dict[str, Member] = {
        "profile": _always(_profile(scope)),
        "stage": _always(_stage()),
        "now": _always(TIME),
    }
    if view.events and all(_declared(name, scope) for name in view.events):
        there["event"] = Member(_event(view.events, scope), "event" not in view.sometimes)
    if view.item is not None and view.item is not UNDECLARED:
        there["item"] = Member(type_of_schema(view.item), "item" not in view.sometimes)
    if view.run:
        there["enrolment"] = _always(_enrolment(view))
    return Environment(record(**there), lambda table, column: _cell(table, column, scope))


def text_environment(view: View, scope: Scope) -> Type:
    """What a template reads beside its inputs: as for a condition, without segments; no event, item or user id is null."""
    found = environment_of(view, scope).data
    event, item, profile = (_member(found, name) for name in ("event", "item", "profile"))
    known = {name: member for name in ("stage", "enrolment", "now") if (member := _member(found, name)) is not None}
    if view.run and not view.events:
        known["event"] = _always(NULL)
    for name, member in (("event", event), ("item", item)):
        if member is not None:
            known[name] = _always(member.type if member.always else union(member.type, NULL))
    known |= {name: _always(TEXT) for name in (UNSUBSCRIBE, PREFERENCES)}
    if GIVEN in view.events or "" in view.events:
        known[CONFIRM] = _always(TEXT)
    if view.survey:
        known["survey"] = _always(record(url=_always(TEXT)))
    if view.merged:
        known["items"] = _always(list_of(_joined(known.pop("item", None), known.get("event")), filled=True))
    if profile is not None:
        person = {name: each for name in ("traits", "features") if (each := _member(profile.type, name)) is not None}
        known["profile"] = _always(record(user_id=_always(union(TEXT, NULL)), **person))
    return record(**known)


def _joined(item: Member | None, event: Member | None) -> Type:
    """What one of `items` may be: the run's item, or its event where it has none."""
    if item is None:
        return ANY if event is None else event.type
    return union(item.type, ANY if event is None else event.type) if "null" in item.type.kinds else item.type


def _member(holder: Type, name: str) -> Member | None:
    return holder.members.get(name) if holder.members is not None else None


def _declared(event: str, scope: Scope) -> bool:
    """Whether the event is in the catalogue, and its schema, if it has one, can be used."""
    return event in scope.events and (event not in scope.validators or scope.validators[event] is not None)


def _always(found: Type) -> Member:
    return Member(found, always=True)


def _stage() -> Type:
    return record(current=_always(TEXT), since=_always(TIME), previous=Member(TEXT), turns=_always(number(low=0)))


def _enrolment(view: View) -> Type:
    saved = {name: Member(ANY) for name in view.saved}
    arms = Type(frozenset({"object"}), members=Members(lambda _: Member(TEXT)))
    key = union(TEXT, NULL)
    return record(**{**saved, "entered_at": _always(TIME), "key": _always(key), "arms": _always(arms)})


def _event(events: tuple[str, ...], scope: Scope) -> Type:
    """Any of the events; a property that one of them does not list may be absent."""
    given = union(*(_properties(scope.events[name].schema) for name in events))
    traits = Member(_traits(scope, always=False))
    return record(
        event=_always(TEXT),
        type=_always(TEXT),
        messageId=_always(TEXT),
        timestamp=_always(TIME),
        properties=_always(given),
        traits=traits,
        context=Member(ANY),
    )


def _properties(schema: Any) -> Type:
    found = type_of_schema(schema) if schema is not None else ANY
    return Type(frozenset({"object"}), members=found.members) if "object" in found.kinds else ANY


def _profile(scope: Scope) -> Type:
    known = cache(lambda name: _feature(scope.features.get(name), scope))
    features = Members(known, tuple(scope.feature_names))
    return record(
        traits=_always(_traits(scope, always=True)),
        features=_always(Type(frozenset({"object"}), members=features)),
        segments=_always(list_of(Type(frozenset({"text"}), frozenset(("text", name) for name in scope.segments)))),
        id=_always(TEXT),
        user_id=Member(TEXT),
    )


def _traits(scope: Scope, *, always: bool) -> Type:
    """The profile's traits; of an event's traits each may be absent."""
    if scope.traits is None:
        document = scope.files.one("profile")
        broken = document is None or document.root.get("traits") is not None
        return record() if broken else Type(frozenset({"object"}))
    members = _properties(scope.traits).members
    if always or members is None:
        return Type(frozenset({"object"}), members=members)

    def get(name: str) -> Member | None:
        found = members.get(name)
        return None if found is None else Member(found.type)

    return Type(frozenset({"object"}), members=Members(get, members.names))


def _feature(feature: Feature | None, scope: Scope) -> Member | None:
    if feature is None:
        return None
    return Member(_feature_type(feature, scope), feature.kind in _ALWAYS)


def _feature_type(feature: Feature, scope: Scope) -> Type:
    if feature.kind in (*_COUNTS, "days_since"):
        return number(low=0) if feature.kind != "days_since" else NUMBER
    if feature.key is not None:
        return list_of(TEXT)
    value = _value(feature, scope)
    if feature.kind == "values":
        return list_of(value.inner() if "list" in value.kinds else value)
    if feature.kind in ("first", "last"):
        return value
    if feature.kind == "sum":
        return number(low=0) if value.low >= 0 else NUMBER
    return number(value.low, value.high) if "number" in value.kinds else NUMBER


def fits_feature(value: Any, feature: Feature, scope: Scope) -> bool:
    """Whether the feature can have that value, null and absence left out; its elements are not looked at."""
    wanted, found = _feature_type(feature, scope), constant(value)
    kinds = wanted.kinds | ({"text"} if "time" in wanted.kinds else frozenset())
    inside = "number" not in found.kinds or (wanted.low <= found.low and found.high <= wanted.high)
    return wanted.unknown or (found.kinds <= kinds and inside)


def _value(feature: Feature, scope: Scope) -> Type:
    """What the feature is made of, null and absence left out."""
    event, path = scope.events.get(feature.event), feature.path or ()
    if event is None or event.schema is None or path[:1] != ("properties",):
        return ANY
    found = type_of_schema(event.schema)
    for name in path[1:]:
        member = found.members.get(name) if found.members is not None else None
        found = member.type if member is not None else ANY
    return found if found.unknown else Type(found.kinds - {"null"}, found.values, found.low, found.high, found.element)


def _cell(table: Any, column: Any, scope: Scope) -> Type:
    """A table's cells: a column holds numbers, or texts."""
    rows = scope.tables.get(table) if isinstance(table, str) else None
    cells = [row[column] for row in (rows or {}).values() if isinstance(column, str) and column in row]
    if not cells:
        return ANY
    return NUMBER if isinstance(cells[0], int | float) else TEXT
