"""Which campaigns an event may start: filed under its name, then under what their conditions need.

Of a thousand campaigns on one event, most want another product, plan or count, or a larger order: those are not even asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from orchestrator.domain.campaign import Campaign
from orchestrator.domain.ladder import HIGHEST, LOWEST, Band, Ladder, ladder
from rules import Condition, compile_condition, equalities, thresholds

Constant = str | int | float
_INDEXED = ("event.", "profile.features.", "stage.current")
"""What no step of an earlier campaign can change while the event starts others (`set` changes traits)."""
_SHARED_BY = 2
"""Fewer campaigns than this are asked themselves."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Campaigns filed under the value at one path."""

    read: Condition
    texts: Mapping[str, tuple[str, ...]]
    numbers: Mapping[float, tuple[str, ...]]
    under_texts: tuple[str, ...]
    under_numbers: tuple[str, ...]

    def holding(self, value: Any) -> Iterable[str]:
        """Campaigns that this value does not rule out. `==` is loose across types, so then the rule itself decides."""
        kind = value.__class__
        if kind is str:
            return (*self.texts.get(value, ()), *self.under_numbers)
        if kind is int or kind is float:
            return (*self.numbers.get(value, ()), *self.under_texts)
        return () if value is None else (*self.under_texts, *self.under_numbers)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The campaigns that one event may start."""

    every: tuple[str, ...]
    """All of them, in order of name."""
    always: tuple[str, ...]
    """Those that no value rules out."""
    shelves: tuple[Shelf | Ladder, ...]

    def among(self, value_of: Callable[[Condition], Any]) -> list[str]:
        """Those that the event in hand does not rule out, in order of name. `value_of` reads a path."""
        if not self.shelves:
            return list(self.every)
        found = set(self.always)
        for shelf in self.shelves:
            found.update(shelf.holding(value_of(shelf.read)))
        return sorted(found)


def candidates(campaigns: Iterable[Campaign]) -> dict[str, Candidates]:
    """Event name → the campaigns that it may start."""
    starts: defaultdict[str, dict[str, Campaign]] = defaultdict(dict)
    for campaign in campaigns:
        for pattern in campaign.on:
            if pattern.event is not None:
                starts[pattern.event][campaign.name] = campaign
    return {event: _filed(event, found) for event, found in starts.items()}


@dataclass(slots=True)
class _Uses:
    """What the campaigns on one event ask of one path."""

    equal: dict[str, frozenset[Constant]] = field(default_factory=dict)
    bands: dict[str, Band] = field(default_factory=dict)

    def shares(self) -> Iterator[tuple[str, float, bool]]:
        """Campaign, the share of values that do not rule it out, and whether that is by its band."""
        values = frozenset[Constant]().union(*self.equal.values())
        if len(self.equal) >= _SHARED_BY:
            for name, constants in self.equal.items():
                yield name, len(constants) / (len(values) + 1), False
        if len(self.bands) >= _SHARED_BY:
            ends = sorted({end for band in self.bands.values() for end in (band.low, band.high)} - {LOWEST, HIGHEST})
            for name, band in self.bands.items():
                passed = bisect_left(ends, band.high) - bisect_left(ends, band.low)
                yield name, (passed + (band.low == LOWEST)) / (len(ends) + 1), True


def _filed(event: str, campaigns: Mapping[str, Campaign]) -> Candidates:
    """Each campaign stands where the fewest values do not rule it out."""
    uses: defaultdict[str, _Uses] = defaultdict(_Uses)
    for name, campaign in campaigns.items():
        for rule in _asked(campaign, event):
            _note(name, rule, uses)
    best: dict[str, tuple[float, str, bool]] = {}
    for path, found in uses.items():
        for name, share, banded in found.shares():
            best[name] = min(best.get(name, (inf, "", False)), (share, path, banded))
    always = tuple(name for name in campaigns if name not in best)
    places: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for name, (_, path, banded) in best.items():
        places[path, banded].append(name)
    shelves = tuple(_placed(path, names, uses[path], banded=banded) for (path, banded), names in sorted(places.items()))
    return Candidates(tuple(sorted(campaigns)), always, shelves)


def _asked(campaign: Campaign, event: str) -> Iterator[Any]:
    """The rules that must all hold for this event to start the campaign."""
    patterns = [pattern for pattern in campaign.on if pattern.event == event]
    asked = [campaign.condition, campaign.while_, *(pattern.condition for pattern in patterns if len(patterns) == 1)]
    return (condition.rule for condition in asked if condition is not None)


def _note(name: str, rule: Any, uses: Mapping[str, _Uses]) -> None:
    for path, constants in equalities(rule):
        if path.startswith(_INDEXED):
            uses[path].equal[name] = constants
    for path, comparison, number in thresholds(rule):
        if path.startswith(_INDEXED):
            uses[path].bands[name] = uses[path].bands.get(name, Band()).within(comparison, number)


def _placed(path: str, names: list[str], uses: _Uses, *, banded: bool) -> Shelf | Ladder:
    read = compile_condition({"var": path})
    if banded:
        return ladder(read, [(uses.bands[name], name) for name in names])
    return _shelf(read, {name: uses.equal[name] for name in names})


def _shelf(read: Condition, filed: Mapping[str, frozenset[Constant]]) -> Shelf:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    numbers: defaultdict[float, list[str]] = defaultdict(list)
    for name, constants in filed.items():
        for constant in constants:
            if isinstance(constant, str):
                texts[constant].append(name)
            else:
                numbers[constant].append(name)
    return Shelf(
        read,
        {value: tuple(names) for value, names in texts.items()},
        {value: tuple(names) for value, names in numbers.items()},
        tuple(name for name, constants in filed.items() if any(isinstance(one, str) for one in constants)),
        tuple(name for name, constants in filed.items() if not all(isinstance(one, str) for one in constants)),
    )
