"""measures/*.yaml: what each measure looks at, checked against the catalogue, the wheel, the campaigns and the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestrator.authoring.document import Document, Spot
from orchestrator.authoring.facts import declares_key, event_has
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.units import duration
from orchestrator.domain.measure import KINDS, Measure, Test

_EVENTS = ("of", "to", "then", "without", "again", "first")
_UNITS = {
    "share": ("share", "points"),
    "time": ("time",),
    "funnel": ("share",),
    "cohort": ("share",),
    "wheel": ("share",),
    "moves": ("share",),
    "stays": ("time",),
    "runs": ("share",),
    "sessions": ("time",),
    "lift": ("points",),
    "clv": ("money",),
    "count": ("count",),
    "mean": ("number", "money", "points"),
    "ratio": ("money", "number"),
}
"""kind → units in which it can be told"""


def read_measures(scope: Scope) -> None:
    """Fill `measures`; report names used twice, and what no event, stage, campaign or table has."""
    names: set[str] = set()
    for document in scope.files.documents.get("measures", ()):
        name = document.root.get("measure")
        if name is None or name.text is None:
            continue
        if name.text in names:
            scope.report.add("E313", name.place, f"another measure is called `{name.text}`", "give each its own name")
        names.add(name.text)
        found = _measure(document, name.text, scope)
        if found is not None:
            scope.measures.append(found)


def _measure(document: Document, name: str, scope: Scope) -> Measure | None:
    before, root = len(scope.report.errors), document.root
    kind = next((word for word in KINDS if root.get(word) is not None), None)
    if kind is None:
        return None
    spot = root.at(kind)
    _unit(root, kind, scope)
    events = _events(spot, kind, scope)
    keys = _keys(spot, events, scope)
    value = _value(spot, scope)
    _known(spot, kind, scope)
    tests = {word: _tests(spot.get(word), spot.text_of("of"), scope) for word in ("where", "that", "less")}
    _together(spot, kind, scope)
    if len(scope.report.errors) > before:
        return None
    target = root.get("target")
    return Measure(
        name,
        kind,
        root.text_of("unit") or "",
        _words(root.get("definition")),
        _words(root.get("title")),
        _number(target, "at_least"),
        _number(target, "at_most"),
        events,
        keys,
        tests["where"],
        tests["that"],
        tests["less"],
        value,
        spot.get("without") is not None,
        duration(spot.text_of("within") or spot.text_of("gap") or spot.text_of("predict")),
        spot.text_of("take") or "mean",
        _texts(spot.get("among") or spot.get("from")),
        _texts(spot.get("left") or spot.get("kept") or (spot.get("to") if kind == "moves" else None)),
        spot.text_of("table") or "",
        spot.text_of("column") or "",
        spot.text_of("every") or "month",
        _texts(spot.get("ended")),
        _texts(spot.get("campaigns")),
        predict=spot.get("predict") is not None,
        kept=spot.get("kept") is not None,
        apart=duration(spot.text_of("apart")) or 0,
    )


def _unit(root: Spot, kind: str, scope: Scope) -> None:
    unit = root.get("unit")
    if unit is not None and unit.text is not None and unit.text not in _UNITS[kind]:
        fix = " or ".join(f"`{word}`" for word in _UNITS[kind])
        scope.report.add("E204", unit.place, f"`{kind}` is not told in `{unit.text}`", f"write {fix}")


def _events(spot: Spot, kind: str, scope: Scope) -> tuple[str, ...]:
    """The events that it looks at, each known to the catalogue."""
    steps = spot.get("steps")
    spots = steps.elements() if steps is not None else [found for word in _EVENTS if (found := spot.get(word)) is not None]
    spots = [] if kind == "moves" else spots
    for one in spots:
        scope.names(one, "event")
    return tuple(one.text for one in spots if one.text is not None)


def _keys(spot: Spot, events: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    """Where each event carries the key that makes them one thing's."""
    key, found = spot.get("key"), list[str]()
    for event in events if key is not None else ():
        if declares_key(key, event, scope) and key is not None and key.text is not None:
            path = scope.events[event].keys[key.text]
            if path.each is not None or path.steps[0] != "properties":
                message = f"the key `{key.text}` of {event} goes through a list, and a measure reads one value"
                scope.report.add("E204", key.place, message, "take a key that is one property")
            found.append(".".join(path.steps[1:]))
    return tuple(found)


def _value(spot: Spot, scope: Scope) -> str:
    value, event = spot.get("value"), spot.text_of("of")
    if value is None or value.text is None:
        return ""
    root, *rest = value.text.split(".")
    if root != "properties":
        scope.report.add("E204", value.place, f"`{value.text}` is no property", "write one such as properties.total")
    elif event is not None:
        event_has(value.place, ("properties", *rest), event, scope)
    return ".".join(rest)


def _known(spot: Spot, kind: str, scope: Scope) -> None:
    """Stages, campaigns, tables and columns that there are."""
    stages = ("among", "left", "kept", "from", "to") if kind in ("wheel", "moves") else ()
    for words, what in ((stages, "stage"), (("campaigns",), "campaign")):
        for word in words:
            for one in _each(spot.get(word)):
                scope.names(one, what)
    table, column = spot.get("table"), spot.get("column")
    if table is not None and scope.names(table, "table") and column is not None:
        columns = scope.columns[table.text or ""][1:]
        if column.text not in columns:
            message = f"the table `{table.text}` has no column `{column.text}`"
            scope.report.add("E308", column.place, message, did_you_mean(column.text or "", columns))


def _tests(spot: Spot | None, event: str | None, scope: Scope) -> tuple[Test, ...]:
    found = list[Test]()
    for path, value in spot.members() if spot is not None else ():
        if event is not None:
            event_has(value.key_place, ("properties", *path.split(".")), event, scope)
        written: Any = value.value
        if isinstance(written, dict):
            found.append(Test(path, (), written.get("from"), written.get("to")))
        else:
            found.append(Test(path, tuple(written) if isinstance(written, list) else (written,)))
    return tuple(found)


def _together(spot: Spot, kind: str, scope: Scope) -> None:
    """Settings that need or exclude one another."""
    given = {word for word, _ in spot.members()}
    ways = [word for word in ("that", "then", "without") if word in given]
    if kind == "share":
        if len(ways) != 1:
            place = spot.key_place if not ways else spot.at(ways[1]).key_place
            code, fix = ("E202", "write one of them") if not ways else ("E205", "keep one of them")
            scope.report.add(code, place, "a share is of those with `that`, `then` or `without`: one of the three", fix)
        elif ways[0] != "that" and "within" not in given:
            scope.report.add("E202", spot.at(ways[0]).key_place, f"`{ways[0]}` lacks `within`", "write how long: 7d")
    if kind == "wheel" and len(given & {"left", "kept"}) != 1:
        scope.report.add("E202", spot.key_place, "`wheel` needs either `left` or `kept`", "left: [lost]")
    if kind == "ratio" and len(given & {"table", "of"}) != 1:
        scope.report.add("E202", spot.key_place, "`ratio` needs either `table` and `column`, or `of` and `value`", "")


def _each(spot: Spot | None) -> Iterable[Spot]:
    return () if spot is None else spot.elements()


def _texts(spot: Spot | None) -> tuple[str, ...]:
    return tuple(one.text for one in _each(spot) if one.text is not None)


def _words(spot: Spot | None) -> dict[str, str]:
    value: Any = {} if spot is None else spot.value
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else {}


def _number(spot: Spot | None, word: str) -> float | None:
    found: Any = None if spot is None or spot.get(word) is None else spot.at(word).value
    return found if isinstance(found, int | float) else None
