"""Why something did not happen: the closed set of reasons, in words."""

from __future__ import annotations

import json
from typing import Any, Protocol

from orchestrator.domain.calls import ANSWERED
from orchestrator.domain.decision import CallChange, MessageChange, TaskChange
from orchestrator.domain.input import Outcome, ProfileInput

_SHOWN_MAX = 80
"""Characters of an answer that a line quotes."""
REASONS = {
    "age": "the event was older than trigger_max_age when it arrived, so it may start nothing",
    "live": "a run of this campaign with the same key was already under way",
    "inactive": "the campaign was not active then",
    "reentry": "its re-entry rule does not allow another run yet",
    "limit": "the profile already has as many runs as it may have",
    "if": "its condition (`if`) was not true",
    "while": "its `while` was not true",
    "segment": "the customer was not in the segment",
    "kill": "the kill switch is on",
    "pause": "it is paused",
    "expiry": "it was too late: the message had expired",
    "suppression": "the address is on the address list",
    "listed_stop": "the address is listed: its owner answered STOP",
    "listed_unsubscribed": "the address is listed: its owner unsubscribed",
    "listed_bounce": "the address is listed: nobody can be reached there any more",
    "listed_complaint": "the address is listed: its owner complained about our messages",
    "listed_invalid": "the address is listed: it is no address that the provider knows",
    "listed_erased": "the address is listed: its owner asked to be forgotten",
    "listed_imported": "the address is listed: it stood in an imported list",
    "listed_safe_list": "the safe list of this environment (ORCHESTRATOR_SAFE_LIST) does not name the address",
    "address": "there is no address for this channel (trait `email` or `phone`)",
    "consent": "there is no consent for this topic on this channel",
    "hold": "a hold stops it",
    "identity": "it waits for what this customer was sent under another id",
    "cap": "a frequency cap is reached",
    "quiet": "it is quiet hours for this recipient",
    "approval": "its campaign has sent as much as it may by itself: more needs another person's word (`orchestrator approve`)",
    "canary": "its campaign's new content has gone to a first few, and what becomes of those is awaited",
    "surge": "its campaign has sent as much as is usual, and pauses where more of it waits",
    "rails": "nobody has said yet how much its campaign may send: `orchestrator publish` does",
    "governor": "no governor answers, so nothing leaves: start `orchestrator governor`",
    "breaker": "its provider fails, and is not asked until it answers again",
    "permit": "it has had no turn on the channel: what waits goes at the channel's rate, once the governor has given leave",
    "joining": "it waits for others of this step, to go out with them as one",
    "reject": "the provider refused this message",
    "suppress": "the provider refuses this recipient",
    "config": "the channel is not set up for it",
    "throttle": "the provider takes no more at this rate",
    "again": "no answer has come, and it is asked again",
    "answer": "what it answered is no JSON object that a run may keep",
    "exit": "an exit of the campaign ended the run",
    "goal": "the goal was reached",
    "ended": "its run had ended meanwhile",
    "done": "its last step is done",
    "restart": "the run began again with a new event",
    "merge": "two profiles turned out to be one customer, who had an older such run",
    "removed": "the campaign is gone",
    "lost": "it never reached the provider, as a look there shows",
    "cut_off": "no attempt came as far as the provider: each was cut off before",
    "hard": "the address does not exist, or takes nothing any more",
    "soft": "the receiving side did not take it this time",
    "dropped": "the provider took it and did not send it",
    "undelivered": "it did not reach the phone",
    "operator": "somebody settled it",
    "operator_end": "an operator ended it",
}

STOPPED = {
    "age": "too late for trigger_max_age",
    "running": "while the round before was still under way",
    "full": "when too many broadcasts waited already",
    "unheard": "when no campaign broadcast it",
}
"""Why a round went to nobody."""

_AT_RENDERING = "render "
"""How the detail of a refusal at rendering begins; after it stand file, line and expression."""


class Speaker(Protocol):
    """What says phrases and reasons: a tongue."""

    def say(self, phrase: str, *places: str, **named: str) -> str: ...

    def reason(self, code: str) -> str: ...


def reason_of(change: MessageChange, given: ProfileInput, tongue: Speaker) -> str:
    """Why this message is in its new state; what its channel said where that is known."""
    words = tongue.reason(change.reason) if change.reason else tongue.say("told_of", change.template, change.channel)
    if not isinstance(given, Outcome) or not given.detail:
        return words
    if change.state == "refused" and given.detail.startswith(_AT_RENDERING):
        return tongue.say("not_rendered", given.detail.removeprefix(_AT_RENDERING))
    if given.result == "not_sent":
        return tongue.say("not_left", given.detail)
    return tongue.say("with_detail", words, given.detail)


def told_task(task: TaskChange) -> str:
    """What became of a task, in words."""
    reason = "" if task.reason is None else f": {REASONS.get(task.reason, task.reason)}"
    return f"{task.campaign} {task.queue} “{task.title}” is {task.state}{reason}"


def shortened(answer: dict[str, Any]) -> str:
    """A webhook's answer as a line quotes it."""
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"


def told_call(call: CallChange, answer: dict[str, Any] | None = None, *, stands_in: bool = False) -> str:
    """What became of a webhook, in words; with what it answered, and whether that only stands in for an answer."""
    state = "waits" if call.state == "planned" else call.state
    reason = "" if call.reason is None else f": {REASONS.get(call.reason, call.reason)}"
    said = "" if answer is None or call.state != ANSWERED else f" {shortened(answer)}"
    lacking = f", which stands in: {call.to} has no `sample` in senders.yaml" if said and stands_in else ""
    return f"{call.campaign} webhook {call.to} {state}{reason}{said}{lacking}"
