"""One input, one profile, one decision. Pure: no I/O, clock, randomness or logging; `now` and everything else are arguments.

    event ─▶ deduplicate ─▶ identify ─▶ fold ─▶ segments ─▶ wheel ─▶ holds ─▶ exits, goals ─▶ waits ─▶ entries ─▶ gates

The same inputs of a profile, in the same order, give the same bytes in every store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from orchestrator.domain import calls, crossings, enrolment, ledger, receipts, steps, tasks, timers, wheel
from orchestrator.domain.announcing import hear
from orchestrator.domain.campaign import Campaign
from orchestrator.domain.consent import fold_consent
from orchestrator.domain.decision import Decision, chain, encode
from orchestrator.domain.features import fold
from orchestrator.domain.gates import note_holds
from orchestrator.domain.identity import identify, is_duplicate, name_by, note_link
from orchestrator.domain.input import (
    Adopt,
    Announcement,
    EndRuns,
    Event,
    HandOff,
    Link,
    Look,
    Move,
    Outcome,
    ProfileInput,
    Receipt,
    Timer,
    Visit,
)
from orchestrator.domain.limits import RECENT_KEPT, ROUNDS_AN_INPUT
from orchestrator.domain.merge import adopt
from orchestrator.domain.moment import Controls, Moment, Witness, event_view
from orchestrator.domain.profile import Call, Message, Profile, Recent, Run
from orchestrator.domain.program import Program


class Decided(NamedTuple):
    """A decision, its bytes for the journal, and when time alone may next change something.

    Of a round that passes the profile by there is neither: nothing has changed.
    """

    decision: Decision
    encoded: bytes
    due: int | None


def newcomer(program: Program, now: int, raw: str = "") -> Profile:
    """A profile at its first input: placed in the wheel's start, which is not an entry.

    It bears the id that led to it, even if that input turns out to be poison: ids and chance are made from its name.
    """
    profile = Profile(born=now, stage=program.wheel.start, since=now)
    name_by(profile, raw)
    return profile


def decide(
    program: Program,
    controls: Controls,
    profile: Profile,
    given: ProfileInput,
    now: int,
    witness: Witness | None = None,
) -> Decided:
    """Change `profile` by one input at the clock's `now`; say what happened and when to look again.

    The profile is mutated; when this raises, its bytes from before are what counts.
    """
    moment = Moment(program, controls, profile, now, cause_of(given), Decision(), witness=witness)
    if isinstance(given, Event) and is_duplicate(profile, given, now):
        moment.decision.duplicate = True
        return Decided(moment.decision, b"", timers.next_due(moment))
    if _passes_by(moment, given):
        moment.decision.passed_by = True
        return Decided(moment.decision, b"", None)
    profile.seq += 1
    if program.index.edges:
        crossings.stand(moment)
    _PIPELINES[type(given)](moment, given)
    settle(moment)
    if moment.look is not None and program.index.edges:
        crossings.look_again(moment, moment.look)
    enrolment.forget_runs(moment)
    encoded = encode(moment.decision)
    profile.digest = chain(profile.digest, moment.cause, now, encoded)
    return Decided(moment.decision, encoded, timers.next_due(moment))


def _passes_by(moment: Moment, given: ProfileInput) -> bool:
    """Whether a round has nothing for this profile."""
    if isinstance(given, Announcement):
        return not hear(moment, given)
    if isinstance(given, EndRuns) and given.began_by is not None:
        return not any(_ends(given, run) for run in moment.profile.runs)
    return False


def cause_of(given: ProfileInput) -> str:
    """What the input is called where its effects are told."""
    match given:
        case Event():
            return given.name or given.type
        case Move() | Look() | Visit():
            return given.cause
        case EndRuns():
            return given.reason
        case HandOff() | Outcome() | Receipt():
            return given.message_id
        case Announcement():
            return "schedule" if given.event is None else given.event.name
        case _:
            return type(given).__name__.lower()


def _event(moment: Moment, event: Event) -> None:
    moment.event, moment.readable_event, moment.depth = event, event_view(event), event.depth
    identify(moment.profile, event, moment.program.never_null)
    _fold(moment, event)
    _pipeline(moment)


def _announcement(moment: Moment, _given: Announcement) -> None:
    """Nothing is folded: what is announced did not happen to this profile."""
    _pipeline(moment)


def _fold(moment: Moment, event: Event) -> None:
    profile, index = moment.profile, moment.program.index
    fold_consent(profile, event, moment.program.policies)
    tasks.fold_done(moment, event)
    receipts.fold_settled(moment, event)
    for feature in index.features.get(event.name, ()):
        if feature.condition is None or moment.holds(feature.condition, f"feature {feature.name}", moment.readable_event):
            fold(profile.folds, feature, event, moment.program, moment.now)
    if event.name in index.features or event.traits:
        moment.folded()
    if event.name in index.elapsed:
        profile.last[event.name] = max(event.occurred_at, profile.last.get(event.name, event.occurred_at))
        timers.lapse(moment)
    if event.name in index.watched:
        _remember(moment, event)


def _remember(moment: Moment, event: Event) -> None:
    """Keep the event for looking back, and forget those that nothing can look back to any more."""
    profile, program = moment.profile, moment.program
    view = moment.readable_event if event.name in program.index.viewed else None
    recent = Recent(event.message_id, event.name, event.occurred_at, profile.seq, view or {}, moment.keys())
    profile.recent.append(recent)
    oldest = moment.now - program.policies.trigger_max_age
    if len(profile.recent) <= RECENT_KEPT and profile.recent[0].at >= oldest:
        return
    needed: dict[str, int] = {}
    for run in profile.runs:
        if not run.ended:
            for name in program.index.answers.get(run.version, ()):
                needed[name] = min(run.trigger_at, needed.get(name, run.trigger_at))
    kept = [recent for recent in profile.recent if recent.at >= min(oldest, needed.get(recent.name, oldest))]
    profile.recent = kept[-RECENT_KEPT:]


def _timer(moment: Moment, _given: Timer) -> None:
    timers.cross(moment)
    _pipeline(moment)


def _move(moment: Moment, given: Move) -> None:
    moment.depth = given.depth
    if given.stage == moment.profile.stage:
        return
    wheel.enter_stage(moment, given.stage, given.cause)
    _after_wheel(moment)


def _look(moment: Moment, given: Look) -> None:
    moment.depth = given.depth
    _pipeline(moment)


def _pipeline(moment: Moment) -> None:
    if moment.program.index.edges:
        crossings.cross(moment)
    wheel.turn_wheel(moment)
    _after_wheel(moment)


def _after_wheel(moment: Moment) -> None:
    if moment.program.index.edges:
        crossings.keep(moment)
    note_holds(moment)
    if moment.profile.tasks:
        tasks.lapse(moment)
    enrolment.finish_runs(moment)
    enrolment.wake_runs(moment)
    timers.free_messages(moment)
    if moment.profile.calls:
        _look_at_calls(moment)
    enrolment.start_runs(moment)


def _look_at_calls(moment: Moment) -> None:
    """Webhooks whose time has come, or that a switch held which may have ended: asked again, or over."""
    for call in list(moment.profile.calls):
        held = moment.visit and call.gate in ("kill", "pause")
        if not held and (call.due is None or call.due > moment.now):
            continue
        if call.state == calls.ATTEMPTING and moment.now < call.expires_at:
            calls.again(moment, call)
        else:
            _judge_call(moment, call)


def _judge_call(moment: Moment, call: Call) -> None:
    """One that has never been asked is asked only while the campaign's `while` holds."""
    run, campaign = moment.profile.run(call.enrolment), moment.program.campaigns.get(call.campaign)
    if run is not None and (campaign is None or not call.tries):
        _end_where_over(moment, campaign, run)
    if call in moment.profile.calls:
        calls.judge(moment, call)


def _hand_off(moment: Moment, given: HandOff) -> None:
    call = moment.profile.call(given.message_id) if moment.profile.calls else None
    if call is not None:
        calls.hand_off(moment, call, given)
    else:
        ledger.hand_off(moment, given)


def _outcome(moment: Moment, given: Outcome) -> None:
    call = moment.profile.call(given.message_id) if moment.profile.calls else None
    if call is not None:
        calls.settle_outcome(moment, call, given)
    elif moment.profile.message(given.message_id) is not None:
        ledger.settle_outcome(moment, given)
    else:
        receipts.settle_late(moment, given)


def _end_runs(moment: Moment, given: EndRuns) -> None:
    for run in moment.profile.runs:
        if _ends(given, run):
            steps.end(moment, run, given.reason)


def _ends(given: EndRuns, run: Run) -> bool:
    began = given.began_by is None or run.entered_at <= given.began_by
    return not run.ended and began and given.campaign in (None, run.campaign)


def _visit(moment: Moment, given: Visit) -> None:
    """The surroundings changed: paused steps and waiting messages are looked at again, timers are set anew."""
    moment.visit, moment.look = True, Look(given.cause)
    crossings.forget(moment)
    note_holds(moment)
    for run in list(moment.profile.runs):
        if moment.campaign_of(run) is None:
            steps.end(moment, run, "removed")
        elif run.state == "paused" and not run.ended:
            run.state = "at"
            steps.advance(moment, run)
    for message in moment.profile.messages:
        if message.state == ledger.WAITS and message.gate in ("kill", "pause", "permit") and message not in moment.round:
            moment.round.append(message)
    _look_at_calls(moment)


def _link(moment: Moment, given: Link) -> None:
    note_link(moment.profile, given, moment.now)


def _adopt(moment: Moment, given: Adopt) -> None:
    """What waited for it is judged again, beside what it brings."""
    link = moment.profile.links.pop(given.raw, None)
    if given.state:
        adopt(moment, given.state, link)
        moment.visit, moment.look = True, Look("merge")
        note_holds(moment)
    if link is not None:
        moment.round += [one for one in moment.profile.messages if one.state == ledger.WAITS and one.gate == "identity"]


_PIPELINES: dict[type, Callable[[Moment, Any], None]] = {
    Event: _event,
    Timer: _timer,
    Move: _move,
    Look: _look,
    HandOff: _hand_off,
    Outcome: _outcome,
    Receipt: receipts.settle_receipt,
    EndRuns: _end_runs,
    Visit: _visit,
    Link: _link,
    Adopt: _adopt,
    Announcement: _announcement,
}


def _rank(message: Message) -> tuple[int, str, int, int]:
    return message.priority, message.campaign, message.planned_at, message.order


def settle(moment: Moment) -> None:
    """Judge the planned messages round by round; runs whose message is settled plan the next round.

    A round is over when nothing of it waits for a hand-off of this instant.
    """
    if not moment.round and not moment.profile.ready:
        return
    for _ in range(ROUNDS_AN_INPUT):
        messages, moment.round = sorted(moment.round, key=_rank), []
        for message in messages:
            _judge(moment, message)
        if _round_is_open(moment) or not moment.profile.ready:
            if not moment.round:
                return
            continue
        ready, moment.profile.ready = moment.profile.ready, []
        for run in list(moment.profile.runs):
            if run.enrolment in ready:
                steps.advance(moment, run)
    moment.decision.dropped.append(f"more than {ROUNDS_AN_INPUT} rounds of messages at one instant")


def _judge(moment: Moment, message: Message) -> None:
    if message not in moment.profile.messages:
        return
    campaign = moment.program.campaigns.get(message.campaign)
    runs = (moment.profile.run(enrolment) for enrolment in message.enrolments)
    for run in list(runs) if message.gate is not None and not message.resent else ():
        if run is not None:
            _end_where_over(moment, campaign, run)
    if message not in moment.profile.messages:
        return
    ledger.prune_counted(moment)
    ledger.judge_message(moment, message)


def _end_where_over(moment: Moment, campaign: Campaign | None, run: Run) -> None:
    """End a run whose campaign is gone, or whose `while` does not hold any more."""
    if campaign is None:
        steps.end(moment, run, "removed")
    elif not _still(moment, campaign, run):
        steps.end(moment, run, "while")


def _still(moment: Moment, campaign: Campaign, run: Run) -> bool:
    return moment.holds(campaign.while_, f"{campaign.name} while", run.event, run.item, run)


def _round_is_open(moment: Moment) -> bool:
    open_states = (ledger.CLEARED, ledger.ATTEMPTING)
    return any(m.state in open_states and m.cleared_at == moment.now for m in moment.profile.messages)
