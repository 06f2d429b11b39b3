"""One customer's story in plain words: what they did, where they stood, what they got and why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.calendar import instant_of, iso
from orchestrator.domain.input import Event
from orchestrator.insight.explain import Told
from orchestrator.insight.page.words import clock, day, joined

_STOPPED = {"suppressed": "is suppressed", "expired": "has expired", "cancelled": "is taken back", "refused": "is refused"}
_SHOWN_PROPERTIES = 2
_IDS = ("_id", "Id")
_BY_TIME = "triggered by timer"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. kind: event, stage, sent, stopped, waits, held, goal, joins."""

    at: int
    kind: str
    words: str
    detail: str = ""
    stage: str = ""
    """The stage that it is about, for its colour."""

    @property
    def day(self) -> str:
        return day(self.at)

    @property
    def clock(self) -> str:
        return clock(self.at)

    @property
    def date(self) -> str:
        """`1997-02-03`."""
        return iso(self.at)[:10]


@dataclass(frozen=True, slots=True)
class Band:
    """A stay in a stage."""

    stage: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Story:
    profile: str
    stage: str
    turns: int
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]
    silent: tuple[tuple[str, str], ...] = ()
    """(campaign, why it did nothing) of the campaigns that this customer never entered."""

    def count(self, kind: str) -> int:
        return sum(line.kind == kind for line in self.lines)

    @property
    def kinds(self) -> int:
        """How many different kinds of things happen in it."""
        return len({line.kind for line in self.lines})

    @property
    def summary(self) -> str:
        """`13 events, 4 stages, 9 messages of 5 campaigns`."""
        stages = len({band.stage for band in self.bands})
        campaigns = len({line.detail for line in self.lines if line.kind == "sent"})
        return joined(
            [
                _several(self.count("event"), "event"),
                _several(stages, "stage"),
                f"{_several(self.count('sent'), 'message')} of {_several(campaigns, 'campaign')}",
            ]
        )


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def story_of(told: Told, end: int, stage_of: dict[str, str]) -> Story:
    """Tell it in order of time up to `end`; `stage_of` gives each campaign's stage."""
    lines = [*_events(told), *_stages(told), *_campaigns(told, stage_of)]
    lines.sort(key=lambda line: (line.at, _RANK[line.kind]))
    state = told.state
    return Story(
        profile=told.profile,
        stage=state.stage if state is not None else "",
        turns=state.turns if state is not None else 0,
        lines=tuple(lines),
        bands=tuple(_bands(told, end)),
        silent=tuple(_silent(told)),
    )


_RANK = {"event": 0, "stage": 1, "goal": 2, "held": 3, "joins": 4, "waits": 5, "sent": 6, "stopped": 6}


def _events(told: Told) -> Iterator[Line]:
    for event in told.events:
        yield Line(event.occurred_at, "event", event.name or event.type, _carried(event))


def _carried(event: Event) -> str:
    """Money first, then a few plain values; ids say nothing to a reader."""
    properties = dict(event.properties)
    total, currency = properties.pop("total", None), properties.pop("currency", "")
    words = [f"{currency} {total:,.2f}".strip()] if isinstance(total, int | float) and not isinstance(total, bool) else []
    plain = ((name, value) for name, value in properties.items() if isinstance(value, str | int | float) and value is not True)
    words += [f"{name} {value}" for name, value in plain if not name.endswith(_IDS)][:_SHOWN_PROPERTIES]
    return ", ".join(words)


def _stages(told: Told) -> Iterator[Line]:
    for at, source, target, cause in told.stages:
        why = f"so long {cause}" if cause.startswith("without ") else f"by {cause}"
        yield Line(at, "stage", f"{source} → {target}", why, target)


def _campaigns(told: Told, stage_of: dict[str, str]) -> Iterator[Line]:
    for entry in told.entries:
        at = instant_of(entry["at"])
        line = _line(entry) if at is not None else None
        if at is not None and line is not None:
            kind, words, detail = line
            yield Line(at, kind, words, detail, stage_of.get(entry["campaign"], ""))


def _line(entry: dict[str, Any]) -> tuple[str, str, str] | None:
    """(kind, words, detail) of what is worth telling."""
    campaign, outcome, reason = entry["campaign"], entry["outcome"], entry["reason"]
    until = f"; next allowed {entry['next_allowed'][:16].replace('T', ' ')}" if entry["next_allowed"] else ""
    if outcome in _STOPPED:
        return "stopped", f"{entry['template']} {_STOPPED[outcome]}", reason
    told = {
        "entered": ("joins", f"joins {campaign}", "time has brought it" if reason == _BY_TIME else reason),
        "held_out": ("held", f"held out of {campaign}", "by lot, to measure it: no step is taken, the goal is counted"),
        "accepted": ("sent", f"gets {entry.get('template')} by {entry.get('channel')}", campaign),
        "in_doubt": ("sent", f"may have got {entry.get('template')} by {entry.get('channel')}", campaign),
        "waiting": ("waits", f"{entry.get('template')} waits", f"{reason}{until}"),
        "goal": ("goal", f"{campaign}: {reason}", ""),
    }
    return told.get(outcome)


def _bands(told: Told, end: int) -> Iterator[Band]:
    since = told.state.born if told.state is not None else end
    for number, (at, source, target, _) in enumerate(told.stages):
        if number == 0 and at > since:
            yield Band(source, since, at)
        after = told.stages[number + 1][0] if number + 1 < len(told.stages) else end
        if after > at:
            yield Band(target, at, after)
    if not told.stages and told.state is not None:
        yield Band(told.state.stage, since, end)


def _silent(told: Told) -> Iterator[tuple[str, str]]:
    """The last reason of each campaign never entered."""
    entered = {entry["campaign"] for entry in told.entries if entry["outcome"] in ("entered", "held_out")}
    last = {
        entry["campaign"]: entry["reason"]
        for entry in told.entries
        if entry["outcome"] in ("not_entered", "never_triggered") and entry["campaign"] not in entered
    }
    yield from sorted(last.items())
