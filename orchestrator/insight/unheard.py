"""What a customer's systems said and the engine did not hear: rejected lines, and events that no catalogue lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from orchestrator.authoring.finding import FEW, did_you_mean, nearest
from orchestrator.authoring.scope import CHANNELS
from orchestrator.domain.campaign import Campaign, WaitFor
from orchestrator.domain.input import Event
from orchestrator.domain.program import Program
from orchestrator.intake.catalogue import BUILT_IN
from orchestrator.intake.files import Rejected


def unknown_events(program: Program, events: Iterable[Event]) -> list[dict[str, Any]]:
    """`event`, how many `events`, and a `fix` for each name that was accepted and that nothing can read, by name."""
    known = {*program.events, *BUILT_IN}
    found = Counter(event.name for event in events if event.name and event.name not in known)
    return [{"event": name, "events": number, **_fix(name, known)} for name, number in sorted(found.items())]


def _fix(name: str, known: Collection[str]) -> dict[str, Any]:
    """The nearest word, or all where there are few; and the same as a sentence, in English."""
    near = nearest(name, known)
    few = sorted(known) if near is None and len(known) <= FEW else []
    return {"fix": did_you_mean(name, known), "near": near, "known": few}


def lost_consents(program: Program, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Words of consent that say nothing: `event`, what it names (`of`: topic or channel), the unknown `name`, and a `fix`."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for event in events:
        if event.name not in BUILT_IN:
            continue
        for word, known in (("topic", tuple(program.policies.topics)), ("channel", CHANNELS)):
            name = event.properties.get(word)
            if isinstance(name, str) and name not in known:
                found[event.name, word, name] = _fix(name, known)
    return [{"event": event, "of": word, "name": name, **fix} for (event, word, name), fix in sorted(found.items())]


def lost_answers(program: Program, events: Iterable[Event], entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers that name no message of this customer, whose `entries` these are.

    `event`, the `message_id` that it names, if any, how many `events`, and the `campaigns` begun that wait for an answer.
    """
    told = list(entries)
    met, sent = {one["campaign"] for one in told}, {one.get("message") for one in told} - {None}
    waiting: dict[str, list[str]] = {}
    for campaign in program.campaigns.values():
        for name in _answered(campaign) if campaign.name in met else ():
            waiting.setdefault(name, []).append(campaign.name)
    named = ((event.name, event.properties.get("message_id")) for event in events if event.name in waiting and sent)
    lost = Counter((name, str(ident or "")) for name, ident in named if ident not in sent)
    return [
        {"event": name, "message_id": ident or None, "events": number, "campaigns": waiting[name]}
        for (name, ident), number in sorted(lost.items())
    ]


def _answered(campaign: Campaign) -> set[str]:
    """Events that the campaign hears as an answer to one of its messages only."""
    waits = [node.verb.patterns for node in campaign.steps.nodes if isinstance(node.verb, WaitFor)]
    goal = () if campaign.goal is None else (campaign.goal.pattern,)
    patterns = (pattern for found in (*waits, campaign.exits, goal) for pattern in found)
    return {pattern.event for pattern in patterns if pattern.of is not None and pattern.event is not None}


def rejected_of(rejected: Sequence[Rejected], names: set[str]) -> list[dict[str, Any]]:
    """`file`, `line` and `reason` of the rejected lines that name one of these ids."""
    return [{"file": one.file, "line": one.line, "reason": one.reason} for one in rejected if names.intersection(one.ids)]
