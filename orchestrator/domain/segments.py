"""Segments as a program holds them: in which order they are judged, what each is made of, and what a watched one reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from rules import Condition

if TYPE_CHECKING:
    from orchestrator.domain.campaign import Pattern
    from orchestrator.domain.program import Feature, Program

_LIST = "profile.segments"
_FEATURES, _TRAITS = "profile.features.", "profile.traits."
_DIGEST_BYTES = 4
_CLOCK = ("now", "stage.since", "stage")
"""What time alone changes, beside features; it is looked at when a UTC day begins."""
_KNOWN = (_LIST, "now", "stage.since", "stage.current", "stage.previous", "stage.turns")


@dataclass(frozen=True, slots=True)
class Watch:
    """The segments that patterns watch, and what may turn a membership in one of them."""

    tokens: dict[str, str]
    """segment → its definition and since when it is live: another token, and who is inside is looked at anew."""
    since: dict[str, int]
    """segment → since when it is live; -1: always."""
    features: frozenset[str]
    events: frozenset[str]
    """Events that change those features."""
    traits: bool
    stage: bool
    timed: tuple[Feature, ...]
    """Those of the features that time changes."""
    daily: bool
    """It reads the clock itself."""
    loose: bool
    """It may read anything: every input is looked at."""

    def live(self) -> list[str]:
        """How `live_since` calls the segments."""
        return [_ident(name, token.partition("/")[0]) for name, token in self.tokens.items()]

    def live_as(self, pattern: Pattern) -> str:
        """How `live_since` calls a pattern that waits for a segment of this definition."""
        return f"{pattern.id} {self.tokens.get(pattern.watches or '', '').partition('/')[0]}"


def named_in(rule: Any, segments: Iterable[str]) -> list[str]:
    """Those of the segments that the rule names."""
    texts = set(_texts(rule))
    return [name for name in segments if name in texts]


def _texts(rule: Any) -> Iterator[str]:
    if isinstance(rule, str):
        yield rule
    elif isinstance(rule, dict | list):
        for part in rule.values() if isinstance(rule, dict) else rule:
            yield from _texts(part)


def asks_for(segments: Mapping[str, Condition]) -> dict[str, list[str]]:
    """segment → the segments in terms of which it is written. One that reads the whole list comes after all the others."""
    listing = {name: _LIST in rule.reads or "profile" in rule.reads or rule.reads_all for name, rule in segments.items()}
    found = {name: named_in(rule.rule, segments) if listing[name] else [] for name, rule in segments.items()}
    plain = [name for name in segments if not listing[name]]
    return {name: plain if listing[name] and not named else named for name, named in found.items()}


def in_order(segments: Mapping[str, Condition]) -> tuple[str, ...]:
    """Every segment after those that it is written in terms of; where they go in a circle, as they stand."""
    asked, found = asks_for(segments), dict[str, None]()

    def add(name: str, above: tuple[str, ...]) -> None:
        for other in asked[name]:
            if other not in found and other not in above:
                add(other, (*above, name))
        found[name] = None

    for name in segments:
        add(name, ())
    return tuple(found)


def circle(segments: Mapping[str, Condition]) -> list[str]:
    """Segments that are written in terms of each other, the first again at the end; empty where there are none."""
    asked = asks_for(segments)

    def search(name: str, above: list[str]) -> list[str]:
        if name in above:
            return [*above[above.index(name) :], name]
        return next((found for other in asked[name] if (found := search(other, [*above, name]))), [])

    return next((found for name in segments if (found := search(name, []))), [])


def closure(segments: Mapping[str, Condition], names: Iterable[str]) -> list[str]:
    """These segments and all that they are written in terms of."""
    asked, found = asks_for(segments), dict[str, None]()
    waiting = [name for name in names if name in segments]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += asked[name]
    return sorted(found)


def definition(program: Program, name: str) -> str:
    """What the segment means, as a digest: its rule, those it names, and the features they read; not the tables."""
    rules = {each: program.segments[each].rule for each in closure(program.segments, [name])}
    read = _features(program, rules)
    made = {feature.name: _plain(feature) for feature in program.features if feature.name in read}
    text = json.dumps([name, rules, made], sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _plain(feature: Feature) -> list[Any]:
    condition = None if feature.condition is None else feature.condition.rule
    made = (feature.kind, feature.event, feature.path, feature.key, feature.closed_by, feature.over_days, feature.at_most)
    return [*made, condition]


def _features(program: Program, names: Iterable[str]) -> set[str]:
    rules = [program.segments[name] for name in names]
    reads = {path for rule in rules for path in rule.reads}
    if any(rule.reads_all for rule in rules) or reads & {"profile", "profile.features"}:
        return {feature.name for feature in program.features}
    return {path[len(_FEATURES) :].split(".", 1)[0] for path in reads if path.startswith(_FEATURES)}


def _ident(name: str, made: str) -> str:
    """How `live_since` calls a segment of that definition."""
    return f"segment {name} {made}"


def watch_of(program: Program, watched: Iterable[str]) -> Watch | None:
    """What there is to watch; None where no pattern waits for a segment."""
    names = sorted({name for name in watched if name in program.segments})
    if not names:
        return None
    made_of = {name: definition(program, name) for name in names}
    since = {name: program.live_since.get(_ident(name, made_of[name]), -1) for name in names}
    rules = closure(program.segments, names)
    reads = {path for name in rules for path in program.segments[name].reads}
    features = frozenset(_features(program, rules))
    anything = any(program.segments[name].reads_all for name in rules)
    plain = all(path in _KNOWN or path.startswith((_FEATURES, _TRAITS)) for path in reads)
    made = [feature for feature in program.features if feature.name in features]
    return Watch(
        tokens={name: made_of[name] + (f"/{at:x}" if at >= 0 else "") for name, at in since.items()},
        since=since,
        features=features,
        events=frozenset(event for one in made for event in (one.event, one.closed_by) if event is not None),
        traits=any(path.startswith(_TRAITS) for path in reads),
        stage=any(path.startswith("stage") for path in reads),
        timed=tuple(one for one in made if one.over_days is not None or one.kind == "days_since"),
        daily=anything or not reads.isdisjoint(_CLOCK),
        loose=anything or not plain,
    )
