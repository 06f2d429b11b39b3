"""Why and why not, in both languages: each refusal with the rule and the values that it hung on, the gates in their order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from orchestrator.authoring import load_workspace
from orchestrator.cli.telling import print_told
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.chance import share_of
from orchestrator.domain.input import Event
from orchestrator.insight.explain import Told, explain
from orchestrator.insight.passage import ORDER
from orchestrator.insight.reading import english, told_english, told_italian
from orchestrator.insight.reading.tongue import TONGUES
from orchestrator.insight.reasons import REASONS
from orchestrator.insight.replay import replay
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.standing import Standing
from orchestrator.stores.memory import MemoryFile

Make = Callable[..., Path]
Tell = Callable[..., Told]
CART = """
campaign: cart
stage: awareness
topic: reminders
on: {event: Cart Updated, key: cart}
reentry: %s
then:
  - send: {template: hello, prefer: [email, sms]}
"""
POLICIES = "topics: {reminders: {consent: asked}}\nzone: Europe/Rome\n"
ALWAYS = {"campaigns/win-back.yaml": None, "campaigns/cart.yaml": CART % "always"}
NOON = 1_772_452_800_000
"""2026-03-02T12:00:00Z"""
HELLO = {"templates/hello/email.html": "<p>Hello</p>"}


def call(at: str, kind: str = "track", name: str | None = None, user: str = "anna", **fields: Any) -> dict[str, Any]:
    found = {"type": kind, "messageId": f"{user} {at} {name or kind}", "userId": user, "timestamp": f"2026-03-{at}Z", **fields}
    return found if name is None else {**found, "event": name}


def cart(at: str, number: str = "C-1", total: float = 80, **fields: Any) -> dict[str, Any]:
    return call(at, name="Cart Updated", properties={"cart_id": number, "total": total}, **fields)


def consent(at: str = "02T08:00:00", word: str = "Given", **fields: Any) -> dict[str, Any]:
    return call(at, name=f"Consent {word}", properties={"topic": "reminders"}, **fields)


@pytest.fixture
def told(make: Make, tmp_path: Path) -> Tell:
    def tell(
        calls: list[dict[str, Any]], locale: str = "en", profile: str = "anna", campaign: str | None = None, **files: Any
    ) -> Told:
        workspace = load_workspace(make({**HELLO, "policies.yaml": POLICIES, **ALWAYS, **files}))
        log = tmp_path / "events.jsonl"
        log.write_text("".join(json.dumps(one) + "\n" for one in calls), encoding="utf-8")
        memory = MemoryFile()
        lines = read_events([log], validate=Catalogue(workspace.program.events).validate)
        result = replay(workspace.program, lines, [memory.partition(0)], every_profile=memory.every_profile)
        tongue = TONGUES[locale]
        return explain(workspace.program, memory, profile, until=result.clock, tongue=tongue, campaign=campaign)

    return tell


def only(told: Told, outcome: str, campaign: str | None = None) -> dict[str, Any]:
    (found,) = [one for one in told.entries if one["outcome"] == outcome and campaign in (None, one["campaign"])]
    return found


def printed(told: Told, locale: str = "en") -> str:
    out = StringIO()
    print_told(told, Console(file=out, width=400), tongue=TONGUES[locale])
    return out.getvalue()


def test_a_cap_is_told_by_its_rule_and_the_last_message(told: Tell) -> None:
    policies = POLICIES + "caps: [{at_most: 9, per: 7d}, {at_most: 2, per: 12h, channel: email}]\n"
    calls = [consent(), cart("02T09:00:00"), cart("02T10:00:00"), cart("02T11:00:00")]
    waiting = only(told(calls, **{"policies.yaml": policies}), "waiting")
    assert waiting["reason"] == (
        "a frequency cap is reached: 2 marketing messages by email in 12 hours, the last at 2026-03-02 11:00:00"
    )
    assert (waiting["gate"], waiting["next_allowed"]) == ("cap", "2026-03-02T21:00:00.000Z")
    assert [(one["gate"], one["verdict"]) for one in waiting["gates"]] == [
        (
            gate,
            {"suppression": "skipped", "address": "skipped", "cap": "defer", "quiet": "not_asked", "permit": "not_asked"}.get(
                gate, "allow"
            ),
        )
        for gate in ORDER
        if gate != "identity"
    ]
    (line,) = waiting["gates_words"]
    asked = "✓ kill switch, ✓ pause, ✓ expiry, \N{EN DASH} address list, \N{EN DASH} address, ✓ consent, ✓ holds, ✗ caps"
    assert line == f"gates by email: {asked}; not asked: quiet hours, rate"


def test_a_hold_is_told_by_its_name_and_each_channel_is_judged(told: Tell) -> None:
    policies = POLICIES + 'holds:\n  bought: {if: {">": [{var: profile.features.orders}, 0]}, stops: marketing}\n'
    order = call("02T09:30:00", name="Order Completed", properties={"total": 20})
    stopped = only(told([consent(), order, cart("02T10:00:00")], **{"policies.yaml": policies}), "suppressed")
    assert stopped["reason"] == "a hold stops it: bought"
    assert [(one["channel"], one["gate"]) for one in stopped["gates"] if one["verdict"] == "block"] == [
        ("email", "hold"),
        ("sms", "hold"),
    ]
    assert stopped["gates_words"][0].startswith("gates by email and sms: ✓ kill switch")


def test_quiet_hours_are_told_with_their_zone(told: Tell) -> None:
    policies = POLICIES + 'quiet: {email: "21:00-09:00"}\n'
    calls = [call("02T07:00:00", "identify", traits={"timezone": "Asia/Tokyo"}), consent(), cart("02T15:00:00")]
    waiting = only(told(calls, **{"policies.yaml": policies}), "waiting")
    assert waiting["reason"] == "it is quiet hours for this recipient: 21:00 to 09:00 in Asia/Tokyo"
    assert waiting["next_allowed"] == "2026-03-03T00:00:00.000Z"
    policies = policies.replace('-09:00"}', '-09:00", days_off: tables/free.csv}')
    stopped = only(told(calls, **{"policies.yaml": policies, "tables/free.csv": "date\n2026-03-03\n"}), "suppressed")
    assert stopped["reason"] == "2026-03-03 is a day off for this recipient, in Asia/Tokyo"


def test_a_consent_that_was_withdrawn_says_when(told: Tell) -> None:
    calls = [consent(), consent("02T08:30:00", "Withdrawn"), cart("02T09:00:00")]
    assert only(told(calls), "suppressed")["reason"] == (
        "there is no consent for reminders by email: it was withdrawn at 2026-03-02 09:30:00"
    )


@pytest.mark.parametrize(
    ("rule", "words", "next_allowed"),
    [
        ("once", "it is entered once, and that was at 2026-03-02 10:00:00", None),
        (
            "{after: 2d}",
            "it is entered again 2 days after the last time, and that was at 2026-03-02 10:00:00",
            "2026-03-04T09:00:00.000Z",
        ),
    ],
)
def test_a_re_entry_tells_its_rule_and_the_last_entry(told: Tell, rule: str, words: str, next_allowed: str | None) -> None:
    calls = [consent(), cart("02T09:00:00"), cart("03T09:00:00")]
    refused = only(told(calls, **{"campaigns/cart.yaml": CART % rule}), "not_entered")
    assert (refused["reason"], refused["next_allowed"], refused["refusal"]) == (words, next_allowed, "reentry")


def test_age_a_live_run_and_an_inactive_campaign_tell_what_they_hang_on(told: Tell) -> None:
    late = cart("02T09:00:00") | {"receivedAt": "2026-03-04T09:00:00Z"}
    refused = only(told([consent(), late]), "not_entered")
    assert refused["reason"] == (
        "the event occurred at 2026-03-02 10:00:00, and older than 1 day (`trigger_max_age`) it may start nothing"
    )
    waits = {"campaigns/cart.yaml": (CART % "always").replace("then:", "then:\n  - wait: 5d")}
    refused = only(told([consent(), cart("02T09:00:00"), cart("02T10:00:00")], **waits), "not_entered")
    assert refused["reason"].endswith("with the same key was already under way, since 2026-03-02 10:00:00")
    later = {"campaigns/cart.yaml": CART % "always\nactive: {from: 2026-04-01, until: 2026-05-01}"}
    refused = only(told([consent(), cart("02T09:00:00")], **later), "not_entered")
    assert refused["reason"] == ("the campaign was not active then: from 2026-04-01 02:00:00 until 2026-05-01 02:00:00")
    assert refused["next_allowed"] == "2026-04-01T00:00:00.000Z"


def test_held_out_says_by_which_lot(told: Tell) -> None:
    held = next(name for number in range(99) if share_of("cart", "holdout", name := f"u{number}") < 5000)
    held_too = next(name for number in range(99) if share_of("", "control", name := f"u{number}") < 2000)
    share = {"campaigns/cart.yaml": CART % "always\nholdout: 50%"}
    entry = only(told([consent(user=held), cart("02T09:00:00", user=held)], profile=held, **share), "held_out")
    assert entry["reason"] == "by lot: 50% of customers get nothing of this campaign, to measure against (holdout)"
    policies = {"policies.yaml": POLICIES + "control_group: 20%\n"}
    entry = only(told([consent(user=held_too), cart("02T09:00:00", user=held_too)], profile=held_too, **policies), "held_out")
    assert entry["reason"] == "by lot: 20% of customers get no marketing at all (control group)"


WIN = """
campaign: win
stage: awareness
topic: reminders
on: [{event: Order Completed, if: {">": [{var: event.properties.total}, 100]}}, {without: Order Completed, for: 30d}]
if: {"==": [{var: stage.current}, lost]}
then: [{send: {template: hello, channel: email}}]
"""


def test_a_campaign_never_met_says_of_each_trigger_whether_it_was_seen(told: Tell) -> None:
    order = call("02T09:00:00", name="Order Completed", properties={"order_id": "O-1", "total": 20})
    found = told([consent(), order], campaign="win", **{"campaigns/win.yaml": WIN})
    entry = only(found, "never_triggered")
    assert entry["reason"] == (
        "Order Completed was seen, the last at 2026-03-02 10:00:00, but the event's total is 20, but must be more than 100;"
        " never was 30 days without Order Completed: that counts from 2026-03-02 10:00:00, and would be at 2026-04-01 11:00:00"
    )
    assert [(one["seen"], one["last_seen"]) for one in entry["trigger"]] == [(1, "2026-03-02T09:00:00.000Z"), (0, None)]
    assert entry["next_allowed"] == "2026-04-01T09:00:00.000Z"
    assert entry["rule_words"] == ["✗ the event's total is more than 100 (the event's total is 20)"]
    assert entry["if_now"]["rule"]["value"] is False
    assert entry["if_now"]["rule_words"] == ["✗ the stage is “lost” (the stage is “retention”)"]
    nobody = told([order], profile="zoe", campaign="win", **{"campaigns/win.yaml": WIN})
    assert only(nobody, "never_triggered")["reason"].startswith("no Order Completed was seen; this has not happened: ")
    keyed = {"campaigns/cart.yaml": (CART % "once").replace("Cart Updated", "Order Completed")}
    assert only(told([order], campaign="cart", **keyed), "never_triggered")["reason"] == (
        "Order Completed was seen, the last at 2026-03-02 10:00:00, but without a cart"
    )


def test_an_id_that_nobody_has_names_the_nearest(told: Tell) -> None:
    found = told([consent(), consent(user="anne"), consent(user="Boris")], profile="Ana")
    assert (found.state, found.near) == (None, ["anna"])
    assert printed(found).splitlines()[0] == "No event of Ana was accepted. Did you mean `anna`?"
    assert told([consent(user="Boris")], profile="xyz").near == []


def test_the_program_that_decided_is_named(told: Tell) -> None:
    found = told([consent(), cart("02T09:00:00")])
    ((since, name),) = found.programs
    assert since is None, "a replay's journal notes no activation"
    assert {entry["program"] for entry in found.entries} == {name}


def test_a_program_that_a_new_file_begins_with_names_no_instant(make: Make) -> None:
    """A new file has no clock before its first input: it was told as live since 1970-01-01."""
    workspace = load_workspace(make({**HELLO, "policies.yaml": POLICIES, **ALWAYS}))
    memory = MemoryFile()
    live = Live(Engine([memory.partition(0)], Surroundings(workspace.program, OpenGovernor(), Outbox())), Outbox())
    live.go_live(workspace.program, Standing(workspace.program.name), lambda: b"")
    live.engine.feed(Event("1", NOON, type="identify", user_id="anna", received_at=NOON), NOON)
    live.engine.commit()
    found = explain(workspace.program, memory, "anna")
    name = workspace.program.name
    assert found.as_json()["programs"] == [{"program": name, "since": None}]
    assert f"Decided by program {name[:12]}, live since this file began." in printed(found).splitlines()
    assert f"Ha deciso il programma {name[:12]}, attivo dall'inizio di questo file." in printed(found, "it").splitlines()


def ask(of: str | None = "ask") -> str:
    of_it = f", of: {of}" if of else ""
    return f"""
campaign: ask
stage: awareness
topic: reminders
on: {{event: Cart Updated, key: cart}}
then:
  - id: ask
    send: {{template: hello, channel: email}}
  - wait_for: {{event: Survey Answered{of_it}, within: 7d}}
    then: [exit]
"""


ANSWERED = {
    "events/survey.yaml": "event: Survey Answered\nproperties: {type: object, properties: {message_id: {type: string}}}\n"
}


def answer(at: str, **properties: Any) -> dict[str, Any]:
    return call(at, name="Survey Answered", properties=properties)


def test_an_answer_that_answers_no_message_is_told(told: Tell) -> None:
    """Nobody could tell why a run went on waiting for what had come."""
    answers = [answer("02T10:00:00"), answer("02T10:30:00"), answer("02T11:00:00", message_id="another")]
    found = told([consent(), cart("02T09:00:00"), *answers], **ANSWERED, **{"campaigns/ask.yaml": ask()})
    assert found.as_json()["lost_answers"] == [
        {"event": "Survey Answered", "message_id": None, "events": 2, "campaigns": ["ask"]},
        {"event": "Survey Answered", "message_id": "another", "events": 1, "campaigns": ["ask"]},
    ]
    lines = printed(found).splitlines()
    assert "Survey Answered (2 times): it names no message (`message_id`), so ask does not hear it as an answer" in lines
    assert (
        "Survey Answered: it answers message another, which this customer was not sent, so ask does not hear it as an answer"
    ) in lines
    assert "non indica alcun messaggio" in printed(found, "it")


def test_an_answer_that_is_heard_or_that_nobody_waits_for_is_not_told_as_lost(told: Tell) -> None:
    first = told([consent(), cart("02T09:00:00")], **ANSWERED, **{"campaigns/ask.yaml": ask()})
    sent = only(first, "accepted", "ask")["message"]
    calls = [consent(), cart("02T09:00:00"), answer("02T10:00:00", message_id=sent)]
    assert told(calls, **ANSWERED, **{"campaigns/ask.yaml": ask()}).answers == []
    calls = [consent(), cart("02T09:00:00"), answer("02T10:00:00")]
    assert told(calls, **ANSWERED, **{"campaigns/ask.yaml": ask(of=None)}).answers == []
    assert told([answer("02T10:00:00")], **ANSWERED, **{"campaigns/ask.yaml": ask()}).answers == [], "nobody was asked"


def _pieces(phrases: dict[str, Any]) -> set[str]:
    """Pieces of at least two words of a language's phrases, without their places."""
    texts = [text for value in phrases.values() for text in ((value,) if isinstance(value, str) else value)]
    return {piece.strip() for text in texts for piece in re.split(r"\{\w*\}", text) if len(piece.split()) > 1}


def test_the_whole_story_is_in_the_language_asked_for(told: Tell) -> None:
    """No piece of an English phrase stands in the Italian story, and the other way round."""
    policies = POLICIES + 'caps: [{at_most: 1, per: 12h}]\nquiet: {sms: "21:00-09:00"}\ncontrol_group: 1%\n'
    files = {"policies.yaml": policies, "campaigns/win.yaml": WIN, "campaigns/cart.yaml": CART % "{after: 2h}"}
    calls = [
        call("02T07:00:00", "identify", traits={"timezone": "Asia/Tokyo"}),
        call("02T07:10:00", name="Order Complete"),
        call("02T07:20:00", name="Consent Given", properties={"topic": "reminder"}),
        consent(),
        *(cart(f"02T{hour:02}:00:00") for hour in (9, 10, 11, 12)),
        call("02T13:00:00", name="Order Completed", properties={"order_id": "O-1", "total": 20}),
        consent("02T14:00:00", "Withdrawn"),
        cart("02T15:00:00"),
    ]
    english_story, italian_story = (printed(told(calls, locale, **files), locale) for locale in ("en", "it"))
    ours = _pieces({**english.PHRASES, **told_english.PHRASES, **REASONS, **told_english.OUTCOMES})
    theirs = _pieces({**told_italian.PHRASES, **told_italian.REASONS, **told_italian.OUTCOMES})
    assert [piece for piece in sorted(ours) if piece in italian_story] == []
    assert [piece for piece in sorted(theirs) if piece in english_story] == []
    assert len(english_story.splitlines()) == len(italian_story.splitlines()) > 15


def test_both_languages_have_the_same_phrases() -> None:
    for table in ("PHRASES", "GATES", "OUTCOMES", "WAYS"):
        one, other = getattr(told_english, table), getattr(told_italian, table)
        assert one.keys() == other.keys()
        assert {name: sorted(re.findall(r"\{\w*\}", str(text))) for name, text in one.items()} == {
            name: sorted(re.findall(r"\{\w*\}", str(text))) for name, text in other.items()
        }
    assert told_italian.REASONS.keys() == REASONS.keys()
    assert told_english.GATES.keys() == set(ORDER)
