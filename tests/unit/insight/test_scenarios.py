"""Scenario tests: what passes, what fails and with which words, when the clock stops, what is covered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import WorkspaceError
from orchestrator.insight.scenarios import Results, load_suite, run_suite
from tests.unit.insight.conftest import FILES

Make = Callable[..., Path]
ANNA = "{user_id: anna, traits: {email: a@example.com}, consent: {reminders: [email, sms]}}"
CART = '{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: C-1, total: 80}}'
FIRST = "{campaign: cart, template: hello, channel: email"
SECOND = "{campaign: cart, template: again, channel: email"


@pytest.fixture
def tested(make: Make) -> Callable[..., Results]:
    def run(text: str, **files: str) -> Results:
        return run_suite(load_suite(make({"tests/one.yaml": text, **files})))

    return run


def scenario(expect: str, given: str = f"[{CART}]", profile: str = ANNA, more: str = "") -> str:
    return f"- test: it\n  profile: {profile}\n  given: {given}\n  expect: {expect}\n{more}"


def only(results: Results) -> dict[str, Any]:
    (verdict,) = results.as_json()["tests"]
    found: dict[str, Any] = verdict
    return found


Tested = Callable[..., Results]


def test_what_is_expected_may_come_after_the_last_event(tested: Tested) -> None:
    sends = f'[{FIRST}, at: "2026-03-02T10:00:00Z"}}, {SECOND}, at: "+25h"}}]'
    found = only(tested(scenario(f"{{sends: {sends}, stage: awareness}}")))
    assert found == {"name": "it", "file": "tests/one.yaml", "line": 1, "passed": True, "difference": None, "timeline": []}


def test_the_clock_stops_when_everything_expected_has_come(tested: Tested) -> None:
    assert only(tested(scenario(f"{{sends: [{FIRST}}}]}}")))["passed"]


def test_nothing_expected_means_nothing_ever(tested: Tested) -> None:
    found = only(tested(scenario("{}")))
    assert not found["passed"]
    assert "sent, and not expected: cart · hello by email at 2026-03-02T10:00:00.000Z" in found["difference"]
    assert found["timeline"][0] == "2026-03-02T09:00:00.000Z  Cart Updated"
    assert found["timeline"][-1] == "2027-04-06T09:00:00.000Z  the clock stops"


def test_until_stops_the_clock(tested: Tested) -> None:
    assert only(tested(scenario("{}", more='  until: "+59m"\n')))["passed"]


def test_what_becomes_known_of_a_customer_is_given_as_traits(tested: Tested) -> None:
    nobody = "{user_id: anna, consent: {reminders: [email]}}"
    known = f'[{{at: "+0m", traits: {{email: a@example.com}}}}, {CART}]'
    assert not only(tested(scenario(f"{{sends: [{FIRST}}}]}}", profile=nobody)))["passed"]
    assert only(tested(scenario(f"{{sends: [{FIRST}}}]}}", profile=nobody, given=known)))["passed"]


@pytest.mark.parametrize(
    "happens", ['{at: "+0m"}', '{at: "+0m", event: Cart Updated, traits: {email: a@example.com}}', '{at: "+0m", traits: 7}']
)
def test_what_happens_is_an_event_or_traits(happens: str, tested: Tested) -> None:
    verdicts = tested(scenario("{}", given=f"[{happens}]")).as_json()["tests"]
    assert [verdict["passed"] for verdict in verdicts] == [False] * len(verdicts)
    assert any("traits" in verdict["difference"] for verdict in verdicts)


def test_a_stage_may_be_reached_by_time_alone(tested: Tested) -> None:
    order = '[{at: "2026-01-01T00:00:00Z", event: Order Completed, properties: {total: 1}}]'
    assert only(tested(scenario("{stage: repurchase}", given=order)))["passed"]
    assert only(tested(scenario("{stage: lost}", given=order)))["passed"]


def test_what_never_comes_is_told_with_its_reason(tested: Tested) -> None:
    given = '[{at: "+0m", event: Cart Updated, properties: {cart_id: C-1, total: 10}}]'
    found = only(tested(scenario(f"{{sends: [{FIRST}}}], stage: lost}}", given=given)))
    assert "not sent: cart · hello by email (cart not entered: its condition (`if`) was not true)" in found["difference"]
    assert "stands in awareness, expected lost" in found["difference"]


def test_a_campaign_never_triggered_is_told(tested: Tested) -> None:
    found = only(tested(scenario("{sends: [{campaign: win-back, template: hello}]}", more='  until: "+1d"\n')))
    assert "win-back was never triggered" in found["difference"]


@pytest.mark.parametrize(
    ("profile", "before", "reason"),
    [
        ("{traits: {email: a@example.com}}", "", "consent"),
        ("{traits: {phone: '1'}, consent: {reminders: [email]}}", "", "address"),
        ("{consent: {reminders: [email, sms]}}", "", "address"),
        (ANNA, '{at: "2026-03-02T08:00:00Z", event: Ticket Opened, properties: {ticket_id: T}}, ', "hold"),
    ],
)
def test_a_suppression_is_found_by_its_gate(tested: Tested, profile: str, before: str, reason: str) -> None:
    asked = f"{{sends: [], suppressed: [{{campaign: cart, reason: {reason}}}]}}"
    assert only(tested(scenario(asked, given=f"[{before}{CART}]", profile=profile)))["passed"]


def test_a_wrong_gate_is_told_with_the_right_one(tested: Tested) -> None:
    asked = "{suppressed: [{campaign: cart, reason: hold}]}"
    found = only(tested(scenario(asked, profile="{traits: {email: a@example.com}}")))
    assert found["difference"] == "not suppressed: cart by hold, but by consent"


def test_the_order_of_sends_counts(tested: Tested) -> None:
    found = only(tested(scenario(f"{{sends: [{SECOND}}}, {FIRST}}}]}}")))
    assert found["difference"].startswith("sent in another order than expected: cart · hello")


def test_somebody_without_an_address_is_sent_nothing(tested: Tested) -> None:
    nobody = "{consent: {reminders: [email, sms]}}"
    assert only(tested(scenario("{}", profile=nobody)))["passed"]
    found = only(tested(scenario(f"{{sends: [{FIRST}}}]}}", profile=nobody)))
    assert "there is no address for this channel (trait `email` or `phone`)" in found["difference"]


TIME = "sent otherwise: cart · hello by email: time differs, sent at 2026-03-02T10:00:00.000Z"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (f'{FIRST}, at: "2026-03-02T09:30:00Z"}}', f"{TIME}, expected 2026-03-02T09:30:00.000Z (30 minutes later)"),
        (f'{FIRST}, at: "+3d"}}', f"{TIME}, expected 2026-03-05T09:00:00.000Z (2 days 23 hours earlier)"),
        ("{campaign: cart, template: hello, channel: sms", "cart · hello by sms: channel email, expected sms"),
        ('{campaign: cart, template: again, at: "+1h"', "cart · again: template hello, expected again"),
    ],
)
def test_a_message_sent_otherwise_is_told_once_with_both_sides(tested: Tested, asked: str, words: str) -> None:
    asked = asked if asked.endswith("}") else f"{asked}}}"
    found = only(tested(scenario(f"{{sends: [{asked}]}}", more='  until: "+2h"\n')))
    assert words in found["difference"]
    assert len(found["difference"].splitlines()) == 1


AT_ONCE = """
campaign: also
stage: awareness
topic: reminders
on: {event: Cart Updated}
then: [{send: {template: priced, channel: email}}]
"""
PRICED = {
    "templates/priced/template.yaml": "sender: shop\nsubject: Hello\n",
    "templates/priced/email.html": "<p>Hello</p>\n<p>{{ event.properties.cart_id | money }}</p>",
    "campaigns/also.yaml": AT_ONCE,
}


def test_a_message_that_cannot_be_rendered_fails_with_file_line_and_expression(tested: Tested) -> None:
    found = only(tested(scenario("{sends: [{campaign: also}], stage: awareness}", more='  until: "+5m"\n'), **PRICED))
    place = "templates/priced/email.html:2: template 'priced', html"
    assert found["difference"] == (
        f"refused at rendering: also · {place}: `event.properties.cart_id | money`: money needs a number"
    )
    assert any("also priced by email accepted, and live refused at rendering" in line for line in found["timeline"])


def test_the_campaigns_that_a_scenario_names_come_first(tested: Tested) -> None:
    wrong = f'{{sends: [{FIRST}, at: "+1d"}}], stage: awareness}}'
    (verdict,) = tested(scenario(wrong, more='  until: "+2h"\n'), **PRICED).failed
    kinds = [line.split(":")[0] for line in (verdict.difference or "").splitlines()]
    assert kinds == ["sent otherwise", "sent, and not expected", "refused at rendering"]
    assert not any("also priced" in line for line in verdict.brief)
    assert any("more of also" in line for line in verdict.brief)
    assert any("also priced by email accepted" in line for line in verdict.timeline)


CALLING = """
campaign: calling
stage: awareness
class: transactional
on: {event: Cart Updated}
then:
  - id: call
    task: {queue: desk, title: Call, due: 2h, shows: [cart_id]}
    then: [{move_to: retention}]
    else: [{move_to: repurchase}]
"""
WITH_DESK = {
    "campaigns/calling.yaml": CALLING,
    "senders.yaml": FILES["senders.yaml"] + "desk: {task: {}}\n",
    "policies.yaml": FILES["policies.yaml"] + "transactional: [calling]\n",
}
DONE = """[{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: c1, total: 5}},
    {at: "%s", event: Task Done, properties: {campaign: calling, step: call}}]"""


@pytest.mark.parametrize(("at", "stage"), [("+119m", "retention"), ("+2h", "repurchase")])
def test_a_task_is_expected_and_done_in_time_or_not(tested: Tested, at: str, stage: str) -> None:
    expect = f'{{tasks: [{{queue: desk, title: Call, campaign: calling, step: call, at: "+0s"}}], stage: {stage}}}'
    assert only(tested(scenario(expect, given=DONE % at), **WITH_DESK))["passed"]


def test_tasks_are_all_of_them_and_told_where_they_are_not(tested: Tested) -> None:
    given = DONE % "+1h"
    found = only(tested(scenario("{tasks: []}", given=given), **WITH_DESK))
    assert found["difference"] == "a task, and not expected: calling · desk “Call” (call) at 2026-03-02T09:00:00.000Z"
    found = only(tested(scenario("{}", given=given), **WITH_DESK))
    assert found["difference"].startswith("a task, and not expected")
    found = only(tested(scenario("{tasks: [{campaign: calling, title: Write}]}", given=given), **WITH_DESK))
    assert found["difference"].startswith("another task: calling · desk “Call”")
    found = only(tested(scenario("{tasks: [{campaign: cart}]}", given=given), **WITH_DESK))
    assert found["difference"].splitlines()[0].startswith("no task: cart")
    assert any(line.endswith("calling desk “Call” is done") for line in found["timeline"])


CODED = """
campaign: coded
stage: awareness
class: transactional
on: {event: Cart Updated}
then:
  - id: code
    webhook: {to: codes, send: {cart: {var: event.properties.cart_id}}, save: coupon, within: 1h}
    then: [{send: {template: coded, channel: email, with: {code: {var: enrolment.coupon.code}}}}]
    else: [{move_to: repurchase}]
"""
WITH_CODES = {
    "campaigns/coded.yaml": CODED,
    "senders.yaml": FILES["senders.yaml"] + 'codes: {webhook: {url: "https://hooks.example.org/", sample: {code: TEN}}}\n',
    "policies.yaml": FILES["policies.yaml"] + "transactional: [coded]\n",
    "templates/coded/template.yaml": "sender: shop\nsubject: Hello {{ code }}\ninputs: {code: {type: string}}\n",
    "templates/coded/email.html": "<p>{{ code }}</p>",
}
SENT = "{sends: [{campaign: coded, template: coded}], stage: awareness}"


@pytest.mark.parametrize(
    ("answers", "expect"),
    [
        ("{}", SENT),
        ("{code: {code: X}}", SENT),
        ("{coded/code: {code: X}}", SENT),
        ("{code: refused}", "{sends: [], stage: repurchase}"),
        ("{code: none}", "{sends: [], stage: repurchase}"),
    ],
)
def test_a_scenario_says_what_a_webhook_answers(tested: Tested, answers: str, expect: str) -> None:
    given = scenario(expect, given='[{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: c1, total: 5}}]')
    assert only(tested(given + f"  answers: {answers}\n", **WITH_CODES))["passed"]


def test_an_answer_that_only_stands_in_is_said(tested: Tested) -> None:
    given = scenario(SENT, given='[{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: c1, total: 5}}]')
    silent = {**WITH_CODES, "senders.yaml": WITH_CODES["senders.yaml"].replace(", sample: {code: TEN}", "")}
    results = tested(given, **silent)
    assert results.as_json()["stand_ins"] == ["codes"]
    stands_in = "coded webhook codes answered {}, which stands in: codes has no `sample` in senders.yaml"
    assert any(line.endswith(stands_in) for line in only(results)["timeline"])
    written = tested(given + "  answers: {code: {}}\n", **silent)
    assert any(line.endswith("coded webhook codes answered {}") for line in only(written)["timeline"])
    assert written.as_json()["stand_ins"] == tested(given, **WITH_CODES).as_json()["stand_ins"] == []


def test_an_answer_that_lacks_what_the_template_prints_is_refused_at_rendering(tested: Tested) -> None:
    given = scenario(SENT, given='[{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: c1, total: 5}}]')
    found = only(tested(given + "  answers: {code: {}}\n", **WITH_CODES))
    assert found["difference"].startswith("refused at rendering: coded")


@pytest.mark.parametrize(
    ("answers", "told"), [("{code: maybe}", "or `refused` or `none`"), ("[x]", "must be what webhooks answer")]
)
def test_what_a_webhook_cannot_answer(tested: Tested, answers: str, told: str) -> None:
    assert told in only(tested(scenario("{}") + f"  answers: {answers}\n", **WITH_CODES))["difference"]


def test_a_held_out_run_is_found_among_the_suppressed(tested: Tested) -> None:
    order = '[{at: "2026-01-01T00:00:00Z", event: Order Completed, properties: {total: 1}}]'
    names = (f"customer-{number}" for number in range(40))
    text = "".join(
        scenario(
            "{sends: [], suppressed: [{campaign: win-back, reason: holdout}]}",
            given=order,
            profile=f"{{user_id: {name}, traits: {{email: a@example.com}}, consent: {{offers: [email]}}}}",
        )
        for name in names
    )
    held = [verdict["passed"] for verdict in tested(text).as_json()["tests"]]
    assert 0 < sum(held) < 12


def test_a_persona_brings_stage_features_and_consent_and_starts_nothing(tested: Tested) -> None:
    given = '[{at: "2026-03-02T09:00:00Z", event: Ticket Opened, properties: {ticket_id: T}}]'
    found = only(tested(scenario("{sends: [], suppressed: [], stage: repurchase}", given=given, profile="regular")))
    assert found["passed"]
    order = f'[{CART}, {{at: "+2d", event: Order Completed, properties: {{total: 5, cart_id: C-1}}}}]'
    asked = f"{{sends: [{FIRST}}}, {SECOND}}}], stage: retention}}"
    assert only(tested(scenario(asked, given=order, profile="regular")))["passed"]


def test_features_of_the_profile_can_be_read_by_conditions(tested: Tested) -> None:
    campaign = """
campaign: cart
stage: awareness
topic: reminders
on: {event: Cart Updated}
if:
  - {"==": [{var: profile.features.orders}, 2]}
  - {">": [{var: profile.features.spent_365d}, 80]}
  - {"==": [{var: [profile.features.days_since_order, 0]}, 100]}
then: [{send: {template: hello, channel: email}}]
"""
    results = tested(scenario(f"{{sends: [{FIRST}}}]}}", profile="regular"), **{"campaigns/cart.yaml": campaign})
    assert only(results)["passed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (scenario("{}", profile="regluar"), "did you mean `regular`?"),
        (scenario("{send: []}"), "did you mean `sends`?"),
        (scenario("{sends: [{campain: cart}]}"), "did you mean `campaign`?"),
        (scenario("{}", given="[{at: tomorrow, event: Cart Updated}]"), "is not a time"),
        (scenario("{}", given='[{at: "+0m", event: Cart Updated, properties: {cart_id: C}}]'), "is a required property"),
        (scenario("{}", profile="{stage: loyalty}"), "there is no stage `loyalty`"),
        (scenario("{}", profile="{consent: {news: [email]}}"), "there is no topic `news`"),
        (scenario("{}", profile="{features: {order: 1}}"), "did you mean `orders`?"),
        (scenario("{}", profile="{features: {orders: many}}"), "is no value of the feature"),
    ],
)
def test_what_cannot_be_run_fails_where_it_stands_and_the_rest_goes_on(tested: Tested, text: str, words: str) -> None:
    first, second = tested(text + scenario(f"{{sends: [{FIRST}}}]}}")).as_json()["tests"]
    assert not first["passed"]
    assert words in first["difference"]
    assert first["line"] in range(1, 5)
    assert second["passed"]


def test_a_file_that_cannot_be_read_fails_and_the_rest_goes_on(make: Make) -> None:
    good = scenario(f"{{sends: [{FIRST}}}]}}")
    broken = "- test: x\n  expect: {sends: [\n"
    result = run_suite(load_suite(make({"tests/a.yaml": broken, "tests/b.yaml": good}))).as_json()
    assert (result["passed"], result["failed"]) == (1, 1)
    assert result["tests"][0]["file"] == "tests/a.yaml"
    assert result["tests"][0]["difference"]


def test_an_error_in_a_campaign_is_the_workspaces(make: Make) -> None:
    with pytest.raises(WorkspaceError):
        load_suite(make({"campaigns/cart.yaml": "campaign: cart\n", "tests/a.yaml": scenario("{}")}))


def test_coverage_counts_steps_and_outcomes(make: Make) -> None:
    none = run_suite(load_suite(make())).as_json()
    assert none["coverage"]["steps"] == 0
    assert none["tests"] == []
    one = run_suite(load_suite(make({"tests/a.yaml": scenario(f"{{sends: [{FIRST}}}, {SECOND}}}]}}")}))).as_json()["coverage"]
    assert 0 < one["steps"] < 1
    assert 0 < one["branches"] < one["steps"]
    assert "cart/remind: else" in one["missed"]
    assert "cart/bought: then" in one["missed"]
    assert "win-back/split-offer" in one["missed"]


def test_a_late_event_stands_where_it_occurred(tested: Tested) -> None:
    given = f'[{CART}, {{at: "-2d", event: Cart Updated, properties: {{cart_id: C-2, total: 80}}}}]'.replace(
        "-2d", "2026-02-01T00:00:00Z"
    )
    asked = f"{{sends: [{FIRST}}}, {SECOND}}}]}}"
    found = only(tested(scenario(asked, given=given, more='  until: "+9d"\n')))
    assert found["passed"]
