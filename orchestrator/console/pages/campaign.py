"""One campaign: its steps as a graph with what happened at each, its arms and its holdout, day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.drawing import chart
from orchestrator.console.frame import hues
from orchestrator.console.looking_back import day_of, history_of
from orchestrator.console.pages.campaigns import daily, figures, totals_of
from orchestrator.console.pages.wheel import SPANS, span_of
from orchestrator.domain.limits import DAY_MS
from orchestrator.errors import UsageError
from orchestrator.history import StepCount
from orchestrator.insight.measures.shipped import measures_of
from orchestrator.insight.reading.campaign import read_campaign
from orchestrator.partition.cursors import endings
from orchestrator.partition.mending import END

_CURVES = ("triggered", "sent", "suppressed", "converted")
_NO_WAY = (
    "taken",
    "waits",
    "planned",
    "attempting",
    "sent",
    "accepted",
    "refused",
    "in_doubt",
    "unknown",
    "delivered",
    "bounced",
)
_NO_WAY_EITHER = ("suppressed", "expired", "cancelled", "opened", "clicked", "complained", "unsubscribed", "answered")
_TASKS = ("task_open", "task_overdue", "task_done", "task_withdrawn")
_MESSAGE = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "suppressed",
    "expired",
    "refused",
    "bounced",
    "in_doubt",
    "unknown",
    "cancelled",
)


@dataclass(frozen=True, slots=True)
class AtStep:
    """What happened at one step: how many came, stand there now, went which way; what became of its messages."""

    came: int
    now: int
    ways: tuple[tuple[str, int], ...]
    messages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of a split, or those held out: how many, and how many of them reached the goal."""

    name: str
    entered: int
    converted: int


def campaign(asked: Asked) -> Answer:
    """The page of one campaign."""
    live, days, name = asked.state.live(asked.reader), span_of(asked.query), asked.query.get("name", "")
    if live is None or name not in live.program.campaigns:
        raise UsageError(asked.speech.say("There is no campaign {}.", name))
    one, today = live.program.campaigns[name], day_of(asked.now)
    with history_of(asked) as history:
        if history is None:
            return Shown("unready.html", {"live": True})
        counts = history.campaigns(today - max(SPANS) + 1, today, name)
        steps = history.steps(name)
        standing = {step: n for (_, step), n in history.under_way(name).items()}
        last = history.last_triggered().get(name)
    shown = range(today - days + 1, today + 1)
    values = {
        "name": name,
        "stage": one.stage,
        "figures": figures(one, counts, today, days, last),
        "read": read_campaign(live.program, one, asked.speech.tongue),
        "at_step": at_steps(steps, standing),
        "waiting_first": standing.get("", 0),
        "under_way": sum(standing.values()),
        "whole": dict(_whole(steps)),
        "arms": arms(steps),
        "goal": one.goal is not None,
        "lift": next((its.name for its in measures_of(live) if its.kind == "lift"), ""),
        "chart": chart([(what, daily(counts, what, shown)) for what in _CURVES]),
        "dates": [asked.speech.at(day * DAY_MS)[:10] for day in shown],
        "days": days,
        "spans": SPANS,
        "totals": list(totals_of(count for count in counts if count.day in shown)),
        "paused": name in asked.reader.controls().campaigns,
        "hue": hues(live.program.wheel),
        "ending": endings(asked.reader.fact).get(name),
        "ordered": any(one.switch == END and (one.campaign, one.profile) == (name, None) for one in asked.reader.orders()),
    }
    return Shown("campaign.html", values)


def at_steps(steps: Iterable[StepCount], standing: Mapping[str, int]) -> dict[str, AtStep]:
    """What happened at each step, all arms together."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in steps:
        if one.step:
            counted[one.step][one.what] += one.n
    return {step: _at_step(found, standing.get(step, 0)) for step, found in counted.items()}


def _at_step(found: Counter[str], now: int) -> AtStep:
    known = (*_NO_WAY, *_NO_WAY_EITHER, *_TASKS)
    ways = tuple((what, n) for what, n in found.most_common() if what not in known)
    messages = tuple((what, found[what]) for what in _MESSAGE if found[what])
    came = found["taken"] or max(found["waits"], sum(n for _, n in ways))
    return AtStep(came, now, ways, messages)


def _whole(steps: Iterable[StepCount]) -> Counter[str]:
    found = Counter[str]()
    for one in steps:
        if not one.step:
            found[one.what] += one.n
    return found


def arms(steps: Iterable[StepCount]) -> list[Arm]:
    """Those treated, by arm where there is a split, and those held out."""
    steps = list(steps)
    converted = {one.arm: one.n for one in steps if not one.step and one.what == "converted"}
    whole = _whole(steps)
    entered = Counter[str]()
    for one in steps:
        if one.step and one.arm and one.what == one.arm.rpartition("/")[2]:
            entered[one.arm] += one.n
    found = [Arm("", whole["triggered"], whole["converted"])]
    found += [Arm(arm, count, converted.get(arm, 0)) for arm, count in sorted(entered.items())]
    held = [Arm("held_out", whole["held_out"], whole["converted_held_out"])] if whole["held_out"] else []
    return [*found, *held]


PLACES = (Place("/campaign", campaign),)
