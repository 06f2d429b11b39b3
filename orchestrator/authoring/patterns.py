"""The one pattern of the grammar, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.authoring.catalogue import item_schema
from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.dates import dated, watched
from orchestrator.authoring.document import Spot
from orchestrator.authoring.facts import declares_key
from orchestrator.authoring.lasting import check_crossing
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.schedules import schedule
from orchestrator.authoring.scope import UNDECLARED, Scope, View
from orchestrator.authoring.units import duration
from orchestrator.domain.campaign import Pattern

UNKNOWN = View(events=("",), item=UNDECLARED, run=True)
"""What can be read where nothing says which event there is: anything of the right name."""


def pattern(spot: Spot, ident: str, scope: Scope, view: View | None = None) -> Pattern | None:
    """The pattern at `spot`. `view` is what its condition can read beside its own event; None where it is malformed."""
    kind = next((word for word in _KINDS if spot.get(word) is not None), None)
    if kind is None:
        return None
    for words, kinds, owner in _OWNED:
        if kind not in kinds:
            _refuse(spot, words, owner, scope)
    return _KINDS[kind](spot, ident, scope, view or View())


_OWNED = (
    (("key", "each"), ("event", "broadcast"), "an `event`"),
    (("of",), ("event",), "an `event`"),
    (("for",), ("without",), "`without`"),
    (("to",), ("schedule", "broadcast"), "`schedule` or `broadcast`"),
    (("at",), ("date", "schedule"), "a `date` or a `schedule`"),
    (("every", "offset", "zone"), ("date",), "a `date`"),
)
"""Settings that only some patterns take: the settings, the patterns, how these are called."""


def _refuse(spot: Spot, words: Sequence[str], owner: str, scope: Scope) -> None:
    for word in words:
        found = spot.get(word)
        if found is not None:
            fix = (
                "did you mean `within`?"
                if word == "for" and spot.path[-1:] != ("on",) and spot.get("within") is None
                else "remove it"
            )
            scope.report.add("E205", found.key_place, f"`{word}` goes with {owner} only", fix)


def _event(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    event = spot.get("event")
    if event is None or event.text is None or not scope.names(event, "event"):
        return None
    key, each = spot.get("key"), spot.get("each")
    if key is not None:
        declares_key(key, event.text, scope)
    here = view_of(spot, scope, view)
    return Pattern(
        ident,
        event=event.text,
        key=key.text if key is not None else None,
        each=each.text if each is not None else None,
        of=spot.text_of("of"),
        condition=conditions(spot.get("if"), here, scope),
    )


def _broadcast(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    event, to = spot.at("broadcast"), spot.get("to")
    known = scope.names(event, "event")
    if not scope.names(to, "segment") or not known or event.text is None or to is None:
        return None
    key, each = spot.get("key"), spot.get("each")
    if key is not None:
        declares_key(key, event.text, scope)
    return Pattern(
        ident,
        key=key.text if key is not None else None,
        each=each.text if each is not None else None,
        condition=conditions(spot.get("if"), view_of(spot, scope, view), scope),
        broadcast=event.text,
        to=to.text,
    )


def _schedule(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    found, to = schedule(spot, scope), spot.get("to")
    if not scope.names(to, "segment") or found is None or to is None:
        return None
    condition = conditions(spot.get("if"), replace(view, events=()), scope)
    return Pattern(ident, condition=condition, schedule=found, to=to.text)


def brings(spot: Spot) -> str | None:
    """The event that the pattern at `spot` brings: a customer's, or with `broadcast` a thing's."""
    return spot.text_of("event") or spot.text_of("broadcast")


def view_of(spot: Spot, scope: Scope, view: View) -> View:
    """What the condition of an event's pattern reads: its event, and with `each` the item."""
    event, each = brings(spot), spot.get("each")
    item = view.item
    if each is not None and event is not None and declares_key(each, event, scope):
        item = item_schema(scope.events[event], each.value)
        if scope.events[event].keys[each.value].each is None:
            message = f"the key `{each.value}` of {event} does not go through a list"
            scope.report.add("E302", each.place, message, "`each` needs a key such as properties.products[].product_id")
    elif each is not None and event is not None:
        item = UNDECLARED
    return replace(view, events=(event,) if event is not None else (), item=item, sometimes=view.sometimes - {"event"})


def view_of_run(root: Spot, scope: Scope) -> View:
    """What a campaign's conditions and templates read: any of its triggers, their items, the run."""
    on = root.get("on")
    if on is None or not all(any(part.get(word) is not None for word in _KINDS) for part in on.one_or_more()):
        return UNKNOWN  # what is wrong with it is told; what it would bring is not known
    views = [view_of(part, scope, View()) for part in (on.one_or_more() if on is not None else ())]
    items = [view.item for view in views if view.item is not None]
    missing = {"event"} if not all(view.events for view in views) else set()
    missing |= {"item"} if len(items) < len(views) else set()
    return View(
        tuple(dict.fromkeys(event for view in views for event in view.events)),
        None if not items else items[0] if len(items) == 1 else {"anyOf": items},
        run=True,
        saved=tuple(text for step in every_step(root.get("then")) if (text := step.at("webhook").text_of("save")) is not None),
        sometimes=frozenset(missing),
    )


def view_of_answer(awaited: Spot, view: View) -> View:
    """What is read inside the `then` of a `wait_for`: the answer is the event."""
    parts = awaited.one_or_more()
    answers = tuple(dict.fromkeys(event for part in parts if (event := brings(part)) is not None))
    if not answers:
        return view
    if len(answers) == len(parts):
        return replace(view, events=answers, sometimes=view.sometimes - {"event"})
    return replace(view, events=tuple(dict.fromkeys((*answers, *view.events))))


def _without(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    event, span = spot.get("without"), duration(spot.text_of("for"))
    if event is None or not scope.names(event, "event") or span is None:
        return None
    here = replace(view, events=())
    return Pattern(ident, without=event.text, duration=span, condition=conditions(spot.get("if"), here, scope))


def _stage(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    named = spot.get("stage")
    parts = named.one_or_more() if named is not None else []
    known = [scope.names(part, "stage") for part in parts]
    if not parts or not all(known):
        return None
    here = replace(view, events=())
    return Pattern(ident, stages=tuple(part.value for part in parts), condition=conditions(spot.get("if"), here, scope))


def _segment(spot: Spot, ident: str, scope: Scope, view: View) -> Pattern | None:
    word = "segment" if spot.get("segment") is not None else "left"
    if not scope.names(spot.at(word), "segment"):
        return None
    condition = conditions(spot.get("if"), replace(view, events=()), scope)
    named = {word: spot.at(word).value}
    check_crossing(spot.at(word), entered=word == "segment", scope=scope)
    watched(spot.at(word), f"segment {spot.at(word).value}", scope)
    return Pattern(ident, segment=named.get("segment"), left=named.get("left"), condition=condition)


_KINDS: dict[str, Callable[[Spot, str, Scope, View], Pattern | None]] = {
    "event": _event,
    "without": _without,
    "stage": _stage,
    "segment": _segment,
    "left": _segment,
    "date": dated,
    "schedule": _schedule,
    "broadcast": _broadcast,
}


def patterns(spot: Spot | None, ident: str, scope: Scope, view: View | None = None) -> tuple[Pattern, ...]:
    """A pattern or a list of them; the ids are `IDENT/0`, `IDENT/1`, …"""
    parts = spot.one_or_more() if spot is not None else []
    found = [pattern(part, f"{ident}/{index}", scope, view) for index, part in enumerate(parts)]
    return tuple(each for each in found if each is not None)
