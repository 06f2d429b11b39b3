"""Webhooks: what campaigns ask other systems. A call keeps one id and one body until it is answered or its time is over.

planned → (cleared) → attempting → planned → … → answered | refused | expired | cancelled. It is never in doubt: the id lets the
other system know it again, so it is asked anew where no answer came, and an answer to any attempt is the answer.
"""

from __future__ import annotations

import json
from typing import Any

from orchestrator.domain.campaign import Campaign, Node, Value, Webhook
from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import Attempt, CallChange, StepTaken
from orchestrator.domain.input import HandOff, Outcome, Permit
from orchestrator.domain.limits import (
    AGAIN_MS,
    ANSWER_GRACE_MS,
    ASK_AGAIN_MAX_MS,
    ASK_AGAIN_MS,
    SAVED_BYTES,
    SAVED_DEPTH,
)
from orchestrator.domain.moment import Moment, is_json
from orchestrator.domain.profile import Call, Run

WAITS = "planned"
CLEARED = "cleared"
ATTEMPTING = "attempting"
ANSWERED = "answered"
CHANNEL = "webhook"
_DOUBLINGS_MAX = 10


def plan(moment: Moment, campaign: Campaign, run: Run, node: Node, verb: Webhook) -> None:
    """Begin to ask; the run goes on when there is an answer, a refusal, or no time left."""
    call = Call(
        id=id_of(run.enrolment, node.id, "1"),
        enrolment=run.enrolment,
        campaign=run.campaign,
        step=node.id,
        to=verb.to,
        cls=campaign.cls,
        planned_at=moment.now,
        expires_at=moment.now + max(1, verb.within),
        body=_filled(moment, run, node, verb.send),
        save=verb.save,
    )
    moment.profile.calls.append(call)
    run.state, run.message, run.planned = "webhook", call.id, True
    judge(moment, call)


def _filled(moment: Moment, run: Run, node: Node, body: Any) -> Any:
    """The body with the values that its leaves have now."""
    if isinstance(body, Value):
        if body.expression is None:
            return body.constant
        return moment.value(body.expression, moment.event_for(run, node), run.item, run)
    if isinstance(body, dict):
        return {name: _filled(moment, run, node, part) for name, part in body.items()}
    return [_filled(moment, run, node, part) for part in body] if isinstance(body, list) else body


def judge(moment: Moment, call: Call) -> None:
    """Let it ask for leave, or say what it waits for. Of the gates only the switches concern it, and its own time."""
    if moment.now >= call.expires_at:
        finish(moment, call, "expired", "expiry")
    elif (gate := _stopped(moment, call)) is not None:
        _wait(moment, call, gate, None)
    else:
        call.state, call.gate, call.due = CLEARED, None, min(moment.now + AGAIN_MS, call.expires_at)
        moment.decision.cleared.append(call.id)
        _note(moment, call, WAITS)


def _stopped(moment: Moment, call: Call) -> str | None:
    controls = moment.controls
    if controls.kill:
        return "kill"
    return "pause" if controls.pauses(call.campaign, moment.profile) or CHANNEL in controls.channels else None


def _wait(moment: Moment, call: Call, gate: str, until: int | None) -> None:
    call.state, call.gate = WAITS, gate
    call.due = call.expires_at if until is None else min(until, call.expires_at)
    _note(moment, call, WAITS, gate, until)


def _note(moment: Moment, call: Call, state: str, reason: str | None = None, until: int | None = None) -> None:
    given = (call.id, call.campaign, call.step, call.to, call.planned_at)
    moment.decision.calls.append(CallChange(*given, state, reason, until, call.tries))


def again(moment: Moment, call: Call, retry_at: int | None = None) -> None:
    """No answer to this attempt: ask again after a wait that doubles, or when the other system says."""
    run = moment.profile.run(call.enrolment)
    if run is None or run.ended:
        finish(moment, call, "cancelled", "ended")
        return
    wait = min(ASK_AGAIN_MS << min(call.tries - 1, _DOUBLINGS_MAX), ASK_AGAIN_MAX_MS)
    _wait(moment, call, "again", max(moment.now + wait, retry_at or 0))


def hand_off(moment: Moment, call: Call, given: HandOff) -> None:
    """The last look before the wire: `attempting`, durable before the socket."""
    if call.state != CLEARED:
        return
    if not isinstance(given.verdict, Permit):
        _wait(moment, call, given.verdict.gate, given.verdict.retry_at)
    elif moment.now >= call.expires_at or _stopped(moment, call) is not None:
        judge(moment, call)
    else:
        not_after = min(given.verdict.not_after, call.expires_at)
        call.state, call.tries = ATTEMPTING, call.tries + 1
        call.due = min(not_after + ANSWER_GRACE_MS, call.expires_at)
        _note(moment, call, ATTEMPTING)
        moment.decision.attempts.append(Attempt(call.id, not_after))


def settle_outcome(moment: Moment, call: Call, given: Outcome) -> None:
    """What became of an attempt. An answer counts whenever it comes in time; that none came, only while it is awaited."""
    if moment.now >= call.expires_at:
        finish(moment, call, "expired", "expiry")
    elif given.result == "accepted":
        answer = given.answer or {}
        if admitted(answer):
            finish(moment, call, ANSWERED, answer=answer)
        else:
            finish(moment, call, "refused", "answer")
    elif given.result == "refused":
        finish(moment, call, "refused", given.kind or None)
    elif call.state == ATTEMPTING:
        again(moment, call, given.retry_at)


def admitted(answer: Any) -> bool:
    """Whether a run may keep this answer: a JSON object within bounds, whose numbers and texts every reader reads alike."""
    try:
        size = len(json.dumps(answer, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and size <= SAVED_BYTES and _is_shallow(answer, SAVED_DEPTH) and is_json(answer)


def _is_shallow(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is None or (levels > 0 and all(_is_shallow(part, levels - 1) for part in inner))


def finish(moment: Moment, call: Call, state: str, reason: str | None = None, answer: dict[str, Any] | None = None) -> None:
    """End the call; the run that waits for it goes on when the round is over."""
    moment.profile.calls.remove(call)
    if call.id in moment.decision.cleared:
        moment.decision.cleared.remove(call.id)
    _note(moment, call, state, reason)
    run = moment.profile.run(call.enrolment)
    if run is None or run.ended or run.message != call.id:
        return
    if answer is not None and call.save is not None:
        run.saved[call.save] = answer
    way = "then" if state == ANSWERED else "otherwise"
    moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, call.step, way))
    steps = moment.program.steps_of(run.version)
    if steps is not None:
        run.node = steps.nodes[run.node].then if state == ANSWERED else steps.nodes[run.node].otherwise
    run.state, run.message = "at", None
    if moment.now > call.planned_at:
        run.depth = 0
    moment.profile.ready.append(run.enrolment)


def cancel(moment: Moment, run: Run, reason: str) -> None:
    """A run that ends needs no answer any more; what is on the wire ends there, and is not asked again."""
    call = moment.profile.call(run.message)
    if call is not None and call.state != ATTEMPTING:
        finish(moment, call, "cancelled", reason)
