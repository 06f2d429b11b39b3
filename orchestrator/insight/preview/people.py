"""What a template reads in a preview: a persona, and the event, the inputs and the run of a campaign that sends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.authoring.sampling import Sample
from orchestrator.authoring.typed import type_of_schema
from orchestrator.domain.campaign import Campaign, Node, Send, WaitFor
from orchestrator.domain.choices import PLACEHOLDERS
from orchestrator.domain.program import Program
from orchestrator.domain.survey import PLACEHOLDER
from orchestrator.domain.template import Template

NOW = "2026-03-31T09:00:00.000Z"
"""When a preview is: a day on which days and months cannot be taken for each other."""
_BEGUN = "2026-03-30T09:00:00.000Z"
_EMPTY: Mapping[str, Any] = {"count": 0, "sum": 0, "distinct": 0, "open": 0, "values": []}
"""Kinds of features that always have a value."""


@dataclass(frozen=True, slots=True)
class Person:
    """A persona, or a made-up customer where the workspace has none. `why` is the persona's goals."""

    name: str
    profile: Mapping[str, Any]
    stage: str
    locale: str
    why: tuple[str, ...] = ()

    def address(self, channel: str) -> str:
        found = self.profile["traits"].get("phone" if channel == "sms" else "email")
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Use:
    """A step that sends the template. `event` is what the message would be about, a sample of it."""

    campaign: str = ""
    step: str = ""
    channels: tuple[str, ...] = ()
    event: Mapping[str, Any] | None = None
    item: Any = None
    send: Send | None = None


def people_of(workspace: Workspace) -> list[Person]:
    """The personas in order of name; one made up where there is none."""
    program = workspace.program
    found = [_person(document.root.value, program) for document in workspace.documents.get("personas", ())]
    nobody = {"persona": "somebody", "profile": {"user_id": "somebody", "traits": {}, "features": {}}}
    return found or [_person(nobody, program)]


def _person(given: Mapping[str, Any], program: Program) -> Person:
    sample = given.get("profile") or {}
    traits = dict(sample.get("traits") or {})
    counted = {feature.name: _EMPTY[feature.kind] for feature in program.features if feature.kind in _EMPTY}
    profile = {"traits": traits, "features": {**counted, **(sample.get("features") or {})}, "user_id": sample.get("user_id")}
    locale = next((traits[name] for name in ("locale", "language") if isinstance(traits.get(name), str)), None)
    goals = tuple(str(goal) for goal in given.get("goals") or ())
    stage = str(sample.get("stage") or program.wheel.start)
    return Person(str(given.get("persona", "")), profile, stage, locale or program.policies.default_locale, goals)


def uses_of(workspace: Workspace, template: str) -> list[Use]:
    """Every step that sends it, by campaign; one without a campaign where none does."""
    found = [
        _use(workspace, campaign, node, node.verb)
        for campaign in workspace.program.campaigns.values()
        for node in campaign.steps.nodes
        if isinstance(node.verb, Send) and node.verb.template == template
    ]
    return found or [Use()]


def _use(workspace: Workspace, campaign: Campaign, node: Node, send: Send) -> Use:
    awaited = campaign.steps.nodes[node.answer_of].verb if node.answer_of is not None else None
    patterns = awaited.patterns if isinstance(awaited, WaitFor) else campaign.on
    name = next((pattern.brings for pattern in patterns if pattern.brings is not None), None)
    use = Use(campaign.name, node.id, send.channels, None if name is None else _event(workspace, name), send=send)
    each = next((pattern.each for pattern in campaign.on if pattern.each is not None), None)
    return use if each is None or name is None else replace(use, item=_item(workspace.program, use, name, each))


def _event(workspace: Workspace, name: str) -> dict[str, Any]:
    """The sample that its file gives, and what the schema admits beside."""
    roots = [document.root for document in workspace.documents.get("events", ())]
    given = next((root.value.get("sample") for root in roots if root.text_of("event") == name), None)
    kind = workspace.program.events.get(name)
    made = Sample().of(type_of_schema(kind.schema), ()) if kind is not None and kind.schema is not None else {}
    properties = given if isinstance(given, dict) else made
    return {"event": name, "type": "track", "messageId": "preview", "timestamp": NOW, "properties": properties}


def _item(program: Program, use: Use, event: str, each: str) -> Any:
    """The first of the things that the campaign runs for one by one."""
    path = program.events[event].keys.get(each) if event in program.events else None
    value: Any = use.event
    for step in path.steps[: path.each] if path is not None and path.each is not None else ():
        value = value.get(step) if isinstance(value, dict) else None
    return value[0] if isinstance(value, list) and value else None


def context_of(program: Program, template: Template, use: Use, person: Person) -> dict[str, Any]:
    """All that the template can read for this person."""
    base: dict[str, Any] = {
        "event": use.event,
        "profile": dict(person.profile),
        "stage": {"current": person.stage, "since": _BEGUN, "turns": 0},
        "enrolment": {"entered_at": _BEGUN, "key": None, "arms": {}},
        "now": NOW,
    }
    inputs = {name: _input(schema) for name, schema in template.inputs.items()}
    merged = use.send is not None and use.send.merge is not None
    things = {"items": [use.event if use.item is None else use.item]} if merged else {"item": use.item}
    asked = {"survey": {"url": PLACEHOLDER}} if use.send is not None and use.send.survey else {}
    return {**PLACEHOLDERS, **inputs, **dict(_given(program, use, base, inputs)), **base, **things, **asked}


def _input(schema: Mapping[str, Any]) -> Any:
    """Something that the input's schema admits."""
    return Sample().of(type_of_schema({"type": "object", "required": ["it"], "properties": {"it": schema}}), ("it",)).get("it")


def _given(program: Program, use: Use, base: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What `with` gives, where that can be said without a run."""
    person = {**base["profile"], "id": base["profile"]["user_id"] or "preview", "segments": []}
    readable = {**base, "profile": person, "item": use.item, "tables": program.tables}
    for name, value in use.send.given.items() if use.send is not None else ():
        found = value.constant if value.expression is None else value.expression.value(readable)
        if found is not None or name not in inputs:
            yield name, found


def lacking(paths: frozenset[str], context: Mapping[str, Any]) -> tuple[str, ...]:
    """What of these places is not there, in order."""
    return tuple(sorted(path for path in paths if _is_gone(context, path.split("."))))


def _is_gone(value: Any, parts: list[str]) -> bool:
    for part in parts:
        if isinstance(value, list):
            return not value
        value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            return True
    return False
