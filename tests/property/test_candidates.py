"""The index changes nothing: what it leaves out would not have started."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain import ladder
from orchestrator.domain.campaign import Campaign, Pattern, Reentry, SetTraits, Steps, Value
from orchestrator.domain.campaign import Node as Step
from orchestrator.domain.candidates import candidates
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Message
from orchestrator.domain.program import Feature, Program, Transition, Wheel
from rules import Condition, compile_condition

START = 1_750_000_000_000
SCALARS = st.sampled_from(["", "1", "x", 0, 1, 1.0, 2])
VALUES = SCALARS | st.sampled_from([None, True, False, [], ["x"], [1], {}, -2, -1, 0.5, 1.5, 3, "1.5", "2026-01-01"])
PATHS = [*["event.properties.a"] * 4, "profile.features.seen", "profile.traits.t", "stage.current"]
EQUAL = st.builds(
    lambda name, path, value, turned: {name: [value, {"var": path}] if turned else [{"var": path}, value]},
    st.sampled_from(["==", "==="]),
    st.sampled_from(PATHS),
    SCALARS,
    st.booleans(),
)
LISTED = st.builds(
    lambda path, values: {"in": [{"var": path}, values]}, st.sampled_from(PATHS), st.lists(SCALARS, min_size=1, max_size=3)
)
OTHER = st.builds(lambda path, value: {"!=": [{"var": path}, value]}, st.sampled_from(PATHS), SCALARS)
NUMBERS = st.sampled_from([-1, 0, 1, 1.5, 2])
BOUND = st.builds(
    lambda name, path, number, turned: {name: [number, {"var": path}] if turned else [{"var": path}, number]},
    st.sampled_from(["<", "<=", ">", ">="]),
    st.sampled_from(PATHS),
    NUMBERS,
    st.booleans(),
)
BETWEEN = st.builds(
    lambda name, path, low, high: {name: [low, {"var": path}, high]},
    st.sampled_from(["<", "<="]),
    st.sampled_from(PATHS),
    NUMBERS,
    NUMBERS,
)
RULES = st.recursive(
    EQUAL | LISTED | OTHER | BOUND | BOUND | BETWEEN,
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)


class Everyone:
    """A witness: every campaign that the event calls is asked."""

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        """Nothing to keep."""

    def turned_away(self, moment: Moment, campaign: Campaign, key: list[str], reason: str) -> None:
        """Nothing to keep."""

    def judged(self, moment: Moment, message: Message, channel: str, gate: str | None) -> None:
        """Nothing to keep."""


def campaign(number: int, rule: Any, where: str) -> Campaign:
    name, condition = f"c{number}", compile_condition(rule)
    steps = Steps(name, (Step("0", SetTraits({"t": Value(str(number % 3))})),), 0)
    on = Pattern(f"{name}/on/0", event="Seen", condition=condition if where == "on" else None)
    asked = {"condition": condition} if where == "if" else {"while_": condition} if where == "while" else {}
    return Campaign(name, "a", steps, (on,), cls="transactional", reentry=Reentry(0), **asked)


@settings(max_examples=400, deadline=None)
@given(
    rules=st.lists(st.tuples(RULES, st.sampled_from(["on", "if", "if", "while"])), min_size=1, max_size=8),
    properties=st.lists(st.dictionaries(st.just("a"), VALUES), min_size=1, max_size=4),
)
def test_the_index_leaves_out_only_what_would_not_start(rules: list[tuple[Any, str]], properties: list[dict[str, Any]]) -> None:
    program = Program(
        "p",
        Wheel("a", ("a", "x"), (), (Transition(frozenset("a"), "x", Pattern("w", event="Seen")),)),
        features=(Feature("seen", "count", "Seen"),),
        campaigns={f"c{number}": campaign(number, rule, where) for number, (rule, where) in enumerate(rules)},
    )
    one, other = newcomer(program, START, "u:ada"), newcomer(program, START, "u:ada")
    for number, given_properties in enumerate(properties):
        event = Event(f"m{number}", START + number, name="Seen", user_id="ada", properties=given_properties)
        indexed = decide(program, Controls(), one, event, START + number)
        asked = decide(program, Controls(), other, event, START + number, Everyone())
        assert indexed == asked


def asked(rules: list[Any], price: Any) -> list[str]:
    """The campaigns, one a rule, that an event of this price asks."""
    found = candidates(campaign(number, rule, "if") for number, rule in enumerate(rules))["Seen"]
    return found.among(lambda path: path.value({"event": {"properties": {"a": price}}}))


A = {"var": "event.properties.a"}


def differing(rules: list[Any], prices: Iterable[Any]) -> list[Any]:
    """Prices at which another campaign is asked than those whose condition holds."""
    found = []
    for price in prices:
        data = {"event": {"properties": {"a": price}}}
        holding = sorted(f"c{number}" for number, rule in enumerate(rules) if compile_condition(rule).holds(data))
        found += [price] if asked(rules, price) != holding else []
    return found


THRESHOLDS = [{(">", ">=", "<", "<=")[number % 4]: [A, number]} for number in range(1_000)]
PRICES = (-1, 0, 3, 3.5, 500, 501, 502, 503, 998, 999, 1_000, None)


def test_of_a_thousand_thresholds_those_that_are_met_are_asked() -> None:
    assert differing(THRESHOLDS, PRICES) == []
    assert len(asked(THRESHOLDS, "x")) == 1_000, "what is no number is for the rules themselves"


def test_a_bound_on_the_wrong_side_of_its_number_is_noticed() -> None:
    for sides, comparison, wrong in ((ladder._LOWER, ">=", 1), (ladder._LOWER, ">", -1), (ladder._UPPER, "<", 1)):
        with patch.dict(sides, {comparison: wrong}):
            assert differing(THRESHOLDS, PRICES)
    with patch.object(ladder, "bisect_left", lambda ends, place: max(0, bisect_left(ends, place) - 1)):
        assert differing(THRESHOLDS, PRICES)


def test_of_a_thousand_bands_the_one_that_is_met_is_asked() -> None:
    rules = [{"<=": [number, A, number + 0.5]} for number in range(1_000)]
    assert [asked(rules, price) for price in (7, 7.5, 7.6, -1)] == [["c7"], ["c7"], [], []]
    assert asked([{"and": [{">": [A, 5]}, {"<": [A, 5]}]}] * 2, 5) == [], "no number is above and below 5"


def test_the_narrower_of_two_conditions_files_a_campaign() -> None:
    webs = [{"and": [{"==": [{"var": "event.properties.b"}, "web"]}, {">": [A, number]}]} for number in range(100)]
    assert len(asked(webs, 3)) < 60
