"""Features: commutative monoids over a profile's events, in buckets of UTC days where they have a window.

So late events, any order and merges give the same value. States are plain JSON; sums are integers in millionths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from orchestrator.domain.calendar import utc_day
from orchestrator.domain.input import Event
from orchestrator.domain.keys import at_path, key_values
from orchestrator.domain.limits import BUCKETS, DAY_MS, SET_SIZE, SUM_MAX_MICRO
from orchestrator.domain.program import Feature, Program

MICRO = 1_000_000
ABSENT: Any = object()
"""What a feature without any event has for a value."""

State = Any
Fold = Callable[[State | None, Any, int, str], State]


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _micro(value: float) -> int:
    return value * MICRO if isinstance(value, int) else round(value * MICRO)


def _plain(micro: int) -> int | float:
    whole, rest = divmod(micro, MICRO)
    return micro / MICRO if rest else whole


def width_of(feature: Feature) -> int:
    """Days in one bucket of this feature's window."""
    days = feature.over_days or 0
    return 1 if days <= BUCKETS else -(-days // BUCKETS)


def _first_bucket(feature: Feature, now: int) -> int:
    assert feature.over_days is not None  # noqa: S101 - callers test it
    return (utc_day(now) - feature.over_days + 1) // width_of(feature)


def _fold_count(state: State | None, _value: Any, _at: int, _id: str) -> State:
    return (state or 0) + 1


def _fold_sum(state: State | None, value: Any, _at: int, _id: str) -> State:
    return _bounded((state or 0) + _micro(value))


def _bounded(micro: int) -> int:
    return max(-SUM_MAX_MICRO, min(SUM_MAX_MICRO, micro))


def _fold_mean(state: State | None, value: Any, _at: int, _id: str) -> State:
    total, count = state or (0, 0)
    return [_bounded(total + _micro(value)), count + 1]


def _fold_min(state: State | None, value: Any, _at: int, _id: str) -> State:
    return value if state is None or value < state else state


def _fold_max(state: State | None, value: Any, _at: int, _id: str) -> State:
    return value if state is None or value > state else state


def _fold_first(state: State | None, value: Any, at: int, ident: str) -> State:
    return [at, ident, value] if state is None or (at, ident) < (state[0], state[1]) else state


def _fold_last(state: State | None, value: Any, at: int, ident: str) -> State:
    return [at, ident, value] if state is None or (at, ident) > (state[0], state[1]) else state


def _fold_latest(state: State | None, _value: Any, at: int, _id: str) -> State:
    return at if state is None or at > state else state


def _fold_set(state: State | None, value: Any, at: int, _id: str) -> State:
    """Element → its latest occurrence."""
    found: dict[str, list[Any]] = state if state is not None else {}
    for element in value:
        name = f"{type(element).__name__}:{element}"
        known = found.get(name)
        if known is None or at > known[0]:
            found[name] = [at, element]
    return _newest(found)


def _newest(found: dict[str, list[Any]], most: int = SET_SIZE) -> dict[str, list[Any]]:
    if len(found) <= most:
        return found
    kept = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[:most]
    return dict(kept)


_FOLDS: dict[str, Fold] = {
    "count": _fold_count,
    "sum": _fold_sum,
    "mean": _fold_mean,
    "min": _fold_min,
    "max": _fold_max,
    "first": _fold_first,
    "last": _fold_last,
    "days_since": _fold_latest,
    "distinct": _fold_set,
    "values": _fold_set,
}
_NUMERIC = frozenset({"sum", "mean", "min", "max"})


def _value_of(feature: Feature, event: Event, program: Program) -> Any:
    """What this event adds; ABSENT where it adds nothing."""
    if feature.kind in ("count", "days_since"):
        return None
    if feature.kind in ("distinct", "values"):
        return _elements(feature, event, program)
    value = at_path(event, feature.path or ())
    if value is None or (feature.kind in _NUMERIC and _number(value) is None):
        return ABSENT
    return value


def _elements(feature: Feature, event: Event, program: Program) -> Any:
    if feature.key is not None:
        found: list[Any] = list(key_values(program, event, feature.key))
    else:
        value = at_path(event, feature.path or ())
        found = [e for e in (value if isinstance(value, list) else [value]) if isinstance(e, str | int | float)]
    return found or ABSENT


def _fold_open(feature: Feature, state: State | None, event: Event, program: Program) -> State:
    """key → [latest opening, latest closing]; 0 stands for never."""
    found: dict[str, list[int]] = state if state is not None else {}
    if feature.key is None:
        return found
    for value in key_values(program, event, feature.key):
        opened, closed = found.get(value, (0, 0))
        if event.name == feature.event:
            opened = max(opened, event.occurred_at)
        if event.name == feature.closed_by:
            closed = max(closed, event.occurred_at)
        found[value] = [opened, closed]
    if len(found) > SET_SIZE:
        kept = sorted(found.items(), key=lambda item: (item[1][0] <= item[1][1], -max(item[1]), item[0]))[:SET_SIZE]
        found = dict(kept)
    return found


def fold(folds: dict[str, State], feature: Feature, event: Event, program: Program, now: int) -> None:
    """Add one event to one feature's state in `folds`."""
    state = folds.get(feature.name)
    if feature.kind == "open":
        folds[feature.name] = _fold_open(feature, state, event, program)
        return
    value = _value_of(feature, event, program)
    if value is ABSENT:
        return
    step = _FOLDS[feature.kind]
    if feature.over_days is None:
        folds[feature.name] = step(state, value, event.occurred_at, event.message_id)
        return
    buckets: dict[int, State] = state if state is not None else {}
    oldest = _first_bucket(feature, now)
    bucket = utc_day(event.occurred_at) // width_of(feature)
    known = bucket in buckets
    if bucket >= oldest:
        buckets[bucket] = step(buckets.get(bucket), value, event.occurred_at, event.message_id)
    if not known or next(iter(buckets)) < oldest:
        buckets = {number: buckets[number] for number in sorted(buckets) if number >= oldest}
    folds[feature.name] = buckets


def value_of(folds: dict[str, State], feature: Feature, now: int) -> Any:
    """The feature's value at `now`; ABSENT where it has none yet."""
    state = folds.get(feature.name)
    kind = feature.kind
    if kind == "open":
        return sum(1 for opened, closed in (state or {}).values() if opened > closed)
    if feature.over_days is not None and state is not None:
        first, last = _first_bucket(feature, now), utc_day(now) // width_of(feature)
        state = _joined(kind, [part for number, part in state.items() if first <= number <= last])
    if state is None:
        return _EMPTY.get(kind, ABSENT) if kind != "values" else []
    return _SHOWN[kind](feature, state, now)


def next_change(folds: dict[str, State], feature: Feature, now: int) -> int | None:
    """When time alone next changes the feature's value: at the edge of a day, where a bucket leaves or enters its window."""
    state = folds.get(feature.name)
    if not state:
        return None
    if feature.kind == "days_since":
        return (utc_day(now) + 1) * DAY_MS
    if feature.over_days is None:
        return None
    today, width = utc_day(now), width_of(feature)
    first, last = _first_bucket(feature, now), today // width
    leaves = ((number + 1) * width + feature.over_days - 1 for number in state if number >= first)
    enters = (number * width for number in state if number > last)
    return min((day * DAY_MS for day in (*leaves, *enters) if day > today), default=None)


_EMPTY: dict[str, Any] = {"count": 0, "sum": 0, "distinct": 0}
_SHOWN: dict[str, Callable[[Feature, State, int], Any]] = {
    "count": lambda _f, state, _now: state,
    "sum": lambda _f, state, _now: _plain(state),
    "mean": lambda _f, state, _now: state[0] / state[1] / MICRO,
    "min": lambda _f, state, _now: state,
    "max": lambda _f, state, _now: state,
    "first": lambda _f, state, _now: state[2],
    "last": lambda _f, state, _now: state[2],
    "days_since": lambda _f, state, now: utc_day(now) - utc_day(state),
    "distinct": lambda _f, state, _now: len(state),
    "values": lambda feature, state, _now: _listed(state, feature.at_most or SET_SIZE),
}


def _listed(found: dict[str, list[Any]], most: int) -> list[Any]:
    """Elements, the latest first."""
    return [element for _at, element in sorted(found.values(), key=lambda pair: (-pair[0], str(pair[1])))[:most]]


def _join_sets(one: State, other: State) -> State:
    found = dict(one)
    for name, pair in other.items():
        if name not in found or pair[0] > found[name][0]:
            found[name] = pair
    return _newest(found)


def _join_open(one: State, other: State) -> State:
    found = dict(one)
    for name, (opened, closed) in other.items():
        known = found.get(name, (0, 0))
        found[name] = [max(opened, known[0]), max(closed, known[1])]
    return found


_JOINS: dict[str, Callable[[State, State], State]] = {
    "count": lambda one, other: one + other,
    "sum": lambda one, other: _bounded(one + other),
    "mean": lambda one, other: [_bounded(one[0] + other[0]), one[1] + other[1]],
    "min": min,
    "max": max,
    "first": lambda one, other: min(one, other, key=lambda state: (state[0], state[1])),
    "last": lambda one, other: max(one, other, key=lambda state: (state[0], state[1])),
    "days_since": max,
    "distinct": _join_sets,
    "values": _join_sets,
    "open": _join_open,
}


def _joined(kind: str, parts: Iterable[State]) -> State | None:
    found: State | None = None
    for part in parts:
        found = part if found is None else _JOINS[kind](found, part)
    return found


def join(feature: Feature, one: State | None, other: State | None) -> State | None:
    """The state of two profiles that turn out to be one."""
    if one is None or other is None:
        return other if one is None else one
    if feature.over_days is None:
        return _JOINS[feature.kind](one, other)
    merged = dict(one)
    for number, part in other.items():
        merged[number] = part if number not in merged else _JOINS[feature.kind](merged[number], part)
    return {number: merged[number] for number in sorted(merged)}
