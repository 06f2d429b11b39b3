"""What each verb's settings mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.authoring.conditions import expression, is_expression, value_of
from orchestrator.authoring.document import Spot
from orchestrator.authoring.facts import event_has
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.limits import WITHIN_MS
from orchestrator.authoring.reading import RUN_WORDS, property_unknown, schema_at, trait_unknown
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.units import duration, instant, minutes
from orchestrator.authoring.values import check_given
from orchestrator.domain.campaign import Emit, Exit, MoveTo, Send, SetTraits, Task, Value, Verb, Wait, Webhook

_NO_EVENT = ("there is no event to show here", "a run that begins with one has its properties")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a verb stands: its step, what can be read there, and what is known."""

    step: Spot
    view: View
    scope: Scope


def _send(spot: Spot, here: Setting) -> Verb | None:
    scope = here.scope
    scope.names(spot.get("template"), "template")
    preferred = spot.get("prefer") or spot.get("channel")
    channels = preferred.one_or_more() if preferred is not None else []
    for channel in channels:
        scope.names(channel, "channel")
    names = [channel.value for channel in channels if channel.text is not None]
    for index, channel in enumerate(channels):
        if channel.value in names[:index]:
            scope.report.add("W503", channel.place, f"`{channel.value}` stands here twice", "keep the first")
    expires, merge = duration(spot.text_of("expires")), duration(spot.text_of("merge"))
    if expires is not None and merge is not None and expires < merge:
        message = "what it joins may be older than it may be late: an old message is dropped, an old part is not"
        scope.report.add("W504", spot.at("expires").place, message, "make it longer than `merge`")
    given = spot.get("with")
    values = {name: value_of(value, here.view, scope) for name, value in (given.members() if given is not None else ())}
    _inputs(spot, given, here)
    return Send(spot.text_of("template") or "", tuple(dict.fromkeys(names)), expires, values, spot.text_of("survey"), merge)


def _inputs(spot: Spot, given: Spot | None, here: Setting) -> None:
    """`with` gives what the template's `inputs` ask for, no more and no less."""
    template = here.scope.templates.get(spot.text_of("template") or "")
    if template is None:
        return
    members = given.members() if given is not None else []
    for name, value in members:
        if name not in template.inputs:
            fix = did_you_mean(name, template.inputs) or f"declare it in templates/{template.name}/template.yaml under `inputs`"
            here.scope.report.add("E509", value.key_place, f"the template `{template.name}` has no input `{name}`", fix)
            continue
        check_given(value, template.inputs[name], f"the input `{name}`", here.view, here.scope, needed=True)
    lacking = [name for name in template.inputs if name not in dict(members)]
    if lacking:
        place = given.key_place if given is not None else here.step.at("send").key_place
        names = ", ".join(f"`{name}`" for name in lacking)
        here.scope.report.add("E509", place, f"the template `{template.name}` asks for {names}", "give it in `with`")


def _wait(spot: Spot, here: Setting) -> Verb | None:
    scope = here.scope
    if spot.text is not None:
        return Wait(Value(constant=duration(spot.text)))
    until, span = spot.get("until"), spot.get("for")
    if until is not None and span is not None:
        scope.report.add(
            "E205", span.key_place, "`for` and `until` exclude each other", "keep one of them; `plus` moves `until`"
        )
    for word in ("plus", "past"):
        if until is None and (lonely := spot.get(word)) is not None:
            scope.report.add("E205", lonely.key_place, f"`{word}` goes with `until` only", "remove it")
    return Wait(
        _span(span, here) if span is not None else None,
        minutes(spot.text_of("at")),
        _until(until, here) if until is not None else None,
        duration(spot.text_of("plus")) or 0,
        "exit" if spot.text_of("past") == "exit" else "continue",
    )


def _span(spot: Spot, here: Setting) -> Value:
    if isinstance(spot.value, dict):
        return _expression(spot, here)
    return Value(constant=duration(spot.text))


def _until(spot: Spot, here: Setting) -> Value:
    if isinstance(spot.value, dict):
        return _expression(spot, here)
    if spot.text is not None and instant(spot.text) is None:
        here.scope.report.add(
            "E204", spot.place, f"`{spot.text}` is not a date that exists", "write one such as 2026-11-27T09:00:00Z"
        )
    return Value(constant=spot.value)


def _expression(spot: Spot, here: Setting) -> Value:
    return Value(expression=expression(spot, here.view, here.scope))


def _set(spot: Spot, here: Setting) -> Verb | None:
    found: dict[str, Value] = {}
    for name, value in spot.members():
        trait = name.removeprefix("traits.")
        if trait == name or not trait or "." in trait:
            here.scope.report.add("E204", value.key_place, f"`{name}` is not a trait", "write `traits.` and the trait's name")
            continue
        unknown = trait_unknown([trait], here.scope)
        if unknown is not None:
            here.scope.report.add("E306", value.key_place, *unknown)
        schema = schema_at(here.scope.traits, [trait])
        check_given(value, schema, f"the trait `{trait}`", here.view, here.scope, needed=False)
        found[trait] = value_of(value, here.view, here.scope)
    return SetTraits(found)


def _emit(spot: Spot, here: Setting) -> Verb | None:
    scope, event = here.scope, spot.get("event")
    properties = spot.get("properties")
    members = properties.members() if properties is not None else []
    if event is not None and scope.names(event, "event"):
        for name, value in members:
            event_has(value.key_place, ("properties", name), event.value, scope)
        schema = scope.events[event.value].schema or {}
        required = schema.get("required", [])
        for name, value in members:
            called = f"`{name}` of {event.value}"
            check_given(value, schema_at(schema, [name]), called, here.view, scope, needed=name in required)
        lacking = [name for name in required if isinstance(name, str) and name not in dict(members)]
        if lacking:
            place = (properties or spot).key_place
            names = ", ".join(f"`{name}`" for name in lacking)
            scope.report.add("E510", place, f"{event.value} requires {names}", "give it in `properties`")
    to = spot.get("to")
    values = {name: value_of(value, here.view, scope) for name, value in members}
    return Emit(spot.text_of("event") or "", value_of(to, here.view, scope) if to is not None else None, values)


def _move_to(spot: Spot, here: Setting) -> Verb | None:
    here.scope.names(spot, "stage")
    return MoveTo(spot.text or "")


def _task(spot: Spot, here: Setting) -> Verb | None:
    queue, due = spot.get("queue"), spot.get("due")
    _sender(queue, "task", here)
    shows = spot.get("shows")
    for shown in shows.elements() if shows is not None else ():
        if shown.text is not None:
            unknown = property_unknown(shown.text.split("."), here.view.events, here.scope) if here.view.events else _NO_EVENT
            if unknown is not None:
                here.scope.report.add("E306", shown.place, *unknown)
    paths = tuple(shown.text for shown in shows.elements() if shown.text is not None) if shows is not None else ()
    return Task(spot.text_of("queue") or "", spot.text_of("title") or "", _longer(due, here) or 0, paths)


def _sender(spot: Spot | None, kind: str, here: Setting) -> None:
    """The name at `spot` is a sender that has settings of that kind."""
    scope = here.scope
    if spot is None or not scope.names(spot, "sender") or kind in scope.senders.get(spot.value, {}):
        return
    message = f"the sender `{spot.value}` has no settings for a {kind}"
    scope.report.add("E311", spot.place, message, f"add `{kind}` to `{spot.value}` in senders.yaml")


def _longer(spot: Spot | None, here: Setting) -> int | None:
    """A duration that is longer than nothing."""
    span = duration(spot.text) if spot is not None else None
    if spot is not None and span == 0:
        here.scope.report.add("E204", spot.place, "nothing can be done in no time", "write 1h, say")
    return span


def _webhook(spot: Spot, here: Setting) -> Verb | None:
    _sender(spot.get("to"), "webhook", here)
    send, save = spot.get("send"), spot.get("save")
    if save is not None and save.text in RUN_WORDS:
        here.scope.report.add("E313", save.place, f"a run has its own `{save.text}`", "keep the answer under another name")
    within = _longer(spot.get("within"), here)
    body = _body(send, here) if send is not None else {}
    return Webhook(spot.text_of("to") or "", body, save.text if save is not None else None, within or WITHIN_MS)


def _body(spot: Spot, here: Setting) -> Any:
    """JSON whose leaves are values: an expression may stand anywhere."""
    if isinstance(spot.value, dict) and not is_expression(spot.value):
        return {name: _body(part, here) for name, part in spot.members()}
    if isinstance(spot.value, list):
        return [_body(part, here) for part in spot.elements()]
    return value_of(spot, here.view, here.scope)


VERB: dict[str, Callable[[Spot, Setting], Verb | None]] = {
    "send": _send,
    "wait": _wait,
    "set": _set,
    "emit": _emit,
    "move_to": _move_to,
    "task": _task,
    "webhook": _webhook,
    "exit": lambda _spot, _here: Exit(),
}
"""How each verb without inner paths is read; the others are laid in `steps`."""
