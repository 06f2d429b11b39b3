"""A measure as a page draws it: every number already in words, every line already geometry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.console.drawing import Bar, Trend, bar, trend
from orchestrator.console.measures.desk import Known
from orchestrator.console.measures.question import Answered
from orchestrator.console.measures.wording import begin_of, family_of, interval_of, target_of, value_of, words_of
from orchestrator.console.speech import Speech
from orchestrator.domain.calendar import iso
from orchestrator.domain.measure import Measure
from orchestrator.insight.measures import Measured, Summed, periodic

_FULL = {"share": (0.0, 1.0), "points": (-100.0, 100.0)}
"""unit → the whole of its scale; of others it ends where the values do"""
_SHADES = 9
"""Shades of a table of cohorts, beside none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group, or the whole. `bar` is its interval on the scale of all that stand beside it; `at` when its period begins."""

    group: str
    value: str
    interval: str
    n: int
    bar: Bar | None
    plain: tuple[float | None, float | None, float | None]
    at: int | None = None
    arms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a funnel: how many came there, their share of the first step's, and of the step's before it."""

    name: str
    n: int
    share: str
    of_before: str
    width: float


@dataclass(frozen=True, slots=True)
class Month:
    """A cohort: (share in words, its shade from 0 to 9), 30 days after another."""

    month: str
    n: int
    cells: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Course:
    """How a campaign's lift stood day by day."""

    campaign: str
    rows: tuple[Row, ...]
    trend: Trend


@dataclass(frozen=True, slots=True)
class Card:
    """A measure with what is known of it."""

    name: str
    title: str
    definition: str
    family: str
    kind: str
    unit: str
    target: str
    met: bool | None
    whole: Row | None
    rows: tuple[Row, ...]
    told_by: str
    left_out: int
    at: int
    clock: int
    coming: bool
    trouble: str
    why_none: str
    """What is said where there is no value."""


def card(measure: Measure, known: Known, speech: Speech) -> Card:
    """What a page shows of it."""
    answer = known.answer
    found = None if answer is None or answer.trouble else answer.of(measure)
    return Card(
        measure.name,
        words_of(measure.title, speech, measure.name),
        words_of(measure.definition, speech),
        family_of(measure),
        measure.kind,
        measure.unit,
        target_of(speech, measure),
        None if found is None or not target_of(speech, measure) else found.met,
        None if found is None else _rows(found, speech, [("", found.whole)])[0],
        () if found is None else tuple(_rows(found, speech, list(found.by.items()))),
        "" if found is None else found.told_by,
        0 if answer is None else answer.left_out,
        known.at,
        0 if answer is None else answer.clock,
        known.coming,
        "" if answer is None else answer.trouble,
        "" if found is None else _why_none(found, speech),
    )


def _why_none(found: Measured, speech: Speech) -> str:
    """Why there is no value, in words; empty where there is one."""
    if _no_length(found, found.whole):
        return speech.say("each was a single event: no time to measure")
    if found.whole.value is not None or found.by:
        return ""
    return speech.say("too few to tell" if found.whole.n else "nothing to measure yet")


def _no_length(found: Measured, one: Summed) -> bool:
    """Whether all sessions were single events: their mean of nought would read as if somebody had timed them."""
    return found.measure.kind == "sessions" and one.n > 0 and one.value == 0


def _rows(found: Measured, speech: Speech, of: Sequence[tuple[str, Summed]]) -> list[Row]:
    unit, (low, high) = found.measure.unit, _scale(found, [one for _, one in of])
    target = found.measure.at_least if found.measure.at_least is not None else found.measure.at_most
    timed = [(group, Summed(None, one.n) if _no_length(found, one) else one) for group, one in of]
    return [
        Row(
            group,
            value_of(speech, one.value, unit),
            interval_of(speech, one.low, one.high, unit),
            one.n,
            None if one.value is None else bar(low, high, one.value, one.low, one.high, target),
            (one.value, one.low, one.high),
            begin_of(found.told_by, group) if group and periodic(found.told_by) else None,
            _arms(found, group, speech),
        )
        for group, one in timed
    ]


def _scale(found: Measured, values: Sequence[Summed]) -> tuple[float, float]:
    """From where to where the bars go: a share's whole, or as far as anything lies."""
    if found.measure.unit in _FULL and found.measure.kind != "lift":
        return _FULL[found.measure.unit]
    ends = [end for one in values for end in (one.value, one.low, one.high) if end is not None]
    ends += [end for end in (found.measure.at_least, found.measure.at_most) if end is not None]
    return min(0.0, *ends, 0.0), max(0.0, *ends, 0.0) or 1.0


def _arms(found: Measured, group: str, speech: Speech) -> tuple[str, ...]:
    """Of a lift: how many of those treated reached the goal, and of those held out."""
    more = found.more.get(group, {})
    arms = (more[arm] for arm in ("treated", "held_out") if arm in more)
    told = speech.say
    return tuple(
        f"{value_of(speech, arm['rate'], 'share')} ({told('{} of {}', int(arm['reached']), int(arm['n']))})" for arm in arms
    )


def trend_of(measure: Measure, rows: Sequence[Row]) -> Trend | None:
    """The value over time, with its interval and target; None where there are no two periods."""
    points = [(row.at, *row.plain) for row in rows if row.at is not None and row.plain[0] is not None]
    return trend(points, [one for one in (measure.at_least, measure.at_most) if one is not None]) if len(points) > 1 else None


def courses_of(measure: Measure, answer: Answered | None, speech: Speech) -> list[Course]:
    """Of each campaign whose lift has stood for two days or more."""
    found = list[Course]()
    for campaign, looks in ({} if answer is None else answer.looks).items():
        days = Measured(measure, Summed(None, 0), told_by="day")
        rows = tuple(_rows(days, speech, [(iso(look.at)[:10], look.told) for look in looks]))
        drawn = trend_of(measure, rows)
        found += [] if drawn is None else [Course(campaign, rows, drawn)]
    return found


def funnel_of(answer: Answered | None, speech: Speech) -> list[Step]:
    """Its steps, with bars that are as long as customers are many (of 1000)."""
    return list(_steps(answer.steps, speech)) if answer is not None else []


def _steps(steps: Sequence[tuple[str, int]], speech: Speech) -> Iterator[Step]:
    first = before = steps[0][1] if steps else 0
    for name, n in steps:
        share, of_before = n / first if first else 0.0, n / before if before else 0.0
        yield Step(name, n, value_of(speech, share, "share"), value_of(speech, of_before, "share"), round(1000 * share, 1))
        before = n


def cohorts_of(answer: Answered | None, speech: Speech) -> list[Month]:
    """Its cohorts, each cell with a shade by how it compares with the largest."""
    every = [] if answer is None else answer.cohorts
    most = max((share for one in every for share in one.shares), default=0.0) or 1.0
    return [
        Month(
            one.month,
            one.n,
            tuple((value_of(speech, share, "share"), round(_SHADES * share / most)) for share in one.shares),
        )
        for one in every
    ]
