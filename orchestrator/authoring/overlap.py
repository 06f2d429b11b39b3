"""Two marketing campaigns that can both send for one input.

They begin by the same pattern, or one by an event and the other by what that event can bring about: the stage into which it
moves, a segment that it turns; then only messages within one day of each other count. Their conditions must be able to hold
together: see `rules.worlds`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.authoring.delays import Span, delays_of, near
from orchestrator.authoring.document import Spot
from orchestrator.authoring.holding import known_of
from orchestrator.authoring.limits import OVERLAPS_NAMED
from orchestrator.authoring.patterns import brings
from orchestrator.authoring.rounds import Move, Rounds, rounds_of
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.ways import asked, entry_parts, said, stages_of
from orchestrator.domain.campaign import Campaign, Schedule
from orchestrator.domain.occurrences import coincide
from orchestrator.domain.program import Program
from orchestrator.domain.segments import watch_of
from rules.statements import Statement
from rules.worlds import Known, witness

_SCHEDULES_FROM_MS = 1_767_225_600_000
"""2026-01-01: from here on two schedules are compared."""
_OF_EVENT = re.compile(r'"(?:event|item)\.')


@dataclass(frozen=True, slots=True)
class _Start:
    """A pattern by which a campaign begins."""

    root: Spot
    pattern: Spot
    campaign: Campaign
    schedule: Schedule | None
    states: tuple[Statement, ...]
    delays: list[Span]


def check_overlap(program: Program, scope: Scope) -> None:
    """Report at each campaign's `on` the earlier files that can send for the same input, with an example."""
    rounds = rounds_of(scope)
    earlier: dict[str, list[_Start]] = {}
    for document in scope.files.documents.get("campaigns", ()):
        campaign = program.campaigns.get(document.root.text_of("campaign") or "")
        if campaign is None or campaign.cls != "marketing" or document.root.get("on") is None:
            continue
        starts = _starts(document.root, campaign, scope)
        begun = [(cause, start) for start in starts for cause in _causes(start.pattern, rounds, program)]
        found: dict[str, str] = {}
        for cause, start in begun:
            _add(found, earlier.get(cause, ()), start, rounds, scope)
        for cause, start in begun:
            earlier.setdefault(cause, []).append(start)
        if found:
            _say(document.root, found, scope)


def _add(found: dict[str, str], others: Iterable[_Start], start: _Start, rounds: Rounds, scope: Scope) -> None:
    """Add the campaigns with which this one overlaps, by name, with an example of each."""
    for other in others:
        if len(found) > OVERLAPS_NAMED:
            return
        if other.campaign.name not in (*found, start.campaign.name) and (example := _example(other, start, rounds, scope)):
            found[other.campaign.name] = example


def _starts(root: Spot, campaign: Campaign, scope: Scope) -> Iterator[_Start]:
    delays = delays_of(campaign)
    schedules = {pattern.id: pattern.schedule for pattern in campaign.on}
    for number, pattern in enumerate(root.at("on").one_or_more() if delays else ()):
        schedule = schedules.get(f"{campaign.name}/on/{number}")
        yield _Start(root, pattern, campaign, schedule, tuple(said(entry_parts(pattern, root, scope))), delays)


def _causes(pattern: Spot, rounds: Rounds, program: Program) -> list[str]:
    """What two patterns share that one input can meet."""
    edge = edge_of(pattern)
    if edge:
        named = pattern.text_of("segment") or pattern.text_of("left") or ""
        made = watch_of(program, [named])
        return [edge, *(f"event {event}" for event in sorted(made.events if made is not None else ()))]
    stages = stages_of(pattern)
    if stages:
        moved = [f"event {move.event}" for move in rounds.moves if move.target in stages and move.event]
        idle = [_idle(move) for move in rounds.moves if move.target in stages]
        return list(dict.fromkeys([*(f"stage {stage}" for stage in stages), *moved, *(cause for cause in idle if cause)]))
    if pattern.get("schedule") is not None:
        return ["schedule"]
    event, thing = pattern.text_of("event"), pattern.text_of("broadcast")
    if event is not None or thing is not None:
        return [f"event {event}" if event is not None else f"broadcast {thing}"]
    return [cause for cause in [_quiet(pattern)] if cause]


def _quiet(pattern: Spot) -> str:
    event = pattern.text_of("without")
    return f"without {event} for {pattern.text_of('for')}" if event is not None else ""


def _idle(move: Move) -> str:
    return _quiet(move.spot.at("on")) if move.spot is not None else ""


def _say(root: Spot, found: dict[str, str], scope: Scope) -> None:
    names = [f"`{name}`" for name in found][:OVERLAPS_NAMED]
    more = " and others" if len(found) > len(names) else ""
    message = f"this and {', '.join(names)}{more} can both send for one input: {next(iter(found.values()))}"
    fix = "make their conditions exclude each other; if both are meant, write `# check: ignore W507 because …`"
    scope.report.add("W507", root.at("on").key_place, message, fix, found)


def _example(one: _Start, other: _Start, rounds: Rounds, scope: Scope) -> str:
    """An input for which both send; empty where there is none."""
    states = [*one.states, *other.states]
    if not _meet(one, other) or witness(states, known_of(scope)) is None:  # most pairs differ here already
        return ""
    if edge_of(one.pattern) or edge_of(other.pattern):
        return _crossing(one, other, states, scope)
    first, second = stages_of(one.pattern), stages_of(other.pattern)
    if not first and not second:
        event = brings(one.pattern) or ""
        found = witness(states, _known(scope, {}, {event: 1}))
        return _told(found, event or _quiet(one.pattern) or "the same time", states, scope) if found is not None else ""
    if first and second:
        return _entering([stage for stage in first if stage in second], states, (one, other), rounds, scope)
    staged, plain = (one, other) if first else (other, one)
    if not near(one.delays, other.delays):
        return ""
    begun, quiet = brings(plain.pattern), _quiet(plain.pattern)
    moves = [move for move in rounds.moves if move.target in stages_of(staged.pattern) and move.spot is not None]
    caused = [move for move in moves if (move.event == begun if begun else _idle(move) == quiet)]
    return next((told for move in caused if (told := _moved(move, states, rounds, scope))), "")


def edge_of(pattern: Spot) -> str:
    """What a pattern on a segment or a date waits for; empty for others."""
    for word, told in (("segment", "entered segment"), ("left", "left segment")):
        if pattern.text_of(word) is not None:
            return f"{told} {pattern.text_of(word)}"
    if pattern.get("date") is None:
        return ""
    words = ("date", "every", "at", "offset", "zone")
    return f"has reached the date {' '.join(text for word in words if (text := pattern.text_of(word)))}"


def _crossing(one: _Start, other: _Start, states: list[Statement], scope: Scope) -> str:
    """One begins by a crossing: the other by the same one, or by an event that can bring it."""
    mine, theirs = edge_of(one.pattern), edge_of(other.pattern)
    if mine != theirs and not near(one.delays, other.delays):
        return ""
    event = one.pattern.text_of("event") or other.pattern.text_of("event") or ""
    stages = stages_of(one.pattern) or stages_of(other.pattern)
    found = witness(states, _known(scope, {"stage.current": stages} if stages else {}, {event: 1} if event else {}))
    crossed = f"who {' and '.join(dict.fromkeys(edge for edge in (mine, theirs) if edge))}"
    return _told(found, event or crossed, states, scope) if found is not None else ""


def _entering(stages: list[str], states: list[Statement], both: tuple[_Start, _Start], rounds: Rounds, scope: Scope) -> str:
    """Both begin with a stage: by any move into it, unless one of them is used up by then."""
    for move in rounds.moves:
        used_up = any(_used_up(start, move, rounds) for start in both)
        if move.target in stages and not used_up and (told := _moved(move, states, rounds, scope)):
            return told
    return ""


def _used_up(start: _Start, move: Move, rounds: Rounds) -> bool:
    """Whether the campaign, which begins once and with the stage alone, has begun for whoever comes by this move."""
    campaign = start.campaign
    free = campaign.condition is None and campaign.while_ is None and campaign.active_from is None
    alone = free and len(campaign.on) == 1 and campaign.on[0].condition is None
    return alone and campaign.reentry.after is None and rounds.passed(move.target, move.source)


def _moved(move: Move, states: list[Statement], rounds: Rounds, scope: Scope) -> str:
    """An example of an input that moves a profile so."""
    events = {feature.event for feature in scope.features.values() if feature.kind == "count"}
    least = {event: rounds.fewest(move.source, event) + (event == move.event) for event in events}
    known = _known(scope, {"stage.current": [move.target], "stage.previous": [move.source]}, least)
    more = said(asked(move.spot, scope)) if move.spot is not None else []
    found = witness([*states, *(each for each in more if "stage.current" not in each.places)], known)
    if found is None:
        return ""
    cause = move.event or _idle(move) or f"move_to {move.target}"
    return f"{_told(found, cause, states, scope)}, which moves from {move.source} to {move.target}"


def _known(scope: Scope, fixed: dict[str, list[Any]], least: dict[str, int]) -> Known:
    known = known_of(scope)
    counted = {
        f"profile.features.{feature.name}": least[feature.event]
        for feature in scope.features.values()
        if feature.kind == "count" and feature.over_days is None and feature.condition is None and feature.event in least
    }
    return Known(known.whole, {**known.fixed, **fixed}, counted)


def _meet(one: _Start, other: _Start) -> bool:
    """Whether both can be active at one time, and where both are schedules, called at one."""
    first, second = one.campaign, other.campaign
    pairs = ((first.active_until, second.active_from), (second.active_until, first.active_from))
    if any(until is not None and since is not None and until <= since for until, since in pairs):
        return False
    return one.schedule is None or other.schedule is None or coincide(one.schedule, other.schedule, _SCHEDULES_FROM_MS)


def _told(found: dict[str, Any], cause: str, states: list[Statement], scope: Scope) -> str:
    """The input in words: the event's sample with what matters put in, what else must be true, and what was not tried."""
    own = {
        path.removeprefix("event.properties."): value for path, value in found.items() if path.startswith("event.properties.")
    }
    sample = {**_sample(cause, scope), **own}
    event = f"{cause} {json.dumps(sample, ensure_ascii=False)}" if sample else cause
    facts = [
        f"{path} is {json.dumps(value, ensure_ascii=False)}" for path, value in found.items() if path.startswith("profile.")
    ]
    if any(name.startswith("?") and _OF_EVENT.search(name) for state in states for name in state.places):
        facts.append("what relates several of its values holds too")
    return f"{event} where {' and '.join(facts)}" if facts else event


def _sample(event: str, scope: Scope) -> dict[str, Any]:
    documents = scope.files.documents.get("events", [])
    found = next((one.value.get("sample") for one in documents if one.root.text_of("event") == event), None)
    return {name: value for name, value in found.items() if not isinstance(value, list)} if isinstance(found, dict) else {}
