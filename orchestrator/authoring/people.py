"""Touchpoints, personas and tests: what they name, and samples against their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.readable import fits_feature
from orchestrator.authoring.schemata import check_sample
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.program import Program
from rules.wording import shown

_EMPTY: dict[str, Any] = {"count": 0, "sum": 0, "distinct": 0, "open": 0, "values": []}
"""Kinds of features that always have a value."""
_TIMELESS = ("now", "stage.since")


def read_personas(scope: Scope, program: Program) -> None:
    """Fill `personas`, and check each sample against its schema and its own rule."""
    for document in scope.files.documents.get("personas", ()):
        root = document.root
        name, sample = root.get("persona"), root.get("profile")
        if name is not None and name.text is not None:
            if name.text in scope.personas:
                scope.report.add("E313", name.place, f"another persona is called `{name.text}`", "give each its own name")
            scope.personas.append(name.text)
        if sample is not None:
            _profile(sample, scope)
            _features_fit(sample, scope)
            _satisfies(root, sample, scope, program)


def _profile(spot: Spot, scope: Scope) -> None:
    """A sample profile: its stage, traits, features and consent."""
    scope.names(spot.get("stage"), "stage")
    traits, features, consent = spot.get("traits"), spot.get("features"), spot.get("consent")
    if traits is not None:
        check_sample(traits, scope.traits_validator, "the sample", scope.report)
    for name, member in features.members() if features is not None else ():
        if name not in scope.feature_names and not scope.unreadable("feature"):
            fix = did_you_mean(name, scope.feature_names)
            scope.report.add("E306", member.key_place, f"there is no feature `{name}`", fix)
    for name, member in consent.members() if consent is not None else ():
        if name not in scope.topics and not scope.unreadable("topic"):
            scope.report.add("E304", member.key_place, f"there is no topic `{name}`", did_you_mean(name, scope.topics))
        for channel in member.elements():
            scope.names(channel, "channel")


def _features_fit(sample: Spot, scope: Scope) -> None:
    for name, member in sample.at("features").members() if sample.get("features") is not None else ():
        if name in scope.features and not fits_feature(member.value, scope.features[name], scope):
            message = f"the sample breaks its feature: `{name}` is never {shown(member.value)}"
            scope.report.add("E207", member.place, message, "change the sample")


def _satisfies(root: Spot, sample: Spot, scope: Scope, program: Program) -> None:
    rule = root.get("if")
    condition = conditions(rule, View(), scope)
    if rule is None or condition is None or condition.reads_all or any(path in condition.reads for path in _TIMELESS):
        return
    traits, features = sample.at("traits").value, sample.at("features").value
    if not isinstance(traits, dict | None) or not isinstance(features, dict | None) or sample.get("stage") is None:
        return
    known = set(features or {}) <= set(scope.feature_names) and set(program.segments) == set(scope.segments)
    known = known and "segments" not in scope.files.unreadable
    spoilt = any(finding.file == "segments.yaml" for finding in scope.report.errors)
    if "profile.segments" in condition.reads and (not known or spoilt or _is_timed(program)):
        return
    if set(features or {}) <= set(scope.feature_names) and not condition.holds(_readable(sample, scope, program)):
        message = "the sample profile does not satisfy this rule"
        scope.report.add("E207", rule.key_place, message, "change the rule or the profile below")


def _is_timed(program: Program) -> bool:
    """Whether some segment depends on the time, which a sample does not say."""
    return any(path in condition.reads for condition in program.segments.values() for path in _TIMELESS)


def _readable(sample: Spot, scope: Scope, program: Program) -> dict[str, Any]:
    """What a condition reads of the sample: features that always have a value have one, segments are worked out."""
    counted = {name: _EMPTY[feature.kind] for name, feature in scope.features.items() if feature.kind in _EMPTY}
    given = sample.value
    person: dict[str, Any] = {"traits": given.get("traits") or {}, "features": {**counted, **(given.get("features") or {})}}
    inside: list[str] = []
    person |= {"id": sample.text_of("user_id") or "", "segments": inside}
    data = {"profile": person, "stage": {"current": sample.text_of("stage"), "turns": 0}}
    for name in program.index.segments if not _is_timed(program) else ():
        inside += [name] * program.segments[name].holds(data)
    return data


def rendered_people(scope: Scope) -> list[tuple[str, dict[str, Any]]]:
    """Each persona's name and sample, as a template reads it: what always has a value has one."""
    if scope.people is None:
        scope.people = list(_people(scope))
    return scope.people


def _people(scope: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    counted = {name: _EMPTY[feature.kind] for name, feature in scope.features.items() if feature.kind in _EMPTY}
    for document in scope.files.documents.get("personas", ()):
        name, sample = document.root.text_of("persona"), document.root.at("profile")
        traits, features = sample.at("traits").value, sample.at("features").value
        if name is not None and isinstance(traits, dict) and isinstance(features, dict):
            person = {"traits": traits, "features": {**counted, **features}, "user_id": sample.text_of("user_id")}
            yield name, person


def check_touchpoints(scope: Scope) -> None:
    """Stages and events that touchpoints name."""
    document = scope.files.one("touchpoints")
    for _, spot in document.root.members() if document is not None else ():
        stage, events = spot.get("stage"), spot.get("events")
        for part in (*(stage.one_or_more() if stage is not None else ()), *(events.elements() if events is not None else ())):
            scope.names(part, "stage" if stage is not None and part.path[: len(stage.path)] == stage.path else "event")


def check_tests(scope: Scope) -> None:
    """What scenarios name, and the events they give."""
    for document in scope.files.documents.get("tests", ()):
        for test in document.root.elements():
            _test(test, scope)


def _test(test: Spot, scope: Scope) -> None:
    profile, given, expect = test.get("profile"), test.get("given"), test.get("expect")
    if profile is not None:
        if profile.text is not None:
            scope.names(profile, "persona")
        else:
            _profile(profile, scope)
    for happening in given.elements() if given is not None else ():
        properties, traits = happening.get("properties"), happening.get("traits")
        name = happening.text_of("event")
        if name is not None and scope.names(happening.get("event"), "event") and properties is not None:
            check_sample(properties, scope.validators.get(name), f"this {name}", scope.report)
        if traits is not None:
            check_sample(traits, scope.traits_validator, "this customer", scope.report)
    if expect is None:
        return
    scope.names(expect.get("stage"), "stage")
    for word in ("sends", "suppressed"):
        listed = expect.get(word)
        for message in listed.elements() if listed is not None else ():
            for what in ("campaign", "template", "channel"):
                scope.names(message.get(what), what)
