"""The send ledger inside the profile: every planned message ends in exactly one named state.

planned → (cleared) → attempting → accepted | refused | in_doubt; or suppressed, expired, cancelled before the attempt. What is
in doubt is settled by evidence, or after a while ends as unknown; what has left goes on as `receipts.py` tells.
"""

from __future__ import annotations

from orchestrator.domain import joining
from orchestrator.domain.campaign import Campaign, Node, Send
from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import Attempt, MessageChange
from orchestrator.domain.gates import Allow, Block, Defer, judge
from orchestrator.domain.input import HandOff, Outcome, Permit, Refusal
from orchestrator.domain.limits import AGAIN_MS, ANSWER_GRACE_MS, COUNTED_KEPT, IN_DOUBT_KEPT, RESENT_MAX, SENT_KEPT
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Counted, Message, Part, Profile, Run, Sent

WAITS = "planned"
CLEARED = "cleared"
ATTEMPTING = "attempting"
IN_DOUBT = "in_doubt"
BEGUN = frozenset({ATTEMPTING, IN_DOUBT})
"""States of a message whose attempt has no known end."""
LOST = "lost"
"""Why a message is refused that never reached its provider, as a look there shows."""
CUT_OFF = "cut_off"
"""Why a message is refused of which no attempt came as far as its channel."""
NOT_THERE = frozenset({LOST, CUT_OFF})
"""What evidence says, and no provider."""
UNKNOWN = "unknown"
"""Nothing was ever heard of it."""
LEFT = frozenset({"accepted", UNKNOWN})
"""How a message ends that has left, or may have; receipts move it on."""


def plan(moment: Moment, campaign: Campaign, run: Run, node: Node, send: Send) -> None:
    """Plan the message of a send step, or join one that waits; it is judged in the coming round, or at its window's end."""
    profile = moment.profile
    message = joining.open_for(moment, run, node, send) if send.merge is not None else None
    part = _part(moment, run, node, send)
    if message is None:
        message = _new(moment, campaign, node, send, part)
        profile.planned += 1
        profile.messages.append(message)
        if send.merge is None:
            moment.round.append(message)
        else:
            message.gate, message.due = joining.WINDOW, moment.now + send.merge
            note(moment, message, WAITS, joining.WINDOW, message.due)
    if send.merge is not None:
        joining.take_in(moment, message, part)
    run.state, run.message, run.planned = "send", message.id, True
    run.sent[node.id] = message.id


def _part(moment: Moment, run: Run, node: Node, send: Send) -> Part:
    """What the template reads of this run."""
    event = moment.event_for(run, node)
    given = {
        name: value.constant if value.expression is None else moment.value(value.expression, event, run.item, run)
        for name, value in send.given.items()
    }
    return Part(run.enrolment, event, run.item, given)


def _new(moment: Moment, campaign: Campaign, node: Node, send: Send, part: Part) -> Message:
    """A message of that step. It expires so long after it could first go out."""
    policies = moment.program.policies
    default = policies.expires_transactional if campaign.cls == "transactional" else policies.expires_marketing
    life = default if send.expires is None else send.expires
    return Message(
        id=id_of(part.enrolment, node.id, "1"),
        enrolment=part.enrolment,
        campaign=campaign.name,
        step=node.id,
        template=send.template,
        cls=campaign.cls,
        channels=list(send.channels),
        planned_at=moment.now,
        expires_at=moment.now + (send.merge or 0) + life,
        order=moment.profile.planned,
        topic=campaign.topic,
        priority=campaign.priority,
        channel=send.channels[0],
        event=part.event,
        item=part.item,
        given=part.given,
        survey=send.survey,
    )


def judge_message(moment: Moment, message: Message) -> None:
    """Put one message through the gates and note the verdict."""
    match judge(moment, message):
        case Allow(channel):
            message.state, message.channel, message.gate = CLEARED, channel, None
            message.cleared_at, message.due = moment.now, moment.now + AGAIN_MS
            _reserve(moment, message)
            moment.decision.cleared.append(message.id)
            note(moment, message, WAITS)
        case Defer(gate, until, channel):
            message.channel = channel
            _defer(moment, message, gate, until)
        case Block(gate, channel):
            message.channel = channel
            finish(moment, message, "expired" if gate == "expiry" else "suppressed", gate)


def _defer(moment: Moment, message: Message, gate: str, until: int | None, *, held: bool = False) -> None:
    """Wait at this step until then, or end as suppressed by that gate where that is too late.

    What is `held` somebody may let go before that, so it waits for as long as it lives.
    """
    too_late = until is not None and until >= message.expires_at
    open_ended = (held and too_late) or (until is None and gate in ("kill", "pause", "permit"))
    due = message.expires_at if open_ended else until
    if open_ended and moment.now >= message.expires_at:
        finish(moment, message, "expired", "expiry")
        return
    if not open_ended and (due is None or due >= message.expires_at):
        finish(moment, message, "suppressed", gate)
        return
    _release(moment, message)
    message.state, message.gate, message.due, message.cleared_at = WAITS, gate, due, None
    note(moment, message, WAITS, gate, until)


def _reserve(moment: Moment, message: Message) -> None:
    if message.cls == "transactional":
        return
    counted = moment.profile.counted
    own = next((one for one in counted if one.id == message.id), None)
    if own is not None:
        own.at, own.channel = moment.now, message.channel
        return
    counted.append(Counted(message.id, moment.now, message.channel, message.topic))
    del counted[:-COUNTED_KEPT]


def _release(moment: Moment, message: Message) -> None:
    counted = moment.profile.counted
    counted[:] = [one for one in counted if one.id != message.id]


def prune_counted(moment: Moment) -> None:
    """Forget what no cap counts any more."""
    counted = moment.profile.counted
    limit = moment.now - moment.program.index.longest_cap
    if counted and counted[0].at <= limit:
        counted[:] = [one for one in counted if one.at > limit]


def note(moment: Moment, message: Message | Sent, state: str, reason: str | None = None, until: int | None = None) -> None:
    moment.decision.messages.append(
        MessageChange(
            message.id,
            message.campaign,
            message.step,
            message.channel,
            message.template,
            message.cls,
            message.planned_at,
            state,
            reason,
            until,
        ),
    )


def finish(moment: Moment, message: Message, state: str, reason: str | None = None) -> None:
    """End the message; its run may go on. One sent again may have been taken the first time, whatever comes of the second."""
    profile = moment.profile
    state = UNKNOWN if message.resent and state not in LEFT else state
    message.state = state
    profile.messages.remove(message)
    profile.tally[state] = profile.tally.get(state, 0) + 1
    if state in LEFT:
        _remember(profile, message)
    else:
        _release(moment, message)
    note(moment, message, state, reason)
    resume(moment, message, sent=state == "accepted")


def _remember(profile: Profile, message: Message) -> None:
    """Its provider may still speak of it."""
    its = (message.campaign, message.step, message.channel, message.template, message.cls, message.planned_at)
    profile.sent.append(Sent(message.id, *its, message.state, []))
    del profile.sent[:-SENT_KEPT]


def resume(moment: Moment, message: Message, *, sent: bool) -> None:
    """Let the runs that wait for this message go on, when its round is over."""
    for enrolment in message.enrolments:
        run = moment.profile.run(enrolment)
        if run is not None and not run.ended and run.message == message.id:
            _go_on(moment, message, run, sent=sent)


def _go_on(moment: Moment, message: Message, run: Run, *, sent: bool) -> None:
    steps = moment.program.steps_of(run.version)
    node = steps.nodes[run.node] if steps is not None else None
    if node is not None:
        run.node = node.then if sent else node.otherwise
    run.state, run.message = "at", None
    if moment.now > message.planned_at:
        run.depth = 0
    moment.profile.ready.append(run.enrolment)


def cancel(moment: Moment, run: Run, reason: str) -> None:
    """Take back the run's message where it is not on the wire yet; of a message that joins several, its part."""
    message = moment.profile.message(run.message) if run.message is not None else None
    if message is not None and message.state in (WAITS, CLEARED):
        run.message = None
        if joining.take_out(moment, message, run.enrolment, reason):
            return
        if message.id in moment.decision.cleared:
            moment.decision.cleared.remove(message.id)
        finish(moment, message, "cancelled", reason)


def hand_off(moment: Moment, given: HandOff) -> None:
    """The last look before the wire: gates again, then `attempting`, durable before the socket."""
    message = moment.profile.message(given.message_id)
    if message is None or message.state != CLEARED:
        return
    if not isinstance(given.verdict, Permit):
        _refused(moment, message, given.verdict)
        return
    verdict = judge(moment, message)
    if not isinstance(verdict, Allow):
        _release(moment, message)
        judge_message(moment, message)
        return
    message.state, message.channel, message.attempted, message.moved = ATTEMPTING, verdict.channel, True, False
    message.due = given.verdict.not_after + ANSWER_GRACE_MS
    _reserve(moment, message)
    note(moment, message, ATTEMPTING)
    moment.decision.attempts.append(Attempt(message.id, given.verdict.not_after))


def _refused(moment: Moment, message: Message, refusal: Refusal) -> None:
    """It waits for leave; or its time is over; or the address is listed, and the next channel is tried."""
    if refusal.gate == "expiry":
        finish(moment, message, "expired", "expiry")
        return
    if refusal.gate != "suppression":
        _defer(moment, message, refusal.gate, refusal.retry_at, held=bool(refusal.why))
        return
    message.barred.append(message.channel)
    _release(moment, message)
    judge_message(moment, message)


def settle_outcome(moment: Moment, given: Outcome) -> None:
    """What became of an attempt; an answer to a message in doubt settles it."""
    message = moment.profile.message(given.message_id)
    if message is None or (message.state not in BEGUN and not message.resent):
        return
    if given.result == "accepted":
        finish(moment, message, "accepted")
    elif message.state not in BEGUN:
        return
    elif given.result == "refused":
        _refuse(moment, message, given.kind)
    elif given.result == "not_sent" and message.state == ATTEMPTING:
        _try_again(moment, message, given.retry_at)
    elif message.state == ATTEMPTING:
        doubt(moment, message)


def _refuse(moment: Moment, message: Message, kind: str) -> None:
    """It was not taken. One that evidence shows was not goes out once more, where its class may."""
    evidence = kind in NOT_THERE
    if evidence and message.state != IN_DOUBT:
        return
    again = moment.program.policies.in_doubt.of(message.cls) == "resend" and moment.now < message.expires_at
    if evidence and again and message.resent < RESENT_MAX:
        send_again(moment, message)
        moment.round.append(message)
    else:
        message.resent = 0 if kind == CUT_OFF else message.resent
        finish(moment, message, "refused", kind or None)


def _try_again(moment: Moment, message: Message, retry_at: int | None) -> None:
    """It did not leave: it waits for its next attempt, or is taken back where its run has ended meanwhile."""
    for enrolment in () if message.resent else message.enrolments:
        run = moment.profile.run(enrolment)
        reason = "ended" if run is None else run.ended
        if reason and not joining.take_out(moment, message, enrolment, reason):
            finish(moment, message, "cancelled", reason)
            return
    _defer(moment, message, "permit", retry_at)


def doubt(moment: Moment, message: Message) -> None:
    """No clear answer: the run goes on, the message stays to be settled by evidence, and counts for caps."""
    rule = moment.program.policies.in_doubt
    message.state, message.due = IN_DOUBT, None if rule.of(message.cls) == "hold" else moment.now + rule.wait
    note(moment, message, IN_DOUBT, None, message.due)
    resume(moment, message, sent=True)
    keep_newest_doubts(moment.profile)


def give_up(moment: Moment, message: Message) -> None:
    """No evidence came in time: what the workspace says of its class."""
    what = moment.program.policies.in_doubt.of(message.cls)
    if what == "hold":
        message.due = None
    elif what == "resend" and message.resent < RESENT_MAX and moment.now < message.expires_at:
        send_again(moment, message)
        moment.round.append(message)
    else:
        finish(moment, message, UNKNOWN)


def send_again(moment: Moment, message: Message) -> None:
    """Put a message in doubt before the gates once more. Its run has gone on, and is not asked."""
    message.state, message.due, message.resent = WAITS, moment.now, message.resent + 1


def keep_newest_doubts(profile: Profile) -> None:
    """Doubts beyond the limit stay doubts, the oldest first, unless a receipt speaks of them."""
    doubtful = [one for one in profile.messages if one.state == IN_DOUBT]
    for old in doubtful[:-IN_DOUBT_KEPT]:
        profile.messages.remove(old)
        profile.tally[IN_DOUBT] = profile.tally.get(IN_DOUBT, 0) + 1
        _remember(profile, old)
