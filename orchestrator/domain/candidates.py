"""Which campaigns an event may start: filed under its name, then under what their conditions need to be equal.

Of a thousand campaigns on one event, most want another product, plan or count: those are not even asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.campaign import Campaign
from rules import Condition, compile_condition, equalities

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
    shelves: tuple[Shelf, ...]

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


def _filed(event: str, campaigns: Mapping[str, Campaign]) -> Candidates:
    """Each campaign goes on the shelf of the path with the most values, the more selective one."""
    wanted = {name: dict(_needed(campaign, event)) for name, campaign in campaigns.items()}
    values: defaultdict[str, set[Constant]] = defaultdict(set)
    users: defaultdict[str, int] = defaultdict(int)
    for needs in wanted.values():
        for path, constants in needs.items():
            values[path] |= constants
            users[path] += 1
    shelves: defaultdict[str, dict[str, frozenset[Constant]]] = defaultdict(dict)
    always = []
    for name, needs in wanted.items():
        shared = [(len(values[path]), path) for path in needs if users[path] >= _SHARED_BY]
        if not shared:
            always.append(name)
            continue
        _, path = max(shared)
        shelves[path][name] = needs[path]
    every = tuple(sorted(campaigns))
    return Candidates(every, tuple(always), tuple(_shelf(path, shelves[path]) for path in sorted(shelves)))


def _needed(campaign: Campaign, event: str) -> Iterator[tuple[str, frozenset[Constant]]]:
    """(path, constants) that must be equal for this event to start the campaign."""
    patterns = [pattern for pattern in campaign.on if pattern.event == event]
    asked = [campaign.condition, campaign.while_, *(pattern.condition for pattern in patterns if len(patterns) == 1)]
    for condition in asked:
        for path, constants in equalities(condition.rule) if condition is not None else ():
            if path.startswith(_INDEXED):
                yield path, constants


def _shelf(path: str, filed: Mapping[str, frozenset[Constant]]) -> Shelf:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    numbers: defaultdict[float, list[str]] = defaultdict(list)
    for name, constants in filed.items():
        for constant in constants:
            if isinstance(constant, str):
                texts[constant].append(name)
            else:
                numbers[constant].append(name)
    return Shelf(
        compile_condition({"var": path}),
        {value: tuple(names) for value, names in texts.items()},
        {value: tuple(names) for value, names in numbers.items()},
        tuple(name for name, constants in filed.items() if any(isinstance(one, str) for one in constants)),
        tuple(name for name, constants in filed.items() if not all(isinstance(one, str) for one in constants)),
    )
