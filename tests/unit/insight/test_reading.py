"""Rules and campaigns in plain words: every operator and verb, in both languages, and nothing left out."""

from __future__ import annotations

import json
import string
import typing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import load_workspace
from orchestrator.domain.campaign import Alarm, Dated, Emit, Expected, Pattern, Send, Value, Verb, Wait
from orchestrator.domain.features import _SHOWN
from orchestrator.domain.program import Program
from orchestrator.insight.reading import english, italian
from orchestrator.insight.reading.campaign import read_campaign
from orchestrator.insight.reading.conditions import _CLAUSES, _INFIX, _NOUNS, Words
from orchestrator.insight.reading.patterns import pattern
from orchestrator.insight.reading.steps import _VERBS, Step, read_steps, say_verb
from orchestrator.insight.reading.terms import read_by
from orchestrator.insight.reading.tongue import TONGUES
from orchestrator.insight.reading.why import why_not
from rules import compile_condition, trace
from rules.operators import OPERATORS

Make = Callable[..., Path]
LIBRARY = Path(__file__).parents[3] / "rules" / "library"
EN, IT = TONGUES["en"], TONGUES["it"]
ORDERS = {"var": "profile.features.orders"}
DATA = {
    "profile": {
        "features": {"orders": 1, "nps": 9},
        "traits": {"country": "IT", "tags": ["new"]},
        "segments": [],
        "id": "anna",
    },
    "stage": {"current": "loyalty"},
    "event": {"properties": {"total": 30, "lines": [{"price": 3}]}},
    "now": "2026-03-02T10:00:00.000Z",
}


@pytest.fixture(scope="module")
def program() -> Program:
    return load_workspace(LIBRARY).program


def places(text: Any) -> set[str]:
    texts = text if isinstance(text, tuple) else (text,)
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name is not None}


@pytest.mark.parametrize("table", ["UNITS", "TESTS", "VALUES", "PHRASES"])
def test_both_languages_have_the_same_phrases_with_the_same_places(table: str) -> None:
    one, other = getattr(english, table), getattr(italian, table)
    assert one.keys() == other.keys()
    assert [name for name in one if places(one[name]) != places(other[name])] == []


def test_every_operator_has_words() -> None:
    known = {*_CLAUSES, *_NOUNS, *_INFIX, *english.TESTS, *english.VALUES}
    assert set(OPERATORS) - known == set()


def test_every_verb_has_words() -> None:
    assert set(_VERBS) == set(typing.get_args(Verb))


def test_every_kind_of_feature_has_words() -> None:
    assert {f"f_{kind}" for kind in _SHOWN} - english.PHRASES.keys() == set()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"==": [ORDERS, 2]}, "orders is 2"),
        ({"==": [None, ORDERS]}, "orders is absent"),
        ({"!=": [{"var": "event.properties.plan"}, "gold"]}, "the event's plan is not “gold”"),
        ({"in": [{"var": "stage.current"}, ["a", "b", "c"]]}, "the stage is one of “a”, “b” or “c”"),
        ({"<": [1, {"var": "event.properties.total"}, 1250.5]}, "the event's total is between 1 and 1,250.5, these excluded"),
        ({"and": [{">": [ORDERS, 1]}, {"or": [ORDERS, {"<": [ORDERS, 9]}]}]},
         "orders is more than 1 and (orders is there and not empty, zero or false or orders is less than 9)"),
        ({"!": [{"segment": ["vip"]}]}, "the customer is not in the segment “vip”"),
        ({"!": [{"in": [{"var": "event.properties.id"}, {"var": "profile.features.seen"}]}]},
         "the event's id is not within seen"),
        ({"!": [{"in": [{"var": "stage.current"}, ["a", "b"]]}]}, "the stage is none of “a” or “b”"),
        ({"!": [{"<=": [ORDERS, 2]}]}, "orders is not at most 2"),
        ({"!": [{"==": [ORDERS, None]}]}, "orders is there"),
        ({"!": [{"<": [1, ORDERS, 3]}]}, "it is not true that orders is between 1 and 3, these excluded"),
        ({"!": [{"missing": ["profile.traits.email", "profile.traits.phone"]}]},
         "nothing of the customer's email and the customer's phone is missing"),
        ({"!": [{"or": [{"==": [ORDERS, 1]}, {"==": [ORDERS, 3]}]}]}, "it is not true that (orders is 1 or orders is 3)"),
        ({"!": [{"some": [{"var": "event.properties.lines"}, {">": [{"var": "price"}, 2]}]}]},
         "for no element of the event's lines: the element's price is more than 2"),
        ({"some": [{"var": "event.properties.lines"}, {">": [{"var": "price"}, 2]}]},
         "for at least one element of the event's lines: the element's price is more than 2"),
        ({"after": [{"var": "stage.since"}, {"ago": ["3d"]}]},
         "the time since when in the stage is after the moment 3 days ago"),
        ({">=": [{"*": [{"+": [ORDERS, 1]}, 2]}, 4]}, "(orders + 1) \N{MULTIPLICATION SIGN} 2 is at least 4"),
        ({"if": [{"==": [ORDERS, 1]}, {"==": [{"var": "stage.current"}, "x"]}, {"==": [ORDERS, 3]}]},
         "if orders is 1, then the stage is “x”, else orders is 3"),
        ({"missing": ["profile.traits.email"]}, "at least one of the customer's email is missing"),
        ({"<": [{"days_between": [{"var": "profile.traits.birthday"}, {"var": "now"}]}, 30]},
         "the days from the customer's birthday to now is less than 30"),
        ({">": [{"count": [{"==": [ORDERS, 1]}, {"==": [ORDERS, 2]}]}, 0]},
         "how many of these hold: orders is 1; orders is 2 is more than 0"),
    ],
)  # fmt: skip
def test_a_condition_in_words(rule: Any, words: str) -> None:
    assert Words(EN).test(rule) == words


def test_italian_numbers_and_words() -> None:
    assert Words(IT).test({">=": [{"var": "event.properties.total"}, 1250.5]}) == "total dell'evento è almeno 1.250,5"


@pytest.mark.parametrize(
    ("rule", "english_", "italian_"),
    [
        ({"==": [ORDERS, 2]}, "orders is 1, but must be 2", "orders è 1, ma deve essere 2"),
        ({"<": [50, {"var": "event.properties.total"}]}, "the event's total is 30, but must be more than 50",
         "total dell'evento è 30, ma deve essere più di 50"),
        ({"==": [{"var": "profile.traits.plan"}, "gold"]}, "the customer's plan is not there, but must be “gold”",
         "plan del cliente manca, ma deve essere “gold”"),
        ({"and": [{"==": [ORDERS, 1]}, {"in": [{"var": "stage.current"}, ["a", "b"]]}]},
         "the stage is “loyalty”, but must be one of “a” or “b”", "la fase è “loyalty”, ma deve essere uno tra “a” o “b”"),
        ({"or": [{">": [ORDERS, 1]}, {"<": [{"var": "profile.features.nps"}, 5]}]},
         "orders is 1, but must be more than 1; nps is 9, but must be less than 5; one of these would have been enough",
         "orders è 1, ma deve essere più di 1; nps è 9, ma deve essere meno di 5; una di queste sarebbe bastata"),
        ({"!": [{"in": [{"var": "profile.traits.country"}, ["IT", "FR"]]}]},
         "the customer's country is “IT”, but must not be one of “IT” or “FR”",
         "country del cliente è “IT”, ma non deve essere uno tra “IT” o “FR”"),
        ({"!": [{">=": [ORDERS, 1]}]}, "orders is 1, but must be less than 1", "orders è 1, ma deve essere meno di 1"),
        ({"segment": ["vip"]}, "the customer is not in the segment “vip”", "il cliente non è nel segmento “vip”"),
        ({">": [ORDERS, {"var": "profile.features.nps"}]}, "orders is 1, but must be more than nps (9)",
         "orders è 1, ma deve essere più di nps (9)"),
        ({"if": [{"==": [ORDERS, 1]}, {"==": [{"var": "stage.current"}, "x"]}, True]},
         "the stage is “loyalty”, but must be “x”", "la fase è “loyalty”, ma deve essere “x”"),
        ({"!=": [{"var": "event.properties.coupon"}, None]}, "the event's coupon is not there, but must be there",
         "coupon dell'evento manca, ma deve esserci"),
    ],
)  # fmt: skip
def test_why_not_with_the_values(rule: Any, english_: str, italian_: str) -> None:
    found = trace(rule, DATA)
    assert not found.value
    assert (why_not(rule, found, EN), why_not(rule, found, IT)) == (english_, italian_)


def test_what_was_given_up_is_told() -> None:
    rule = {"some": [{"var": "event.properties.lines"}, {"==": [{"var": "x"}, 1]}]}
    found = trace(rule, {"event": {"properties": {"lines": [{}] * 5_000}}})
    assert why_not(rule, found, EN) == "given up after 5,000 steps: what it goes through is too long"
    assert why_not(rule, found, IT) == "abbandonata dopo 5.000 passi: ciò che scorre è troppo lungo"
    assert found.as_json()["given_up"] is True


# ── campaigns ───────────────────────────────────────────────────────────────────────────────────────────────────────


def every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for way in step.ways:
            yield from every(way.steps)


@pytest.mark.parametrize("locale", list(TONGUES))
def test_every_step_of_the_shipped_workspace_is_told_once(program: Program, locale: str) -> None:
    for campaign in program.campaigns.values():
        told = [step.id for step in every(read_steps(campaign.steps, TONGUES[locale]))]
        assert sorted(told) == sorted(node.id for node in campaign.steps.nodes)


@pytest.mark.parametrize("locale", list(TONGUES))
def test_the_shipped_workspace_leaves_no_json_and_names_every_variable(program: Program, locale: str) -> None:
    for campaign in program.campaigns.values():
        said = json.dumps(read_campaign(program, campaign, TONGUES[locale]).as_json(), ensure_ascii=False)
        texts = list(_texts(json.loads(said)))
        assert [text for text in texts if set('{}"[]') & set(text) or "var" in text.split()] == []
        whole = " ".join(texts)
        for condition in read_by(campaign):
            for path in condition.reads:
                known = path in ("stage.current", "stage.previous", "stage.since", "stage.turns", "profile.segments")
                assert known or path.rpartition(".")[2] in whole


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)
    elif isinstance(found, str):
        yield found


def steps_of(make: Make, then: str) -> list[Any]:
    text = "campaign: cart\nstage: awareness\ntopic: reminders\non: {event: Cart Updated}\nthen:\n" + then
    made = load_workspace(make({"campaigns/cart.yaml": text, "campaigns/win-back.yaml": None})).program
    return [_short(step) for step in read_steps(made.campaigns["cart"].steps, EN)]


def _short(step: Step) -> Any:
    return (step.words, [(way.when, [_short(one) for one in way.steps]) for way in step.ways]) if step.ways else step.words


SEND = "send: {template: hello, channel: email}"
FIRST = "the first of these that is true:"


def test_what_follows_both_outcomes_stands_after_them(make: Make) -> None:
    then = f"  - wait_for: {{event: Order Completed, within: 1d}}\n    then: [{{set: {{traits.email: a}}}}]\n  - {SEND}\n"
    waits = "wait up to 1 day until Order Completed arrives"
    assert steps_of(make, then) == [
        (waits, [("if it came:", ["set the customer's email to “a”"])]),
        "send “hello” by email",
    ]


def test_an_outcome_that_ends_the_run_stands_under_it(make: Make) -> None:
    then = f"  - {SEND}\n    else: [exit]\n  - {SEND.replace('hello', 'again')}\n"
    assert steps_of(make, then) == [
        ("send “hello” by email", [("if it was not sent:", ["end the run"])]),
        "send “again” by email",
    ]


def test_a_branch_in_a_branch_keeps_its_nesting(make: Make) -> None:
    condition = '{"==": [{var: stage.current}, retention]}'
    inner = f"{{id: inner, branch: [{{if: {condition}, then: [exit]}}]}}"
    then = f"  - id: outer\n    branch:\n      - if: {condition}\n        then: [{inner}, {{wait: 2h}}]\n  - {SEND}\n"
    when = "if the stage is “retention”:"
    assert steps_of(make, then) == [
        ("the first of these that is true:", [(when, [(FIRST, [(when, ["end the run"])]), "wait 2 hours"])]),
        "send “hello” by email",
    ]


def test_a_condition_that_just_goes_on_is_told_with_the_other_that_does_not(make: Make) -> None:
    """Its steps stand after the branch, because nothing else leads there; without it they would seem to be for everybody."""
    condition = '{"==": [{var: stage.current}, retention]}'
    then = f"  - id: who\n    branch:\n      - if: {condition}\n        then: [{{wait: 2h}}]\n      - else: [exit]\n"
    assert steps_of(make, then) == [
        (FIRST, [("if the stage is “retention”: go on", []), ("otherwise:", ["end the run"])]),
        "wait 2 hours",
    ]


NESTED = {
    "or": [
        {"==": [ORDERS, 0]},
        {"and": [{">": [ORDERS, 1]}, {"or": [{"segment": ["vip"]}, {"==": [{"var": "stage.current"}, "loyalty"]}]}]},
    ]
}


def test_what_is_joined_inside_another_stands_under_it() -> None:
    plain, nested = Words(EN).parts({"and": [{"==": [{"var": "profile.traits.plan"}, "gold"]}, NESTED]})
    assert plain == "the customer's plan is “gold”"
    assert nested.splitlines() == [
        "at least one of these holds:",
        "- orders is 0",
        "- all of these hold:",
        "  - orders is more than 1",
        "  - the customer is in the segment “vip” or the stage is “loyalty”",
    ]
    assert Words(IT).parts(NESTED)[0].splitlines()[:3] == [
        "vale almeno una di queste:",
        "- orders è 0",
        "- valgono tutte queste:",
    ]


def test_a_span_that_is_computed_and_hours_of_the_customer_are_plain() -> None:
    days = compile_condition({"days": [{"-": [{"var": "event.properties.cycle"}, 5]}]})
    verb = Wait(Value(expression=days), at=600)
    assert say_verb(verb, EN) == "wait (the event's cycle \N{MINUS SIGN} 5) days, then until 10:00, the customer's time"
    assert say_verb(verb, IT) == "attendi (cycle dell'evento \N{MINUS SIGN} 5) giorni, poi le 10:00, ora del cliente"


def test_holds_say_that_nothing_comes_later(program: Program) -> None:
    """A hold is no delay: the message that meets it is never sent."""
    read = read_campaign(program, program.campaigns["win-back"], EN).as_json()
    assert "not sent, and not sent later, while open_tickets is more than 0 (hold open-ticket)" in read["limits"]
    timed = "not sent, and not sent later, for 30 days from when this turned true: last_nps (10 if absent) is at most 6"
    assert f"{timed} (hold detractor)" in read["limits"]


def test_what_a_campaign_is_expected_to_do_is_told(program: Program) -> None:
    alarm = Alarm(Expected(86_400_000, at_least=50), Expected(3_600_000, at_most=2_000, times=5))
    campaign = replace(program.campaigns["welcome"], alarm=alarm)
    assert read_campaign(program, campaign, EN).as_json()["alarm"] == [
        "fewer than 50 messages leave within 1 day",
        "more than 2,000 runs begin within 1 hour, and more than 5 times the busiest such span before",
    ]
    silent = replace(campaign, alarm=Alarm(triggers=Expected(86_400_000, at_least=1)))
    assert read_campaign(program, silent, EN).as_json()["alarm"] == ["no run begins within 1 day"]
    assert read_campaign(program, campaign, IT).as_json()["alarm"][0] == "partono meno di 50 messaggi in 1 giorno"
    assert "alarm" not in read_campaign(program, program.campaigns["welcome"], EN).as_json()


def test_an_emit_says_to_whom() -> None:
    verb = Emit("Gift Sent", Value(constant="ben"), {"value": Value(constant=5)})
    assert say_verb(verb, EN) == "emit the event Gift Sent for the customer whose id is “ben”, with value: 5"
    assert say_verb(verb, IT) == "emetti l'evento Gift Sent per il cliente il cui id è “ben”, con value: 5"


def test_a_message_that_joins_others_says_for_how_long() -> None:
    verb = Send("refill", ("email",), 3_600_000, merge=2 * 86_400_000)
    assert (
        say_verb(verb, EN)
        == "send “refill” by email, joined with others of the next 2 days into one, within 1 hour or not at all"
    )
    assert say_verb(verb, IT).endswith(", unito agli altri dei successivi 2 giorni in uno solo, entro 1 ora o per niente")


PATTERNS = [
    (
        Pattern("p", segment="regulars"),
        "the customer comes into the segment regulars",
        "il cliente entra nel segmento regulars",
    ),
    (Pattern("p", left="regulars"), "the customer leaves the segment regulars", "il cliente esce dal segmento regulars"),
    (
        Pattern("p", date=Dated(("traits", "birthday"), "year", 540)),
        "it is the anniversary of the customer's birthday, at 09:00 where the customer lives",
        "è l'anniversario di birthday del cliente, alle 09:00 dove vive il cliente",
    ),
    (
        Pattern("p", date=Dated(("features", "renewal"), None, 600, -7 * 86_400_000, "Europe/Rome")),
        "it is 7 days before the day of renewal, at 10:00 in Europe/Rome",
        "è 7 giorni prima che sia il giorno di renewal, alle 10:00 in Europe/Rome",
    ),
    (
        Pattern("p", date=Dated(("traits", "joined"), "month", offset=3_600_000)),
        "it is 1 hour after the monthly day of the customer's joined",
        "è 1 ora dopo il giorno mensile di joined del cliente",
    ),
]


@pytest.mark.parametrize(("given", "english_words", "italian_words"), PATTERNS)
def test_crossings_and_dates_in_words(given: Pattern, english_words: str, italian_words: str) -> None:
    assert (pattern(given, EN), pattern(given, IT)) == (english_words, italian_words)


def test_a_segment_that_starts_a_campaign_is_explained(program: Program) -> None:
    campaign = program.campaigns["welcome"]
    read = read_campaign(program, replace(campaign, on=(Pattern("w/on/0", segment="one-order"),)), EN)
    assert any(line.startswith("one-order") for line in read.as_json()["terms"])
