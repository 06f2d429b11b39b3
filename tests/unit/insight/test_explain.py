"""What `explain` tells beside entries and gates: what failed live or would, what was not heard, what is under way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.delivery.channel import Refused
from orchestrator.delivery.dispatch import outcome_of
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.render import Renderer
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import describe
from orchestrator.domain.profile import Message, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.explain import Told, explain
from orchestrator.insight.replay import Replayed, replay
from orchestrator.insight.unheard import rejected_of
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Record
from orchestrator.stores.memory import MemoryFile

Make = Callable[..., Path]
HOUR_MS = 3_600_000
NINE = 1_772_442_000_000
"""2026-03-02T09:00:00Z"""
PRICED = {"templates/hello/email.html": "<p>Hello</p>\n<p>{{ event.properties.cart_id | money }}</p>"}
CART = """
campaign: cart
stage: awareness
topic: reminders
on: {event: Cart Updated, key: cart}
then:
  - wait: 1h
  - send: {template: hello, prefer: [email, sms]}
  - wait_for: {event: Order Completed, key: cart, within: 1d}
    then: [exit]
  - wait: {for: 1d, at: "10:00"}
  - send: {template: again, channel: email}
"""
ALONE = {"campaigns/win-back.yaml": None, "campaigns/cart.yaml": CART}


def call(number: int, kind: str = "track", **fields: Any) -> dict[str, Any]:
    at = {"timestamp": f"2026-03-02T09:00:0{number}Z"}
    return {"type": kind, "messageId": str(number), "userId": "anna", **at, **fields}


def cart(number: int, **fields: Any) -> dict[str, Any]:
    return call(number, event="Cart Updated", properties={"cart_id": "C-1", "total": 80}, **fields)


CONSENT = call(1, event="Consent Given", properties={"topic": "reminders"})
ANNA = call(0, "identify", traits={"email": "a@example.com"})


@pytest.fixture
def told(make: Make, tmp_path: Path) -> Callable[..., Told]:
    def run(calls: list[dict[str, Any]], hours: int = 0, profile: str = "anna", **files: str | None) -> Told:
        workspace = load_workspace(make({"templates/hello/email.html": "<p>Hello</p>", **ALONE, **files}))
        result, memory = _replayed(workspace, calls, tmp_path / "events.jsonl", hours)
        render = Renderer(workspace.templates, workspace.senders).render
        found = explain(workspace.program, memory, profile, until=result.clock, render=render)
        found.rejected = rejected_of(result.rejected, found.names)
        return found

    return run


def _replayed(workspace: Workspace, calls: list[dict[str, Any]], log: Path, hours: int) -> tuple[Replayed, MemoryFile]:
    log.write_text("".join(json.dumps(one) + "\n" for one in calls), encoding="utf-8")
    memory = MemoryFile()
    lines = read_events([log], validate=Catalogue(workspace.program.events).validate)
    until = NINE + hours * HOUR_MS if hours else None
    result = replay(workspace.program, lines, [memory.partition(0)], until=until, every_profile=memory.every_profile)
    return result, memory


def entry(told: Told, outcome: str) -> dict[str, Any]:
    return next(one for one in told.entries if one["outcome"] == outcome)


class RefusingWire:
    """Renders as the dispatcher does, and answers what it would."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def hand_over(self, program: Program, record: Record, message: Message, not_after: int, now: int) -> Outcome | None:
        try:
            self._renderer.render(describe(program, record.profile, message, not_after, now, record.key))
        except RenderError as error:
            return outcome_of(message.id, Refused("reject", "render", str(error)), now)
        return Outcome(message.id, "accepted")


def test_a_refusal_at_rendering_names_file_line_and_expression(make: Make) -> None:
    workspace = load_workspace(make({**ALONE, **PRICED}))
    memory = MemoryFile()
    wire = RefusingWire(Renderer(workspace.templates, workspace.senders))
    engine = Engine([memory.partition(0)], Surroundings(workspace.program, OpenGovernor(), wire))
    engine.feed(Event("0", NINE, type="identify", user_id="anna", traits={"email": "a@example.com"}), NINE)
    engine.feed(Event("1", NINE, name="Consent Given", user_id="anna", properties={"topic": "reminders"}), NINE)
    engine.feed(Event("2", NINE, name="Cart Updated", user_id="anna", properties={"cart_id": "C-1", "total": 80}), NINE)
    engine.advance(NINE + 2 * HOUR_MS)
    engine.commit()
    refused = entry(explain(workspace.program, memory, "anna"), "refused")
    place = "templates/hello/email.html:2: template 'hello', html"
    assert refused["reason"] == f"it could not be rendered: {place}: `event.properties.cart_id | money`: money needs a number"
    assert refused["gate"] == "reject"
    assert refused["live"] is None


def test_a_replay_tells_what_would_be_refused_at_rendering(told: Callable[..., Told]) -> None:
    accepted = entry(told([ANNA, CONSENT, cart(2)], 2, **PRICED), "accepted")
    assert accepted["live"].startswith("refused at rendering: templates/hello/email.html:2: ")
    assert entry(told([ANNA, CONSENT, cart(2)], 2), "accepted")["live"] is None


def test_a_replay_tells_who_has_no_address(told: Callable[..., Told]) -> None:
    accepted = entry(told([CONSENT, cart(2)], 2), "accepted")
    assert accepted["live"] == "no address for email, which only a replay does without (gate `address`)"


@pytest.mark.parametrize(
    ("hours", "waits", "until", "then"),
    [
        (0, "waits 1 hour", "2026-03-02T10:00:02.000Z", "sends hello by email or sms"),
        (
            2,
            "waits 1 day for Order Completed of that cart",
            "2026-03-03T10:00:02.000Z",
            "if it comes ends, else waits 1 day and then for 10:00",
        ),
        (30, "waits 1 day and then for 10:00", "2026-03-05T10:00:00.000Z", "sends again by email"),
    ],
)
def test_a_run_under_way_tells_what_it_waits_for(
    told: Callable[..., Told], hours: int, waits: str, until: str, then: str
) -> None:
    (run,) = told([ANNA, CONSENT, cart(2)], hours).as_json()["under_way"]
    assert (run["campaign"], run["since"]) == ("cart", "2026-03-02T09:00:02.000Z")
    assert (run["waits"], run["until"], run["then"]) == (waits, until, then)


def test_a_message_that_waits_tells_its_gate(told: Callable[..., Told]) -> None:
    policies = 'topics: {reminders: {consent: asked}}\nquiet: {email: "09:30-12:00"}\n'
    (run,) = told([ANNA, CONSENT, cart(2)], 2, **{"policies.yaml": policies}).as_json()["under_way"]
    assert run["waits"] == "waits to send hello by email: it is quiet hours for this recipient: 09:30 to 12:00 in UTC"
    assert run["until"] == "2026-03-02T12:00:00.000Z"


def test_a_run_that_has_ended_is_not_under_way(told: Callable[..., Told]) -> None:
    assert told([ANNA, CONSENT, cart(2)], 24 * 9).under_way == []


def test_unknown_events_and_rejected_lines_are_told(told: Callable[..., Told]) -> None:
    calls = [
        ANNA,
        call(2, event="Cart Update", properties={}),
        call(3, event="Cart Update", properties={}),
        call(4, event="Cart Updated", properties={"total": 1}),
        call(5, event="Cart Updated", properties={"total": 1}, userId="ben"),
    ]
    found = told(calls).as_json()
    (unknown,) = found["unknown_events"]
    assert (unknown["event"], unknown["events"], unknown["fix"]) == ("Cart Update", 2, "did you mean `Cart Updated`?")
    (line,) = found["rejected"]
    assert (Path(line["file"]).name, line["line"]) == ("events.jsonl", 4)
    assert "cart_id" in line["reason"]


def test_lines_rejected_under_the_anonymous_id_are_theirs_too(told: Callable[..., Told]) -> None:
    known = {**ANNA, "anonymousId": "x"}
    bad = {"type": "track", "messageId": "9", "anonymousId": "x", "timestamp": "2026-03-02T09:00:09Z"}
    assert len(told([known, bad]).rejected) == 1


def test_times_are_the_customers_where_their_zone_is_known(told: Callable[..., Told]) -> None:
    policies = "topics: {reminders: {consent: asked}}\nzone: Europe/Rome\n"
    assert told([ANNA]).zone == "UTC"
    theirs = told([call(0, "identify", traits={"timezone": "Asia/Tokyo"})])
    assert (theirs.zone, theirs.own_zone) == ("Asia/Tokyo", True)
    nowhere = told([call(0, "identify", traits={"timezone": "Nowhere/At-All"})], **{"policies.yaml": policies})
    assert (nowhere.zone, nowhere.own_zone) == ("Europe/Rome", False)


def test_a_customer_first_met_without_a_name_is_decided_as_they_were(make: Make, tmp_path: Path) -> None:
    """Ids and chance are made from the id that led to the profile, not from the one asked for."""
    anonymous = {"userId": None, "anonymousId": "x"}
    calls = [cart(2, **anonymous), {**ANNA, "anonymousId": "x", "timestamp": "2026-03-02T09:00:03Z"}]
    workspace = load_workspace(make(ALONE))
    _, memory = _replayed(workspace, calls, tmp_path / "events.jsonl", 2)
    key = memory.key_of("u:anna")
    assert key is not None
    stored, state = memory.read(key), explain(workspace.program, memory, "anna").state
    assert stored is not None
    assert state is not None
    assert state.digest == unseal(stored.sealed).digest


ITEMS = """
campaign: items
stage: awareness
topic: reminders
on: {event: Basket Filled, each: item}
if: {"==": [{var: item.id}, good]}
then: [{send: {template: hello, channel: email}}]
"""
BASKET = """
event: Basket Filled
keys: {item: "properties.items[].id"}
properties:
  type: object
  required: [items]
  properties: {items: {type: array, items: {type: object, required: [id], properties: {id: {type: string}}}}}
"""


def test_of_two_triggers_each_is_told_with_its_own_rule(told: Callable[..., Told]) -> None:
    """Both of one input: one is turned away, the other enters."""
    calls = [CONSENT, call(2, event="Basket Filled", properties={"items": [{"id": "bad"}, {"id": "good"}]})]
    found = told(calls, **{"campaigns/items.yaml": ITEMS, "events/basket-filled.yaml": BASKET})
    judged = [(one["outcome"], one["rule"] and one["rule"]["value"]) for one in found.entries if one["campaign"] == "items"]
    assert judged[:2] == [("entered", True), ("not_entered", False)]


def test_a_consent_for_a_topic_that_is_not_there_is_told(told: Callable[..., Told]) -> None:
    calls = [
        call(0, event="Consent Given", properties={"topic": "reminder"}),
        call(1, event="Consent Given", properties={"topic": "reminders", "channel": "mail"}),
        cart(2),
    ]
    found = told(calls, hours=2, **ALONE)
    assert [(one["of"], one["name"], one["fix"]) for one in found.consents] == [
        ("channel", "mail", "did you mean `email`?"),
        ("topic", "reminder", "did you mean `reminders`?"),
    ]
    (stopped,) = [entry for entry in found.entries if entry["outcome"] == "suppressed"]
    assert stopped["reason"] == "there is no consent for reminders by email"
    assert stopped["topic"] == "reminders"


JOINED = CART.replace("  - wait: 1h\n", "").replace("[email, sms]}", "[email, sms], merge: 3h}")


def test_what_a_message_joins_is_told(told: Callable[..., Told]) -> None:
    emptied = {"campaigns/cart.yaml": JOINED.replace("then:", "exit: [{event: Order Completed, key: cart}]\nthen:", 1)}
    other = call(3, event="Cart Updated", properties={"cart_id": "C-2", "total": 80})
    bought = call(4, event="Order Completed", properties={"cart_id": "C-1", "total": 80})
    found = told([ANNA, CONSENT, cart(2), other, bought], 1, **emptied)
    waiting, joined, left = (entry(found, outcome) for outcome in ("waiting", "joined", "left"))
    assert (waiting["gate"], waiting["next_allowed"]) == ("joining", "2026-03-02T12:00:02.000Z")
    assert joined["reason"] == "it goes out with a message that waits already"
    assert left["reason"] == "the message waits no longer for this run: an exit of the campaign ended the run"
    assert {one["message"] for one in (waiting, joined, left)} == {waiting["message"]}
    (run,) = found.under_way
    assert run.waits == "waits to send hello by email: it waits for others of this step, to go out with them as one"
    assert entry(told([ANNA, CONSENT, cart(2), other, bought], 4, **emptied), "accepted")["message"] == waiting["message"]


CROSSING = """
campaign: cart
stage: awareness
topic: reminders
on: %s
then:
  - send: {template: hello, prefer: [email, sms]}
"""
FREQUENT = """
carts: {if: {">=": [{var: profile.features.carts}, 2]}}
"""
PROFILE = """
traits: {type: object, properties: {email: {type: string}, phone: {type: string}, birthday: {type: string, format: date}}}
features:
  carts: {count: Cart Updated}
  orders: {count: Order Completed}
  spent_365d: {sum: properties.total, of: Order Completed, over: 365d}
  days_since_order: {days_since: Order Completed}
  open_tickets: {open: Ticket Opened, closed_by: Ticket Closed, key: ticket}
"""


def test_a_segment_that_was_entered_is_told_and_what_it_started(told: Callable[..., Told]) -> None:
    files = {"segments.yaml": FREQUENT, "profile.yaml": PROFILE, "campaigns/cart.yaml": CROSSING % "{segment: carts}"}
    found = told([ANNA, CONSENT, cart(2), cart(3)], **files)
    segment = entry(found, "segment")
    assert (segment["at"], segment["reason"]) == ("2026-03-02T09:00:03.000Z", "entered segment carts, by Cart Updated")
    assert segment["rule"]["value"] is True
    assert entry(found, "entered")["reason"] == "triggered by entering segment carts"


def test_a_segment_that_was_not_entered_is_told_with_what_it_lacked(told: Callable[..., Told]) -> None:
    files = {"segments.yaml": FREQUENT, "profile.yaml": PROFILE, "campaigns/cart.yaml": CROSSING % "{segment: carts}"}
    never = entry(told([ANNA, CONSENT, cart(2)], **files), "never_triggered")
    assert never["reason"] == "never entered segment carts"
    assert never["why"] == "carts is 1, but must be at least 2"


def test_a_date_that_came_is_told_and_one_that_did_not(told: Callable[..., Told]) -> None:
    day = "{date: profile.traits.birthday, every: year, at: '10:00'}"
    files = {"segments.yaml": FREQUENT, "profile.yaml": PROFILE, "campaigns/cart.yaml": CROSSING % day}
    born = call(0, "identify", traits={"email": "a@example.com", "birthday": "1990-03-02"})
    assert entry(told([born, CONSENT], hours=2, **files), "entered")["reason"] == "triggered by the date birthday"
    assert entry(told([ANNA, CONSENT], **files), "never_triggered")["reason"] == "no birthday is known"
    assert entry(told([born, CONSENT], **files), "never_triggered")["reason"] == "the date birthday (1990-03-02) did not come"
