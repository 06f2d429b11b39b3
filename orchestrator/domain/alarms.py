"""Whether a campaign does what its author expects: how many runs begin and how many messages leave within a span of time.

Counted in parts of the span, for each partition alone; judged over all of them. Both ways the doubt is the campaign's: silence
looks at a little more than the span, a surge at a little less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from orchestrator.domain.campaign import SENDS, TRIGGERS, Campaign, Expected
from orchestrator.domain.decision import Decision
from orchestrator.domain.limits import ALARM_PART_MS, ALARM_PARTS, ALARM_SPANS

_BEGUN = frozenset({"entered", "held_out"})
SILENCE, SURGE = "silence", "surge"


class Tally(msgspec.Struct, omit_defaults=True):
    """What one partition has counted of a campaign, and what is expected of it, so that whoever reads it needs no program."""

    campaign: str
    of: str
    """`sends` or `triggers`."""
    per: int
    at_least: int | None = None
    at_most: int | None = None
    times: int | None = None
    start: int | None = None
    """When the campaign becomes active, where it says so; and when that ends (`until`)."""
    until: int | None = None
    since: int = 0
    """From when on it is counted; 0: from the next time on."""
    parts: dict[int, int] = {}
    """Part of the span → how many."""
    spans: dict[int, int] = {}
    """Whole span, counted from 1970 → how many."""
    held: bool = False
    """A switch holds back what is counted: then silence is no news, and its span begins anew when that ends."""

    @property
    def name(self) -> str:
        return f"{self.of}/{self.campaign}"

    @property
    def part(self) -> int:
        """Milliseconds of one part."""
        return max(ALARM_PART_MS, -(-self.per // ALARM_PARTS))

    def add(self, at: int) -> None:
        """One more then; what nobody looks at any more is forgotten."""
        part, span = at // self.part, at // self.per
        if part not in self.parts:
            first = part - self.per // self.part - 1
            self.parts = {one: n for one, n in self.parts.items() if one >= first}
        if span not in self.spans:
            self.spans = {one: n for one, n in self.spans.items() if one >= span - ALARM_SPANS}
        self.parts[part] = self.parts.get(part, 0) + 1
        self.spans[span] = self.spans.get(span, 0) + 1

    def hold(self, now: int, *, held: bool) -> bool:
        """Note whether a switch holds it back now; says whether that is new."""
        new, self.held = held != self.held, held
        if new and not held:
            self.since = now
        return new

    def within(self, now: int, *, wide: bool) -> int:
        """How many within the span that ends now: in no less time than that (`wide`), or in no more."""
        first = now // self.part - -(-self.per // self.part) + (0 if wide else 1)
        return sum(n for one, n in self.parts.items() if first <= one)


def expectations(campaign: Campaign) -> list[Tally]:
    """What is to be counted of it, with nothing counted yet."""
    of = ((SENDS, campaign.alarm.sends), (TRIGGERS, campaign.alarm.triggers)) if campaign.alarm is not None else ()
    return [_expected(campaign, name, expected) for name, expected in of if expected is not None]


def _expected(campaign: Campaign, of: str, its: Expected) -> Tally:
    return Tally(campaign.name, of, its.per, its.at_least, its.at_most, its.times, campaign.active_from, campaign.active_until)


def done_by(decision: Decision) -> Iterable[tuple[str, str]]:
    """(campaign, what) of each run that began and each message that its provider took."""
    yield from ((one.campaign, TRIGGERS) for one in decision.entries if one.outcome in _BEGUN)
    yield from ((one.campaign, SENDS) for one in decision.messages if one.state == "accepted")


class Watched(NamedTuple):
    """How a campaign stands against one bound. `kind`: silence or surge."""

    campaign: str
    of: str
    kind: str
    number: int
    bound: int
    per: int
    raised: bool
    held: bool = False
    """A switch holds it back, so its silence is none."""

    @property
    def name(self) -> tuple[str, str, str]:
        return self.campaign, self.of, self.kind


def watched(tallies: Iterable[Tally], now: int, *, whole: bool = True) -> list[Watched]:
    """Every bound, judged now over what all partitions have counted. Not `whole`: some have not said, so silence is none."""
    together: dict[str, list[Tally]] = {}
    for tally in tallies:
        together.setdefault(tally.name, []).append(tally)
    return [found for name in sorted(together) for found in _judged(together[name], now, whole=whole)]


def _judged(tallies: Sequence[Tally], now: int, *, whole: bool) -> Iterable[Watched]:
    first = tallies[0]
    its = first.campaign, first.of
    if first.at_least is not None:
        number = sum(tally.within(now, wide=True) for tally in tallies)
        held = any(tally.held for tally in tallies)
        asked = whole and _is_due(tallies, now) and not held
        yield Watched(*its, SILENCE, number, first.at_least, first.per, asked and number < first.at_least, held)
    if first.at_most is not None:
        number = sum(tally.within(now, wide=False) for tally in tallies)
        bound = max(first.at_most, (first.times or 0) * _busiest(tallies, now))
        yield Watched(*its, SURGE, number, bound, first.per, number > bound)


def _is_due(tallies: Sequence[Tally], now: int) -> bool:
    """Whether it has been counted, and active, for the whole span by now."""
    first = tallies[0]
    since = max(first.start or 0, *(tally.since or now for tally in tallies))
    return now >= since + first.per and (first.until is None or now < first.until)


def _busiest(tallies: Sequence[Tally], now: int) -> int:
    """The most of any of the spans before this one."""
    last = now // tallies[0].per
    before = (span for tally in tallies for span in tally.spans if last - ALARM_SPANS <= span < last)
    return max((sum(tally.spans.get(span, 0) for tally in tallies) for span in set(before)), default=0)


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Tally).decode
"""A tally as a file notes it."""
