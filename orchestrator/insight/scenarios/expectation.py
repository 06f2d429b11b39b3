"""What was expected against what came: differences in words, and the timeline that explains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.decide import cause_of
from orchestrator.domain.input import Event
from orchestrator.insight.explain import REASONS
from orchestrator.insight.scenarios.scenario import Expected
from orchestrator.insight.scenarios.trial import Trial
from orchestrator.partition.partition import Decided


def satisfied(expected: Expected, trial: Trial) -> bool:
    """Whether everything that must come has come."""
    if expected.stage is not None and trial.stage != expected.stage:
        return False
    wanted = ((expected.sends, trial.sends), (expected.suppressed, trial.suppressed))
    return not any(_missing(asked or (), found) for asked, found in wanted)


def differences(expected: Expected, trial: Trial) -> list[str]:
    """What is not as expected, a line each; none if the scenario holds."""
    return [*_of_sends(expected, trial), *_of_suppressed(expected, trial), *_of_the_rest(expected, trial)]


def _fits(wanted: dict[str, Any], found: dict[str, Any]) -> bool:
    return all(found.get(name) == value for name, value in wanted.items())


def _missing(wanted: tuple[dict[str, Any], ...], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return _matched(wanted, found)[0]


def _matched(
    wanted: tuple[dict[str, Any], ...], found: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """(wanted and not found, found and not wanted, the found in the order in which they were wanted)."""
    left, missing, taken = list(found), [], []
    for one in wanted:
        match = next((candidate for candidate in left if _fits(one, candidate)), None)
        if match is None:
            missing.append(one)
        else:
            left.remove(match)
            taken.append(match)
    return missing, left, taken


def _of_sends(expected: Expected, trial: Trial) -> Iterator[str]:
    if expected.sends is None:
        return
    missing, unexpected, taken = _matched(expected.sends, trial.sends)
    for one in missing:
        yield f"not sent: {_shown(one)}{_instead(one, trial)}"
    for one in unexpected:
        yield f"sent, and not expected: {_shown(one)}"
    times = [one["at"] for one in taken]
    if times != sorted(times):
        yield "sent in another order than expected: " + "; ".join(
            _shown(one) for one in sorted(taken, key=lambda one: one["at"])
        )


def _instead(wanted: dict[str, Any], trial: Trial) -> str:
    """The nearest thing to an explanation: what became of that campaign."""
    name = wanted.get("campaign")
    said = [line for at, campaign, line in _lines(trial) if campaign == name]
    return f" ({said[-1]})" if said else f" ({name} was never triggered)" if name else ""


def _of_suppressed(expected: Expected, trial: Trial) -> Iterator[str]:
    for one in _missing(expected.suppressed or (), trial.suppressed):
        others = [str(found["reason"]) for found in trial.suppressed if found["campaign"] == one.get("campaign")]
        instead = f", but by {', '.join(others)}" if others else ""
        yield f"not suppressed: {one.get('campaign', 'any campaign')} by {one.get('reason', 'any gate')}{instead}"


def _of_the_rest(expected: Expected, trial: Trial) -> Iterator[str]:
    if expected.stage is not None and trial.stage != expected.stage:
        yield f"stands in {trial.stage}, expected {expected.stage}"
    if expected.tasks:
        yield "tasks are expected, and this version runs none"
    for cause in trial.dead:
        yield f"an input could not be decided: {cause}"


def _shown(one: dict[str, Any]) -> str:
    words = [str(one.get("campaign", "any campaign"))]
    if "template" in one:
        words.append(f"· {one['template']}")
    if "channel" in one:
        words.append(f"by {one['channel']}")
    if "at" in one:
        words.append(f"at {iso(one['at'])}")
    return " ".join(words)


def timeline(trial: Trial) -> list[str]:
    """What happened, a line each, until the clock stopped."""
    return [*(f"{iso(at)}  {line}" for at, _, line in _lines(trial)), f"{iso(trial.end)}  the clock stops"]


def _lines(trial: Trial) -> Iterator[tuple[int, str, str]]:
    """(at, campaign or nothing, words)"""
    for one in trial.decided:
        if isinstance(one.given, Event):
            yield one.now, "", cause_of(one.given)
        for campaign, words in _told(one):
            yield one.now, campaign, words


def _told(one: Decided) -> Iterator[tuple[str, str]]:
    decision = one.decision
    for step in decision.transitions:
        yield "", f"stage {step.source} → {step.target} ({step.cause})"
    for entry in decision.entries:
        reason = f": {REASONS.get(entry.reason, entry.reason)}" if entry.reason else ""
        yield entry.campaign, f"{entry.campaign} {entry.outcome.replace('_', ' ')}{reason}"
    for change in decision.messages:
        if change.state in ("planned", "attempting") and not change.reason:
            continue
        state = "waits" if change.state == "planned" else change.state
        reason = f": {REASONS.get(change.reason, change.reason)}" if change.reason else ""
        until = f", next allowed {iso(change.until)}" if change.until is not None else ""
        yield change.campaign, f"{change.campaign} {change.template} by {change.channel} {state}{reason}{until}"
    for goal in decision.goals:
        yield goal.campaign, f"{goal.campaign} goal reached{' by a held-out run' if goal.held else ''}"
    for end in decision.ends:
        if end.reason != "done":
            yield end.campaign, f"{end.campaign} ended: {REASONS.get(end.reason, end.reason)}"
