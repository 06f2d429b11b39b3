"""What the pages of metrics count of each campaign, read off the decisions in which its messages change state.

Labels are the campaign and a reason out of a closed set, never an id. A worker that is fenced may have counted a batch that
its successor decides again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.decision import Decision, MessageChange
from orchestrator.domain.input import HandOff, Outcome, Receipt
from orchestrator.domain.ledger import WAITS
from orchestrator.domain.program import Program
from orchestrator.metrics import ERRORS, HELD_OUT, NOT_ENTERED, PLANNED, SENT, SUPPRESSED, TRIGGERED, Counts, Metric
from orchestrator.partition.partition import Decided

_WRONG = frozenset({"refused", "in_doubt", "unknown", "bounced"})
_STOPPED = frozenset({"suppressed", "expired"})
_LATER = HandOff | Outcome | Receipt
"""Inputs that plan nothing."""
_CALL_WRONG = frozenset({"refused", "expired"})


def lay(counts: Counts, program: Program) -> None:
    """Begin at nothing for each campaign: a rate is seen from the first one on."""
    for campaign in program.campaigns:
        for metric in (TRIGGERED, HELD_OUT, PLANNED, SENT):
            counts.add(metric, 0, campaign)


def count(counts: Counts, decided: Iterable[Decided]) -> None:
    """Count what these decisions did."""
    for one in decided:
        made = one.decision
        if made.entries or made.messages or made.calls:
            for metric, *labels in _done(one, made):
                counts.add(metric, 1, *labels)


def _done(one: Decided, made: Decision) -> Iterator[tuple[Metric, *tuple[str, ...]]]:
    for entry in made.entries:
        if entry.outcome == "not_entered":
            yield NOT_ENTERED, entry.campaign, entry.reason
            continue
        yield TRIGGERED, entry.campaign
        if entry.outcome == "held_out":
            yield HELD_OUT, entry.campaign
    if not isinstance(one.given, _LATER):
        yield from ((PLANNED, campaign) for campaign in _planned(one, made.messages))
    for change in made.messages:
        if change.state == "accepted":
            yield SENT, change.campaign
        elif change.state in _STOPPED:
            yield SUPPRESSED, change.campaign, change.reason or change.state
        elif change.state in _WRONG:
            yield ERRORS, change.campaign, change.state
    yield from ((ERRORS, call.campaign, f"call_{call.state}") for call in made.calls if call.state in _CALL_WRONG)


def _planned(one: Decided, changes: Iterable[MessageChange]) -> Iterable[str]:
    """Campaigns of the messages that are new in this decision; one is told of more than once where it is judged again."""
    first = {change.id: change for change in reversed(list(changes)) if change.planned_at == one.now}.values()
    return [change.campaign for change in first if change.state == WAITS or change.state in _STOPPED]
