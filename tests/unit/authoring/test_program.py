"""What a checked workspace compiles to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check, load_program, load_workspace
from orchestrator.domain.campaign import END, Branch, Dated, Exit, Reentry, Send, Split, Value, Wait, WaitFor
from orchestrator.domain.policies import QuietHours
from orchestrator.domain.program import Feature, KeyPath

Written = Callable[..., Path]
DAY = 86_400_000
EXAMPLES = Path(__file__).parents[3].parent / "shared" / "spec" / "campaigns"
STEPS = """\
campaign: long
stage: retention
topic: news
on: {event: Order Completed, each: product}
again: restart
reentry: {after: 7d, per: profile}
holdout: 2.5%
priority: high
active: {from: 2026-01-01, until: "2026-02-01T12:00:00+01:00"}
then:
"""


def test_steps_become_a_graph_in_reading_order(written: Written) -> None:
    steps = load_program(written()).campaigns["thanks"].steps
    at = {node.id: index for index, node in enumerate(steps.nodes)}
    assert list(at) == [
        "wait-1d", "ask", "exit", "wait_for-survey-answered", "branch", "send-coupon", "exit-2",
        "split-touch", "set-plan", "move_to-lost",
    ]  # fmt: skip
    node = {node.id: node for node in steps.nodes}
    assert steps.first == at["wait-1d"] == 0
    assert (node["ask"].then, node["ask"].otherwise) == (at["wait_for-survey-answered"], at["exit"])
    assert isinstance(node["exit"].verb, Exit)
    waiting = node["wait_for-survey-answered"]
    assert isinstance(waiting.verb, WaitFor)
    assert (waiting.then, waiting.otherwise) == (at["branch"], at["split-touch"])
    assert waiting.verb.within == 7 * DAY
    assert [(each.id, each.of) for each in waiting.verb.patterns] == [("thanks/wait_for-survey-answered/0", "ask")]
    branch = node["branch"]
    assert isinstance(branch.verb, Branch)
    assert [way for _, way in branch.verb.ways] == [at["send-coupon"]]
    assert branch.otherwise == at["exit-2"]
    assert node["send-coupon"].then == at["split-touch"]
    assert {name for name in node if node[name].answer_of is not None} == {"branch", "send-coupon", "exit-2"}
    assert node["branch"].answer_of == at["wait_for-survey-answered"]
    split = node["split-touch"].verb
    assert isinstance(split, Split)
    assert [(arm.name, arm.up_to, arm.node) for arm in split.arms] == [
        ("plain", 5000, at["move_to-lost"]),
        ("special", 10_000, at["set-plan"]),
    ]
    assert node["move_to-lost"].then == END


def test_settings_become_numbers(written: Written) -> None:
    campaign = load_program(written({"campaigns/long.yaml": STEPS + "  - wait: 1h\n"})).campaigns["long"]
    assert campaign.reentry == Reentry(7 * DAY, per_profile=True)
    assert (campaign.holdout, campaign.priority, campaign.restart) == (250, 0, True)
    assert (campaign.active_from, campaign.active_until) == (1_767_225_600_000, 1_769_943_600_000)
    assert campaign.on[0].each == "product"
    assert campaign.on[0].id == "long/on/0"


def test_patterns_on_segments_and_dates(written: Written, base: dict[str, str]) -> None:
    on = """\
campaign: crossing
stage: retention
topic: news
on:
  - {segment: buyers}
  - {left: buyers, if: {"==": [{var: stage.current}, lost]}}
  - {date: profile.traits.birthday, every: year, at: "09:00", offset: -7d, zone: Europe/Rome}
  - {date: profile.features.last_renewal}
reentry: always
then: []
"""
    feature = "last_renewal: {last: properties.renews, of: Order Completed}"
    profile, order = "profile.yaml", "events/order-completed.yaml"
    changed = {
        "campaigns/crossing.yaml": on,
        profile: base[profile].replace("orders:", f"{feature}\n  orders:", 1),
        order: base[order].replace("total: {type: number}", "total: {type: number}\n    renews: {type: string, format: date}"),
    }
    program = load_program(written(changed))
    entered, left, birthday, renewal = program.campaigns["crossing"].on
    assert (entered.segment, left.left, left.condition is not None) == ("buyers", "buyers", True)
    assert birthday.date == Dated(("traits", "birthday"), "year", 9 * 60, -7 * DAY, "Europe/Rome")
    assert renewal.date == Dated(("features", "last_renewal"))
    assert program.index.watch is not None
    assert list(program.index.dates) == ["crossing/on/2", "crossing/on/3"]


def test_waits_and_values(written: Written) -> None:
    steps = """\
  - wait: {for: 2d, at: "10:00"}
  - wait: {until: 2026-12-24, plus: -2d, past: exit}
  - wait: {for: {days: {lookup: [products, {var: item.product_id}, days, 1]}}}
  - emit: {event: Order Refunded, to: {var: profile.user_id}, properties: {order_id: {cat: [a, b]}}}
  - set: {traits.plan: free, traits.notes: {unknown_word: 1}}
"""
    nodes = load_program(written({"campaigns/long.yaml": STEPS + steps})).campaigns["long"].steps.nodes
    first, second, third, emit, last = (node.verb for node in nodes)
    assert first == Wait(Value(constant=2 * DAY), at=600)
    assert second == Wait(until=Value(constant="2026-12-24"), plus=-2 * DAY, past="exit")
    assert isinstance(third, Wait)
    assert third.duration is not None
    assert third.duration.expression is not None
    assert emit.to.expression is not None  # type: ignore[union-attr]
    assert emit.properties["order_id"].expression.rule == {"cat": ["a", "b"]}  # type: ignore[union-attr]
    assert last.traits == {"plan": Value("free"), "notes": Value({"unknown_word": 1})}  # type: ignore[union-attr]


def test_policies_features_and_keys(written: Written) -> None:
    program = load_program(written({"tables/off.csv": "date\n2026-12-25\n", "policies.yaml": POLICIES}))
    policies = program.policies
    assert policies.quiet == {"sms": QuietHours(21 * 60, 9 * 60)}
    assert policies.days_off == {"2026-12-25"}
    assert (policies.expires_marketing, policies.trigger_max_age, policies.control_group) == (3_600_000, DAY, 500)
    assert [(hold.name, hold.stops, hold.except_campaigns, hold.duration) for hold in policies.holds] == [
        ("ticket", {"news"}, {"thanks"}, 30 * DAY)
    ]
    assert program.events["Order Completed"].keys["product"] == KeyPath(("properties", "products", "product_id"), 2)
    features = {feature.name: feature for feature in program.features}
    assert features["spent"] == Feature("spent", "sum", "Order Completed", ("properties", "total"), over_days=30)
    assert features["bought"] == Feature("bought", "values", "Order Completed", key="product", at_most=5)
    assert features["open_tickets"].closed_by == "Ticket Closed"
    assert program.wheel.transitions[1].pattern.id == "wheel/1"
    assert program.wheel.transitions[1].pattern.duration == 90 * DAY


POLICIES = """\
topics: {news: {consent: asked}}
quiet: {sms: "21:00-09:00", email: none, days_off: tables/off.csv}
holds:
  ticket: {if: [{">": [{var: profile.features.open_tickets}, 0]}], stops: news, except: [thanks], for: 30d}
expires: {marketing: 1h}
control_group: 5%
transactional: [receipt, care]
"""


def test_conditions_of_a_list_must_all_hold(written: Written, base: dict[str, str]) -> None:
    text = base["campaigns/thanks.yaml"]
    more = text.replace("goal:", '  - {"==": [{var: profile.traits.plan}, free]}\ngoal:')
    one, both = (load_program(written({"campaigns/thanks.yaml": each})).campaigns["thanks"].condition for each in (text, more))
    assert one is not None
    assert both is not None
    assert one.rule == {">=": [{"var": "event.properties.total"}, 50]}
    assert both.rule == {"and": [one.rule, {"==": [{"var": "profile.traits.plan"}, "free"]}]}


def test_templates_fall_back_by_locale(written: Written) -> None:
    template = load_workspace(written()).templates["thanks"]
    assert (template.source("text", "it-IT") or template).file == "templates/thanks/it/email.txt"  # type: ignore[union-attr]
    assert (template.source("text", "en-GB") or template).file == "templates/thanks/email.txt"  # type: ignore[union-attr]
    assert template.sender == "shop"
    assert not template.source("html", "it")


def test_the_name_follows_the_meaning_and_nothing_else(written: Written, base: dict[str, str]) -> None:
    program = load_program(written())
    thanks = base["campaigns/thanks.yaml"]
    again = load_program(
        written({"campaigns/thanks.yaml": "# a comment\n" + thanks.replace("topic: news\n", "topic:   news\n")})
    )
    assert program.name == again.name
    assert len(program.name) == 16
    text = load_program(written({"campaigns/thanks.yaml": thanks, "templates/thanks/sms.txt": "Thank you\n"}))
    assert text.name != program.name
    assert text.campaigns["thanks"].steps.version == program.campaigns["thanks"].steps.version
    other = load_program(written({"campaigns/thanks.yaml": thanks.replace("wait: 1d", "wait: 2d")}))
    assert other.campaigns["thanks"].steps.version != program.campaigns["thanks"].steps.version
    assert other.campaigns["receipt"].steps.version == program.campaigns["receipt"].steps.version


@pytest.mark.parametrize("name", [path.stem for path in sorted(EXAMPLES.glob("*.yaml"))])
def test_an_example_of_the_grammar_compiles_or_waits_for_the_engine(name: str, written: Written) -> None:
    """Only what the small workspace does not define, or the engine does not run yet, may be told."""
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    findings = check(written({f"campaigns/{name}.yaml": text}))
    undefined = {"E301", "E302", "E303", "E304", "E306", "E307", "E308", "E310", "E311", "E315", "E502", "W507"}
    assert {each.code for each in findings} <= undefined, findings


def test_a_send_lists_its_channels_once(written: Written, base: dict[str, str]) -> None:
    text = base["campaigns/thanks.yaml"].replace("[email, sms], expires", "[email, sms, email], expires")
    sends = [node.verb for node in load_program(written({"campaigns/thanks.yaml": text})).campaigns["thanks"].steps.nodes]
    assert [verb.channels for verb in sends if isinstance(verb, Send)] == [("email", "sms"), ("email",)]


def test_an_upgrade_of_the_engine_keeps_people_on_their_steps(written: Written) -> None:
    """A field that a later version adds to a compiled class is named `LATER`, or this version's name changes."""
    assert load_program(written({})).campaigns["thanks"].steps.version == "19d1a3135c03eb8a"
