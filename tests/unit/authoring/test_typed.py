"""From schemas to types: what a workspace says may be empty, and what its conditions and templates make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import check
from orchestrator.authoring.press import Press
from orchestrator.authoring.sampling import Sample
from orchestrator.authoring.typed import type_of_schema
from orchestrator.delivery.render import render_texts
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.template import Source, Template
from rules.places import Reading, reading

Written = Callable[..., Path]
THANKS, TEXT = "campaigns/thanks.yaml", "templates/thanks/email.txt"
IF = '{">=": [{var: event.properties.total}, 50]}'

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["a", "nullable", "box", "one", "all", "void"],
    "properties": {
        "a": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9},
        "optional": {"type": "string"},
        "nullable": {"type": ["string", "null"]},
        "either": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "one": {"oneOf": [{"const": "x"}, {"enum": ["y", "z"]}]},
        "all": {"allOf": [{"type": "string"}, {"format": "date-time"}]},
        "day": {"type": "string", "format": "date"},
        "box": {"$ref": "#/$defs/box"},
        "list": {"type": "array", "items": {"$ref": "#/$defs/box"}},
        "void": {},
        "loop": {"$ref": "#/$defs/loop"},
        "deep": {"type": "array", "items": {"$ref": "#/properties/deep"}},
        "map": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "$defs": {
        "loop": {"anyOf": [{"$ref": "#/$defs/loop"}, {"$ref": "#/$defs/other"}]},
        "other": {"anyOf": [{"$ref": "#/$defs/loop"}, {"$ref": "#/$defs/other"}, {"$ref": "#/$defs/loop"}]},
        "box": {"type": "object", "required": ["w"], "properties": {"w": {"type": "number"}, "in": {"$ref": "#/$defs/box"}}},
    },
}
READ: dict[str, tuple[set[str], list[tuple[str, bool, bool]]]] = {
    "a": ({"number"}, []),
    "optional": ({"text"}, [("optional", True, False)]),
    "nullable": ({"text"}, [("nullable", False, True)]),
    "either": ({"number"}, [("either", True, True)]),
    "one": ({"text"}, []),
    "all": ({"time"}, []),
    "day": ({"time"}, [("day", True, False)]),
    "box.w": ({"number"}, []),
    "box.in.in.w": ({"number"}, [("box.in", True, False), ("box.in.in", True, False)]),
    "list.0.w": ({"number"}, [("list", True, False), ("list.0", True, False)]),
    "map.x": ({"number"}, [("map", True, False), ("map.x", True, False)]),
}


@pytest.mark.parametrize("path", READ)
def test_a_schema_says_what_is_there(path: str) -> None:
    found = reading(type_of_schema(SCHEMA), tuple(path.split(".")))
    assert isinstance(found, Reading)
    assert (set(found.type.kinds), [(unit.path, unit.absent, unit.null) for unit in found.units]) == READ[path]


def test_bounds_and_words_of_a_schema_are_known() -> None:
    top = type_of_schema(SCHEMA)
    assert top.members is not None
    a, one = top.members.get("a"), top.members.get("one")
    assert a is not None
    assert one is not None
    assert (a.type.low, a.type.high) == (1, 9)
    assert one.type.values == {("text", "x"), ("text", "y"), ("text", "z")}
    assert top.members.get("nowhere") is None


def test_a_schema_that_leads_to_itself_ends() -> None:
    found = type_of_schema(SCHEMA)
    assert found.members is not None
    loop = found.members.get("loop")
    assert loop is not None
    assert loop.type.unknown
    assert Sample().of(found, {"deep", "loop", "box"})["deep"] == [[[[]]]]


def _codes(root: Path) -> list[tuple[str, int, int]]:
    return [(each.code, each.line, each.column) for each in check(root)]


SAFE = [
    '{"==": [{var: profile.traits.plan}, free]}',
    '{">": [{var: profile.features.spent}, 5]}',
    '{"==": [{var: profile.features.open_tickets}, 0]}',
    "{in: [{var: stage.previous}, [interest]]}",
    "{after: [{var: stage.since}, {ago: {days: 30}}]}",
    "{after: [{var: event.timestamp}, {ago: 30d}]}",
    "{in: [P-1, {var: profile.features.bought}]}",
    '{">": [{"*": [{lookup: [products, {var: event.properties.order_id}, days, 0]}, 2]}, 5]}',
    '{"!": {missing: [profile.traits.first_name]}}',
    "{ends_with: [{lower: {var: profile.traits.email}}, .example]}",
]


@pytest.mark.parametrize("condition", SAFE)
def test_a_safe_condition_passes_the_check(condition: str, written: Written, base: dict[str, str]) -> None:
    assert _codes(written({THANKS: base[THANKS].replace(IF, condition)})) == []


def test_an_earlier_line_of_an_if_narrows_the_later_ones(written: Written, base: dict[str, str]) -> None:
    two = '{"!=": [{var: profile.traits.plan}, null]}\n  - {"!=": [{var: profile.traits.plan}, free]}'
    assert _codes(written({THANKS: base[THANKS].replace(IF, two)})) == []


def test_the_event_of_a_run_that_a_stage_may_start_is_not_always_there(written: Written, base: dict[str, str]) -> None:
    text = base[THANKS].replace(
        "on: {event: Order Completed, key: order}", "on: [{event: Order Completed}, {stage: retention}]"
    )
    assert _codes(written({THANKS: text})) == [], "its `if` asks for the event"
    unasked = text.replace(IF, "{segment: buyers}")
    assert [code for code, *_ in _codes(written({THANKS: unasked}))] == ["E603", "E603"]
    less = text.replace('">="', '"<="')
    assert "E404" in [code for code, *_ in _codes(written({THANKS: less}))]


def test_a_property_that_one_of_several_events_lacks_is_not_always_there(written: Written, base: dict[str, str]) -> None:
    both = "on: [{event: Order Completed}, {event: Order Refunded}]"
    text = base[THANKS].replace("on: {event: Order Completed, key: order}", both)
    assert _codes(written({THANKS: text})) == []
    assert _codes(written({THANKS: text.replace('">="', '"<="')})) == [("E404", 6, 19)]


def test_types_are_not_told_again_where_a_name_is_wrong(written: Written, base: dict[str, str]) -> None:
    for wrong in ('{"<": [{var: event.properties.totl}, 50]}', '{"!=": [{var: profile.features.ordrs}, 50]}'):
        assert [code for code, *_ in _codes(written({THANKS: base[THANKS].replace(IF, wrong)}))] == ["E306"]


PRINTED = [
    '{{ profile.traits.first_name | default("there") }}',
    "{{ profile.traits.first_name | default('') | upper }}",
    "{% if profile.traits.first_name %}{{ profile.traits.first_name }}{% endif %}",
    "{% if profile.traits.first_name is defined %}{{ profile.traits.first_name }}{% endif %}",
    "{{ profile.traits.first_name if profile.traits.first_name else 'you' }}",
    "{% set name = profile.traits.first_name | default('you') %}{{ name }}",
    "{% for p in event.properties.products | default([]) %}{{ p.product_id | default('') }}{% endfor %}",
    "{% if event.properties.products %}{{ event.properties.products | length }}{% endif %}",
    "{{ event.properties.total | money('EUR') }} {{ now | day }} {{ stage.current }} {{ enrolment.entered_at | day }}",
    "{% if profile.features.orders > 1 %}again{% else %}first{% endif %}",
    "{{ profile.features.orders }} {{ profile.features.bought | join(', ') }}",
    "{{ unsubscribe_url }} {{ preferences_url }}",
    "{% if event.properties.kind and event.properties.kind == 'web' %}online{% endif %}",
]


@pytest.mark.parametrize("text", PRINTED)
def test_a_template_that_tests_or_defaults_passes(text: str, written: Written) -> None:
    assert _codes(written({TEXT: f"Hello {text}\n"})) == []


REFUSED = [
    "{% if event.properties.kind == 'web' %}online{% endif %}",
    "{{ profile.traits.first_name }}",
    "{{ 'Dear ' ~ profile.traits.first_name }}",
    "{{ profile.traits.first_name | money }}",
    "{% if profile.traits.plan %}{{ profile.traits.first_name }}{% endif %}",
    "{% if profile.traits.plan == 'business' %}{{ profile.traits.first_name }}{% endif %}",
    "{% if event.properties.total > 100 %}{{ profile.traits.first_name }}{% endif %}",
    "{% if event.properties.order_id == 'X' %}a{% else %}{{ profile.traits.first_name }}{% endif %}",
    "{% if profile.traits.first_name %}{% else %}{{ profile.traits.first_name }}{% endif %}",
    "{% for p in event.properties.products %}x{% endfor %}",
    "{% for p in event.properties.products | default([]) %}{{ p.product_id }}{% endfor %}",
    "{{ event.properties.products[0].product_id }}",
    "{{ stage.previous }}",
    "{{ profile.user_id }}",
    "{{ enrolment.key }}",
    "{{ enrolment.arms.touch }}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_template_that_prints_what_may_be_empty_is_refused(text: str, written: Written) -> None:
    found = check(written({TEXT: f"Hello {text}\n"}))
    assert {(each.code, each.file) for each in found} == {("E603", TEXT)}
    assert all(each.fix for each in found)


DATA: list[dict[str, Any]] = [
    {
        "event": {"properties": {"order_id": "O-1", "total": 200}},
        "profile": {"traits": {}, "features": {"orders": 0, "bought": []}},
    },
    {
        "event": {"properties": {"order_id": "X", "total": 1, "kind": "web", "products": [{}, {"product_id": "P"}]}},
        "profile": {
            "traits": {"first_name": None, "plan": "business"},
            "features": {"orders": 2, "bought": ["P"]},
            "user_id": None,
        },
    },
]


@pytest.mark.parametrize("text", [*PRINTED, *REFUSED])
@pytest.mark.parametrize("data", DATA)
def test_the_check_refuses_what_delivery_refuses(text: str, data: dict[str, Any]) -> None:
    added = {"now": "2026-03-02T00:00:00Z", "stage": {"current": "a"}, "unsubscribe_url": "u", "preferences_url": "p"}
    context = {**data, **added, "enrolment": {"entered_at": "2026-03-02T00:00:00Z", "key": None, "arms": {}}}
    template = Template("t", sources={"": {"sms": Source(f"Hello {text}", "sms.txt")}})
    try:
        render_texts(template, "sms", "en", context)
        refused = False
    except RenderError:
        refused = True
    assert (Press().attempt(f"Hello {text}", context) is not None) is refused


MENDED = [
    ("wait: 1d", "wait: 1 day", "write `1d`"),
    ("wait: 1d", "wait: 2 weeks", "write `14d`"),
    ("wait: 1d", "wait: 10", "say in which unit: `10d` for days, `10h` for hours, `10m` for minutes"),
    ("wait: 1d", "wait: {at: 9:00}", "write `09:00`"),
    ("topic: news", "topic: news\nholdout: 10", "write `10%`"),
    ("value: properties.total", "value: total", "write `properties.total`"),
    ("topic: news", "topic: [news]", "write a name (no slashes, no blanks around it)"),
]


@pytest.mark.parametrize(("old", "new", "fix"), MENDED)
def test_a_malformed_value_is_told_what_to_write(old: str, new: str, fix: str, written: Written, base: dict[str, str]) -> None:
    found = [each.fix for each in check(written({THANKS: base[THANKS].replace(old, new)})) if each.code in ("E203", "E204")]
    assert fix in found


def test_an_unknown_name_is_told_how_to_define_it(written: Written, base: dict[str, str]) -> None:
    found = check(written({THANKS: base[THANKS].replace("template: thanks", "template: zzz")}))
    assert "write templates/zzz/template.yaml" in next(each.fix for each in found if each.code == "E310")
