"""The gates but caps and quiet hours: in which order they are asked, whom each stops, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.gates import SNOOZE, Allow, Block, Defer, holds_on, judge, never, note_holds
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.policies import Cap, Hold, QuietHours
from orchestrator.domain.profile import Consent, Counted, HoldState, Linked, Message, Snooze
from orchestrator.domain.program import Feature
from rules import Condition
from tests.unit.domain.judging import DAY, HOUR, NOON, message, moment

TRUE = Condition(rule=True, value=lambda _: True, holds=lambda _: True)
FALSE = Condition(rule=False, value=lambda _: False, holds=lambda _: False)


def stops(*what: str, condition: Condition = TRUE, **more: Any) -> Hold:
    return Hold("upset", condition, frozenset(what), **more)


# ── the order ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_OPENED: tuple[tuple[Defer | Block, Callable[[Moment, Message], None]], ...] = (
    (Defer("kill", None, "email"), lambda at, _: setattr(at, "controls", replace(at.controls, kill=False))),
    (Defer("pause", None, "email"), lambda at, _: setattr(at, "controls", replace(at.controls, paused=False))),
    (Block("expiry", "email"), lambda _, one: setattr(one, "expires_at", NOON + 9 * DAY)),
    (Block("suppression", "email"), lambda at, _: at.profile.suppressed.clear()),
    (Block("address", "email"), lambda at, _: at.profile.traits.update(email="ada@example.com")),
    (Block("consent", "email"), lambda at, _: at.profile.consents.clear()),
    (Block("hold", "email"), lambda at, _: setattr(at.profile, "snooze", None)),
    (Defer("pause", None, "email"), lambda at, _: setattr(at, "controls", replace(at.controls, channels=frozenset()))),
    (Defer("identity", NOON + 2, "email"), lambda at, _: at.profile.links.clear()),
    (Defer("cap", NOON + HOUR, "email"), lambda at, _: at.profile.counted.clear()),
    (Defer("quiet", NOON + HOUR, "email"), lambda at, _: setattr(at, "now", NOON + HOUR)),
)


def test_of_all_gates_that_stop_a_message_the_first_in_their_order_is_named() -> None:
    shut = Controls(kill=True, paused=True, channels=frozenset({"email"}))
    at = moment(controls=shut, caps=(Cap(1, HOUR),), quiet={"email": QuietHours(12 * 60, 13 * 60)})
    at.profile.suppressed, at.profile.traits = {"email": "erased"}, {}
    at.profile.consents = {"news": {"email": Consent(given=False, at=0, id="m")}}
    at.profile.snooze = Snooze(NOON + DAY, 0, "m")
    at.profile.links = {"a:web": Linked(NOON, NOON + 2, first=False)}
    at.profile.counted = [Counted("before", NOON, "email", "news")]
    one = message("email", expires_at=NOON)
    for verdict, opened in _OPENED:
        assert judge(at, one) == verdict
        opened(at, one)
    assert judge(at, one) == Allow("email")


def test_a_channel_that_never_lets_it_pass_gives_way_to_the_next_and_one_that_waits_does_not() -> None:
    at = moment(controls=Controls(channels=frozenset({"sms"})))
    at.profile.suppressed = {"email": "bounce"}
    assert judge(at, message("email", "sms")) == Defer("pause", None, "sms")
    assert judge(at, message("sms", "email")) == Defer("pause", None, "sms")


def test_where_no_channel_lets_it_pass_the_preferred_one_says_why() -> None:
    at = moment()
    at.profile.suppressed, at.profile.traits = {"sms": "stop"}, {}
    assert judge(at, message("email", "sms")) == Block("address", "email")
    assert judge(at, message("sms", "email")) == Block("suppression", "sms")


@pytest.mark.parametrize(
    ("controls", "verdict"),
    [
        (Controls(kill=True), Defer("kill", None, "sms")),
        (Controls(paused=True), Defer("pause", None, "sms")),
        (Controls(), Allow("sms")),
    ],
)
def test_what_was_attempted_goes_on_by_the_channel_it_was_attempted_on(controls: Controls, verdict: object) -> None:
    assert judge(moment(controls=controls), message("email", "sms", channel="sms", attempted=True)) == verdict


@pytest.mark.parametrize(
    ("controls", "pauses"),
    [
        (Controls(paused=True), True),
        (Controls(campaigns=frozenset({"c"})), True),
        (Controls(campaigns=frozenset({"other"})), False),
        (Controls(profiles=frozenset({"u:ada"})), True),
        (Controls(profiles=frozenset({"u:bob"})), False),
        (Controls(channels=frozenset({"email"})), True),
        (Controls(channels=frozenset({"sms"})), False),
    ],
)
def test_a_pause_stops_what_it_names_and_service_messages_too(controls: Controls, *, pauses: bool) -> None:
    for cls in ("marketing", "transactional"):
        verdict = judge(moment(controls=controls), message("email", cls=cls))
        assert verdict == (Defer("pause", None, "email") if pauses else Allow("email"))


@pytest.mark.parametrize(
    ("after", "verdict"), [(-1, Allow("email")), (0, Block("expiry", "email")), (1, Block("expiry", "email"))]
)
def test_a_message_has_expired_at_the_instant_of_its_expiry(after: int, verdict: object) -> None:
    assert judge(moment(NOON + after), message("email", expires_at=NOON)) == verdict


# ── never ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_listed_address_stops_everything_on_its_channel_only() -> None:
    at = moment()
    at.profile.suppressed = {"sms": "stop"}
    for cls in ("marketing", "transactional"):
        assert never(at, message(cls=cls), "sms") == "suppression"
        assert never(at, message(cls=cls), "email") is None
        assert never(at, message(cls=cls, barred=["email"]), "email") == "suppression"


@pytest.mark.parametrize(("channel", "trait"), [("email", "email"), ("sms", "phone"), ("push", "push")])
def test_a_channel_needs_the_address_that_its_trait_holds(channel: str, trait: str) -> None:
    service = message(channel, cls="transactional")
    for address, gate in ((None, "address"), ("", "address"), ("there", None)):
        at = moment(traits={"id": "there", trait: address})
        assert never(at, service, channel) == gate
    assert never(moment(traits={}), service, channel) == "address"
    assert never(moment(controls=Controls(addresses=False), traits={}), service, channel) is None


def test_marketing_needs_consent_to_its_topic_on_its_channel() -> None:
    at = moment()
    at.profile.consents = {"offers": {"sms": Consent(given=True, at=0, id="m")}}
    assert never(at, message(topic="offers"), "sms") is None
    assert never(at, message(topic="offers"), "email") == "consent"
    assert never(at, message(topic="news"), "email") is None, "assumed"
    assert never(at, message(topic=None), "email") == "consent"
    assert never(at, message(topic="offers", cls="transactional"), "email") is None


def test_service_messages_ask_neither_holds_nor_links_nor_caps_nor_quiet_hours() -> None:
    at = moment(caps=(Cap(0, HOUR),), quiet={"email": QuietHours(0, 1439)}, holds=(stops("marketing", "news"),))
    at.profile.snooze = Snooze(NOON + 1, 0, "m")
    at.profile.links = {"a:web": Linked(NOON, NOON + 2, first=False)}
    assert judge(at, message("email", cls="transactional")) == Allow("email")


# ── holds ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("until", "held"), [(NOON - 1, False), (NOON, False), (NOON + 1, True)])
def test_a_snooze_holds_marketing_until_its_instant(until: int, *, held: bool) -> None:
    at = moment(holds=(stops("marketing"),))
    at.profile.snooze = Snooze(until, 0, "m")
    assert [hold.name for hold in holds_on(at, message())] == (["snooze", "upset"] if held else ["upset"])
    assert next(holds_on(at, message())).stops == frozenset({"marketing"})


def test_a_snooze_is_a_hold_that_always_holds_marketing() -> None:
    assert (SNOOZE.name, SNOOZE.stops) == ("snooze", frozenset({"marketing"}))
    condition = SNOOZE.condition
    assert (condition.rule, condition.value({}), condition.holds({})) == (True, True, True)


@pytest.mark.parametrize(
    ("hold", "held"),
    [
        (stops("marketing"), True),
        (stops("news"), True),
        (stops("offers"), False),
        (stops("offers", "news"), True),
        (stops("marketing", condition=FALSE), False),
        (stops("marketing", except_campaigns=frozenset({"c"})), False),
        (stops("marketing", except_campaigns=frozenset({"other"})), True),
    ],
)
def test_a_hold_stops_its_topics_or_all_marketing_but_the_campaigns_it_spares(hold: Hold, *, held: bool) -> None:
    at = moment(holds=(hold,))
    assert list(holds_on(at, message())) == ([hold] if held else [])
    assert never(at, message(), "email") == ("hold" if held else None)


@pytest.mark.parametrize(
    ("state", "held"),
    [
        (None, False),
        (HoldState(true=True, since=None), False),
        (HoldState(true=True, since=NOON), True),
        (HoldState(true=False, since=NOON - DAY + 1), True),
        (HoldState(true=True, since=NOON - DAY), False),
    ],
)
def test_a_timed_hold_lasts_so_long_after_its_condition_came_true(state: HoldState | None, *, held: bool) -> None:
    at = moment(holds=(stops("news", duration=DAY),))
    at.profile.holds = {} if state is None else {"upset": state}
    assert bool(list(holds_on(at, message()))) is held


class Mood:
    """A condition whose truth is set by hand and that counts how often it is asked."""

    def __init__(self, *reads: str) -> None:
        self.true, self.asked = False, 0
        self.condition = Condition(rule={}, value=self._holds, holds=self._holds, reads=frozenset(reads))

    def _holds(self, _: object) -> bool:
        self.asked += 1
        return self.true


def test_the_clock_of_a_timed_hold_starts_whenever_its_condition_turns_true() -> None:
    mood = Mood("profile.traits.mood")
    at, found = moment(holds=(stops("news", condition=mood.condition, duration=DAY),)), []
    for true in (False, True, True, False, False, True):
        mood.true = true
        note_holds(at)
        state = at.profile.holds["upset"]
        found.append((state.true, None if state.since is None else state.since - NOON))
        at.now += 1
    assert found == [(False, None), (True, 1), (True, 1), (False, 1), (False, 1), (True, 5)]


def test_a_condition_that_is_true_when_its_hold_goes_live_starts_the_clock_then() -> None:
    at = moment(holds=(stops("news", condition=TRUE, duration=DAY), Hold("calm", TRUE, frozenset({"news"}))))
    note_holds(at)
    assert at.profile.holds == {"upset": HoldState(true=True, since=NOON)}, "a hold without a time needs no clock"


@pytest.mark.parametrize(
    ("reads", "name", "visit", "asked"),
    [
        ("profile.features.orders", "Ordered", False, 1),
        ("profile.features.orders", "Viewed", False, 0),
        ("profile.features.orders", "Other", False, 0),
        ("profile.features.orders", "Other", True, 0),
        ("profile.features.orders", None, False, 0),
        ("profile.features.orders", None, True, 1),
        ("profile.traits.mood", "Other", False, 1),
        ("profile.traits.mood", None, False, 1),
    ],
)
def test_a_timed_hold_is_looked_at_where_what_it_reads_may_have_changed(
    reads: str, name: str | None, asked: int, *, visit: bool
) -> None:
    mood, hold = Mood(reads), "upset"
    features = (Feature("orders", "count", "Ordered"), Feature("views", "count", "Viewed"))
    event = None if name is None else Event("m", NOON, name=name, user_id="ada")
    timed = (stops("news", condition=mood.condition, duration=DAY), stops("news", condition=mood.condition))
    at = moment(holds=timed, features=features, event=event, visit=visit)
    at.profile.holds[hold] = HoldState(true=False, since=None)
    note_holds(at)
    assert mood.asked == asked


def test_one_hold_that_nothing_has_touched_does_not_keep_the_next_from_being_looked_at() -> None:
    still, moved = Mood("profile.features.views"), Mood("profile.features.orders")
    moved.true = True
    features = (Feature("orders", "count", "Ordered"), Feature("views", "count", "Viewed"))
    holds = (
        Hold("still", still.condition, frozenset({"news"}), duration=DAY),
        Hold("moved", moved.condition, frozenset({"news"}), duration=DAY),
    )
    at = moment(holds=holds, features=features, event=Event("m", NOON, name="Ordered", user_id="ada"))
    at.profile.holds = {hold.name: HoldState(true=False, since=None) for hold in holds}
    note_holds(at)
    assert at.profile.holds["moved"] == HoldState(true=True, since=NOON)
    assert at.profile.holds["still"] == HoldState(true=False, since=None)


# ── who watches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Watching:
    """A witness that notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.verdicts: list[tuple[Moment, Message, str, str | None]] = []

    def saw(self, subject: str, _condition: Condition, _readable: dict[str, Any], _result: object) -> None:
        self.seen.append(subject)

    def turned_away(self, *_: object) -> None:
        raise AssertionError

    def judged(self, at: Moment, one: Message, channel: str, gate: str | None) -> None:
        self.verdicts.append((at, one, channel, gate))


def test_a_witness_sees_each_verdict_with_its_channel_and_gate() -> None:
    at, watching = moment(), Watching()
    at.witness = watching
    one, two = message("email"), message("sms")
    at.profile.suppressed = {"sms": "stop"}
    judge(at, one)
    judge(at, two)
    assert watching.verdicts == [(at, one, "email", None), (at, two, "sms", "suppression")]


def test_a_witness_sees_holds_by_their_names() -> None:
    at, watching = moment(holds=(stops("news"), Hold("timed", FALSE, frozenset({"news"}), duration=DAY))), Watching()
    at.witness = watching
    note_holds(at)
    assert list(holds_on(at, message())) == [at.program.policies.holds[0]]
    assert watching.seen == ["hold timed", "hold upset"]
