"""Why a trigger started nothing and why a message was stopped, with the rule and the values that it hung on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator.domain.campaign import Campaign
from orchestrator.domain.policies import Policies
from orchestrator.insight.passage import CapState, Grounds, Passage
from orchestrator.insight.reading.tongue import Tongue, clock
from orchestrator.insight.times import Clock
from orchestrator.insight.watcher import Refusal

_SIGNS = {"allow": "✓", "skipped": "\N{EN DASH}", "later": "\N{EN DASH}", "defer": "✗", "block": "✗"}


def refused(refusal: Refusal, campaign: Campaign | None, policies: Policies, tongue: Tongue, zone: Clock) -> str:
    """Why this trigger started nothing."""
    say, at = tongue.say, zone.tell(refusal.at) if refusal.at is not None else None
    if refusal.reason == "inactive" and campaign is not None:
        bounds = (("active_from", campaign.active_from), ("active_until", campaign.active_until))
        return say("refused_inactive", " ".join(say(word, zone.tell(bound)) for word, bound in bounds if bound is not None))
    if at is None:
        return tongue.reason(refusal.reason)
    if refusal.reason == "reentry" and campaign is not None:
        after = campaign.reentry.after
        return say("refused_once", at) if after is None else say("refused_after", tongue.span(after), at)
    if refusal.reason == "age":
        return say("refused_age", at, tongue.span(policies.trigger_max_age))
    return say("refused_live", at) if refusal.reason == "live" else tongue.reason(refusal.reason)


def stopped(gate: str, channel: str, grounds: Grounds, tongue: Tongue, zone: Clock) -> str:
    """Why this gate stopped a message."""
    words = _STOPPED.get(gate)
    return tongue.reason(gate) if words is None else words(grounds, channel, tongue, zone)


def no_consent(grounds: Grounds, channel: str, tongue: Tongue, zone: Clock) -> str:
    """No consent: to what, by which channel, and since when if it was withdrawn."""
    topic, word = grounds.topic or tongue.say("this_topic"), grounds.consent
    if grounds.asked is not None:
        return tongue.say("no_consent_asked", topic, channel, zone.tell(grounds.asked.at))
    if word is None or word.given:
        return tongue.say("no_consent", topic, channel)
    return tongue.say("no_consent_withdrawn", topic, channel, zone.tell(word.at))


def _held(grounds: Grounds, _channel: str, tongue: Tongue, zone: Clock) -> str:
    if "snooze" in grounds.holds and grounds.snoozed is not None:
        return tongue.say("snoozed", zone.tell(grounds.snoozed))
    return tongue.say("held_by", tongue.both(grounds.holds)) if grounds.holds else tongue.reason("hold")


def _capped(grounds: Grounds, _channel: str, tongue: Tongue, zone: Clock) -> str:
    full = [_cap(one, tongue, zone) for one in grounds.caps if one.full]
    return tongue.say("cap_full", "; ".join(full)) if full else tongue.reason("cap")


def _cap(state: CapState, tongue: Tongue, zone: Clock) -> str:
    cap = state.cap
    number, per = tongue.several("marketing_messages", cap.at_most), tongue.span(cap.per)
    of = [tongue.say("cap_by", cap.channel)] if cap.channel is not None else []
    of += [tongue.say("cap_on", cap.topic)] if cap.topic is not None else []
    if not state.sent:
        return tongue.say("cap_never", number, per)
    last = zone.tell(state.sent[-1])
    return tongue.say("cap_state_of", number, per, last, " ".join(of)) if of else tongue.say("cap_state", number, per, last)


def _quiet(grounds: Grounds, _channel: str, tongue: Tongue, _zone: Clock) -> str:
    if grounds.day_off is not None:
        return tongue.say("quiet_day_off", grounds.day_off, grounds.zone)
    if grounds.quiet is None:
        return tongue.reason("quiet")
    return tongue.say("quiet_now", *map(clock, grounds.quiet), grounds.zone)


def _expired(grounds: Grounds, _channel: str, tongue: Tongue, zone: Clock) -> str:
    return tongue.say("expired_at", zone.tell(grounds.expires_at)) if grounds.expires_at else tongue.reason("expiry")


_STOPPED: dict[str, Callable[[Grounds, str, Tongue, Clock], str]] = {
    "consent": no_consent,
    "hold": _held,
    "cap": _capped,
    "quiet": _quiet,
    "expiry": _expired,
}


def gate_lines(passages: tuple[Passage, ...], tongue: Tongue, zone: Clock) -> Iterator[str]:
    """What each gate said, in their order: a line for all channels of which the same is true; why, where lines differ."""
    alike: dict[tuple[tuple[str, str], ...], list[Passage]] = {}
    for passage in passages:
        alike.setdefault(passage.said, []).append(passage)
    for said, ones in alike.items():
        words = _gates(said, tongue)
        stop = next((gate for gate, verdict in said if verdict in ("defer", "block")), None)
        if stop is not None and len(alike) > 1:
            words += f" ({stopped(stop, ones[0].channel, ones[0].grounds, tongue, zone)})"
        yield tongue.say("gates_by", tongue.both([one.channel for one in ones]), words)


def _gates(said: tuple[tuple[str, str], ...], tongue: Tongue) -> str:
    asked = [_asked(gate, verdict, tongue) for gate, verdict in said if verdict != "not_asked"]
    rest = [tongue.gates.get(gate, gate) for gate, verdict in said if verdict == "not_asked"]
    return "; ".join((", ".join(asked), *([tongue.say("gates_not_asked", ", ".join(rest))] if rest else [])))


def _asked(gate: str, verdict: str, tongue: Tongue) -> str:
    words = f"{_SIGNS[verdict]} {tongue.gates.get(gate, gate)}"
    return f"{words} ({tongue.say('gate_later')})" if verdict == "later" else words
