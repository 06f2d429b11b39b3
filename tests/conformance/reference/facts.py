"""What is known of a profile from its events: keys, features, consent, segments, and the scope that a condition reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.reference import logic
from tests.conformance.reference.times import DAY, iso, needed, utc_day

WINDOWED_BUCKETS = 32


def values_at(tree: Any, path: str) -> list[Any]:
    """Every value at a path such as `properties.products[].product_id`; null counts as absent."""
    found = [tree]
    for part in path.split("."):
        name, many = part.removesuffix("[]"), part.endswith("[]")
        found = [node[name] for node in found if isinstance(node, Mapping) and node.get(name) is not None]
        if many:
            found = [item for node in found if isinstance(node, list) for item in node]
    return [value for value in found if value is not None]


def keys_of(workspace: dict[str, Any], event: dict[str, Any], key: str) -> list[Any]:
    """The values of a declared key in an event."""
    path = ((workspace["events"].get(event["name"]) or {}).get("keys") or {}).get(key)
    return [] if path is None else values_at(event, path)


def elements_of(workspace: dict[str, Any], event: dict[str, Any], key: str) -> list[tuple[Any, Any]]:
    """(key, element) for `each`: the elements of the list that the key's path goes through, those with the key."""
    path = ((workspace["events"].get(event["name"]) or {}).get("keys") or {}).get(key)
    if path is None:
        return []
    if "[]" not in path:
        return [(value, {path.rpartition(".")[2]: value}) for value in values_at(event, path)]
    outer, _, inner = path.partition("[].")
    items = values_at(event, outer + "[]")
    return [(value, item) for item in items for value in values_at(item, inner)]


def same(left: Any, right: Any) -> bool:
    """Whether two key values are equal."""
    return logic.strictly(left, right)


def last_at(profile: dict[str, Any], name: str) -> int | None:
    """When the last event of that name occurred."""
    return max((event["at"] for event in profile["events"] if event["name"] == name), default=None)


def window_start(days: int, now: int) -> int:
    """The first instant of `over: Nd`.

    Up to 32 days: the current UTC day and the N-1 before it. Above: the buckets of ceil(N/32) days, aligned to 1970-01-01,
    that touch those days.
    """
    first = utc_day(now) - days + 1
    bucket = -(-days // WINDOWED_BUCKETS)
    return first // bucket * bucket * DAY


def window_end(days: int, now: int) -> int:
    """The first instant after the window: the end of the bucket in which the current UTC day lies."""
    bucket = -(-days // WINDOWED_BUCKETS)
    return (utc_day(now) // bucket + 1) * bucket * DAY


class Features(Mapping[str, Any]):
    """The features of a profile now; those that are absent are no members."""

    def __init__(self, workspace: dict[str, Any], profile: dict[str, Any], now: int) -> None:
        self.workspace, self.profile, self.now = workspace, profile, now

    def __getitem__(self, name: str) -> Any:
        feature = self.workspace["features"].get(name)
        found = None if feature is None else self._value(feature)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.workspace["features"] if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _events(self, feature: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """Its events by (occurred_at, message id), those in the window for which its `if` holds."""
        found = [event for event in self.profile["events"] if event["name"] == name]
        if "over" in feature:
            days = needed(feature["over"]) // DAY
            start, end = window_start(days, self.now), window_end(days, self.now)
            found = [event for event in found if start <= event["at"] < end]
        if "if" in feature:
            found = [event for event in found if logic.holds(feature["if"], _bare(self.workspace, event))]
        return sorted(found, key=lambda event: (event["at"], event["id"]))

    def _values(self, feature: dict[str, Any], path: str) -> list[Any]:
        """The values at a path, or of a declared key, in order."""
        events = self._events(feature, feature["of"])
        if "." in path:
            return [value for event in events for value in values_at(event, path)]
        return [value for event in events for value in keys_of(self.workspace, event, path)]

    def _value(self, feature: dict[str, Any]) -> Any:
        kind = next(name for name in ("count", "days_since", "open", *AGGREGATES) if name in feature)
        if kind == "count":
            return len(self._events(feature, feature["count"]))
        if kind == "days_since":
            events = self._events(feature, feature["days_since"])
            return utc_day(self.now) - utc_day(events[-1]["at"]) if events else None
        if kind == "open":
            return self._open(feature)
        return AGGREGATES[kind](self._values(feature, feature[kind]))

    def _open(self, feature: dict[str, Any]) -> int:
        """Keys whose latest opening is later than their latest closing."""
        opened, closed = {}, {}
        for event in self._events(feature, feature["open"]):
            opened.update(dict.fromkeys(keys_of(self.workspace, event, feature["key"]), event["at"]))
        for event in self._events({}, feature["closed_by"]):
            closed.update(dict.fromkeys(keys_of(self.workspace, event, feature["key"]), event["at"]))
        return sum(1 for key, at in opened.items() if key not in closed or at > closed[key])


def _numbers(values: list[Any]) -> list[float]:
    return [value for value in values if logic.kind(value) == "number"]


def _sum(values: list[Any]) -> float:
    """Exact to 10⁻⁶."""
    return sum(round(value * 1_000_000) for value in _numbers(values)) / 1_000_000


def _mean(values: list[Any]) -> float | None:
    numbers = _numbers(values)
    return _sum(numbers) / len(numbers) if numbers else None


def _different(values: list[Any]) -> list[Any]:
    return list({(logic.kind(value), value): value for value in values}.values())


AGGREGATES: dict[str, Any] = {
    "sum": _sum,
    "mean": _mean,
    "min": lambda values: min(_numbers(values), default=None),
    "max": lambda values: max(_numbers(values), default=None),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "distinct": lambda values: len(_different(values)),
    "values": _different,
}


class Segments(list[str]):
    """Names of the segments a profile is in; each is judged when asked for."""

    def __init__(self, workspace: dict[str, Any], scope: dict[str, Any]) -> None:
        super().__init__(name for name, rule in workspace["segments"].items() if logic.holds(rule["if"], scope))


class Known(dict[str, Any]):
    """The `profile` of a scope; segments are worked out only when read."""

    def __init__(self, workspace: dict[str, Any], scope: dict[str, Any], members: dict[str, Any]) -> None:
        super().__init__(members)
        self.workspace, self.scope = workspace, scope

    def get(self, name: str, default: Any = None) -> Any:  # type: ignore[override]
        return self[name] if name == "segments" else super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        return Segments(self.workspace, self.scope) if name == "segments" else super().__getitem__(name)


def _bare(workspace: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    return {"event": shown(event), "tables": workspace["tables"]}


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """An event as a condition reads it."""
    return {"name": event["name"], "properties": event["properties"], "occurred_at": iso(event["at"])}


def name_of(profile: dict[str, Any]) -> str:
    """The first known user id, or else the anonymous one."""
    return profile["user"] or profile["anonymous"]


def scope_of(
    workspace: dict[str, Any],
    profile: dict[str, Any],
    now: int,
    *,
    event: dict[str, Any] | None = None,
    run: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What a condition reads. A run's own event is passed by the caller: its trigger, or an answer."""
    scope: dict[str, Any] = {"now": iso(now), "tables": workspace["tables"]}
    traits = {name: value for name, (_, value) in profile["traits"].items()}
    members = {
        "id": name_of(profile),
        "user_id": profile["user"],
        "traits": traits,
        "features": Features(workspace, profile, now),
    }
    scope["profile"] = Known(workspace, scope, members)
    scope["stage"] = {"current": profile["stage"], "since": iso(profile["since"]), "turns": profile["turns"]}
    if profile["previous"] is not None:
        scope["stage"]["previous"] = profile["previous"]
    if event is not None:
        scope["event"] = shown(event)
    if run is not None:
        scope["enrolment"] = {"campaign": run["campaign"], "entered_at": iso(run["entered"])}
        if run["item"] is not None:
            scope["item"] = run["item"]
    return scope


def consented(workspace: dict[str, Any], profile: dict[str, Any], topic: str | None, channel: str) -> bool:
    """The latest word by (occurred_at, message id) on this topic and channel; without one, what the topic assumes."""
    said = [
        event
        for event in profile["events"]
        if event["name"] in {"Consent Given", "Consent Withdrawn"}
        and event["properties"].get("topic") == topic
        and event["properties"].get("channel") in (None, channel)
    ]
    if said:
        return max(said, key=lambda event: (event["at"], event["id"]))["name"] == "Consent Given"
    declared = (workspace["policies"].get("topics") or {}).get(topic) or {}
    return declared.get("consent", "asked") == "assumed"
