"""Whether a path such as `profile.features.orders` names something that can be read at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import Scope, View

_EVENT = ("event", "type", "messageId", "timestamp", "properties", "traits", "context")
_PROFILE = ("traits", "features", "segments", "user_id", "id")
_STAGE = ("current", "since", "previous", "turns")
RUN_WORDS = ("entered_at", "key", "arms")
"""What `enrolment` holds beside the answers of webhooks."""

Unknown = tuple[str, str]
"""message and fix"""


def unknown_in(path: str, view: View, scope: Scope) -> Unknown | None:
    """Why nothing of that name can be read here; None where it can, or where no schema says."""
    root, *rest = path.split(".")
    if root == "":
        return None
    reader = _READERS.get(root)
    if reader is None:
        return f"there is no `{root}` to read", whole_place(path, view, scope) or did_you_mean(root, _READERS)
    return reader(rest, view, scope)


def _stage(rest: list[str], _view: View, _scope: Scope) -> Unknown | None:
    return _fixed("stage", rest, _STAGE)


def _enrolment(rest: list[str], view: View, _scope: Scope) -> Unknown | None:
    return _fixed("enrolment", rest, (*RUN_WORDS, *view.saved)) if view.run else ("there is no run here", "")


def _now(rest: list[str], _view: View, _scope: Scope) -> Unknown | None:
    return ("`now` has no parts", "read `now` itself") if rest else None


def whole_place(path: str, view: View, scope: Scope) -> str:
    """Where something is read whose name is written without what it belongs to; empty where nothing is called so."""
    root = path.partition(".")[0]
    if root == "properties":
        return f"did you mean `event.{path}`?"
    if root in ("traits", "features", "segments"):
        return f"did you mean `profile.{path}`?"
    if root in scope.feature_names:
        return f"did you mean `profile.features.{path}`?"
    if root in _properties(scope.traits):
        return f"did you mean `profile.traits.{path}`?"
    if any(root in _of_event(event, scope) for event in view.events):
        return f"did you mean `event.properties.{path}`?"
    return ""


def _of_event(event: str, scope: Scope) -> dict[str, Any]:
    """The properties of an event."""
    kind = scope.events.get(event)
    return _properties(kind.schema) if kind is not None else {}


def _fixed(root: str, rest: list[str], known: Iterable[str]) -> Unknown | None:
    if not rest or rest[0] in known:
        return None
    return f"`{root}` has no `{rest[0]}`", did_you_mean(rest[0], known)


def _event(rest: list[str], view: View, scope: Scope) -> Unknown | None:
    if not view.events:
        return "there is no event to read here", "test a feature or a trait"
    if not rest or rest[0] not in ("properties", "traits"):
        wrong = _fixed("event", rest, _EVENT)
        meant = rest and any(rest[0] in _of_event(event, scope) for event in view.events)
        return (wrong[0], f"did you mean `event.properties.{'.'.join(rest)}`?") if wrong is not None and meant else wrong
    if rest[0] == "traits":
        return _traits(rest[1:], scope)
    return property_unknown(rest[1:], view.events, scope)


def property_unknown(names: list[str], events: tuple[str, ...], scope: Scope) -> Unknown | None:
    """Why none of these events carries `properties.NAMES`; None where one does or may."""
    found: Unknown | None = None
    for event in events:
        kind = scope.events.get(event)
        if kind is None or kind.schema is None:
            return None
        missing = missing_in(kind.schema, names)
        if missing is None:
            return None
        found = f"{event} has no property `{'.'.join(names)}`", did_you_mean(*missing)
    return found


def _item(rest: list[str], view: View, _scope: Scope) -> Unknown | None:
    if view.item is None:
        return "there is no item here", "`item` is there where the pattern in `on` has `each`"
    missing = missing_in(view.item, rest)
    return None if missing is None else (f"the item has no `{'.'.join(rest)}`", did_you_mean(*missing))


def _profile(rest: list[str], _view: View, scope: Scope) -> Unknown | None:
    if not rest:
        return None
    if rest[0] == "features" and len(rest) > 1:
        if rest[1] in scope.feature_names or scope.unreadable("feature"):
            return None
        return f"there is no feature `{rest[1]}`", did_you_mean(rest[1], scope.feature_names)
    if rest[0] == "traits":
        return _traits(rest[1:], scope)
    wrong = _fixed("profile", rest, _PROFILE)
    meant = whole_place(".".join(rest), View(), scope)
    return (wrong[0], meant) if wrong is not None and meant else wrong


def _traits(names: list[str], scope: Scope) -> Unknown | None:
    return trait_unknown(names, scope) if names else None


_READERS: dict[str, Callable[[list[str], View, Scope], Unknown | None]] = {
    "event": _event,
    "item": _item,
    "profile": _profile,
    "stage": _stage,
    "enrolment": _enrolment,
    "now": _now,
}


def trait_unknown(names: list[str], scope: Scope) -> Unknown | None:
    """Why profile.yaml lists no such trait; None where it does, or lists none at all."""
    missing = missing_in(scope.traits, names) if scope.traits is not None else None
    return None if missing is None else (f"there is no trait `{'.'.join(names)}`", did_you_mean(*missing))


def _properties(schema: Any) -> dict[str, Any]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def missing_in(schema: Any, names: list[str]) -> tuple[str, list[str]] | None:
    """The first of `names` that the JSON Schema does not list on the way down, with those it does; None if all may be there."""
    top = schema
    for name in names:
        schema = local(top, schema)
        if not isinstance(schema, dict) or any(
            word in schema for word in ("anyOf", "oneOf", "allOf", "patternProperties", "if")
        ):
            return None
        listed = _properties(schema)
        if name in listed:
            schema = listed[name]
        elif name.isdigit() and "items" in schema:
            schema = schema["items"]
        elif schema.get("additionalProperties") not in (None, False):
            schema = schema["additionalProperties"]
        elif listed or schema.get("additionalProperties") is False or _is_plain(schema):
            return name, list(listed)
        else:
            return None
    return None


def _is_plain(schema: dict[str, Any]) -> bool:
    """Whether the values are texts, numbers or truth values: they have no members."""
    kinds = schema.get("type")
    return bool(kinds) and not {"object", "array"} & set([kinds] if isinstance(kinds, str) else kinds or ())


def local(top: Any, schema: Any) -> Any:
    """Follow a `$ref` inside the same schema, a few steps at most; the schema itself where it leads nowhere."""
    for _ in range(8):
        pointer = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(pointer, str) or not pointer.startswith("#"):
            return schema
        found = top
        for member in pointer[1:].strip("/").split("/"):
            found = found.get(member) if isinstance(found, dict) else None
        schema = found
    return None


def schema_at(schema: Any, names: Iterable[str]) -> Any:
    """The sub-schema of the property at `names`; None where the schema does not say."""
    top = schema
    for name in names:
        schema = _properties(local(top, schema)).get(name)
    return local(top, schema)
