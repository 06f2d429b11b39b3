"""The index changes nothing: what it leaves out would not have started."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.campaign import Campaign, Pattern, Reentry, SetTraits, Steps, Value
from orchestrator.domain.campaign import Node as Step
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Feature, Program, Transition, Wheel
from rules import Condition, compile_condition

START = 1_750_000_000_000
SCALARS = st.sampled_from(["", "1", "x", 0, 1, 1.0, 2])
VALUES = SCALARS | st.sampled_from([None, True, False, [], ["x"], [1], {}])
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
RULES = st.recursive(
    EQUAL | LISTED | OTHER,
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)


class Everyone:
    """A witness: every campaign that the event calls is asked."""

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        """Nothing to keep."""

    def turned_away(self, campaign: str, reason: str, now: int) -> None:
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
