"""How many messages a campaign may send: the envelope that somebody approved, its usual volume, and the canary of new content.

Counted where leave is granted, so nothing can overrun it: leave counts as used until it is given back. It is the same account
in an embedded engine and in the governor of workers; whoever has it keeps what changed with what it granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from orchestrator.delivery.limits import BUCKET_MIN_MS, BUCKETS_A_WINDOW, HEARD_KEPT, HELD_MS
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control, Refusal
from orchestrator.domain.policies import Breaker, Canary

MINUTE_MS, DAY_MS = 60_000, 86_400_000
HOUR_MINUTES = 60
WHOLE = 10_000
"""Basis points of everything."""
ACTOR = "breaker"
APPROVE = "approve"


class Rail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a campaign may do by itself. `content` tells one wording of it from the next."""

    campaign: str
    content: str = ""
    publisher: str = ""
    approval: Approval | None = None
    breaker: Breaker | None = None
    canary: Canary | None = None


class Tally(msgspec.Struct, tag_field="input", tag="tally", omit_defaults=True):
    """What a campaign has been given leave for. Times are counted, never kept one by one: it stays small."""

    campaign: str
    at: int = 0
    minutes: dict[int, int] = {}
    """Of the last hour: minute → messages."""
    days: dict[int, int] = {}
    """UTC day → messages of its busiest hour."""
    window: dict[int, int] = {}
    """Part of the approval's window → messages."""
    up_to: int = 0
    """Messages that are approved beside the envelope, until `until`; `used` of them."""
    until: int = 0
    used: int = 0
    tripped: bool = False
    content: str = ""
    """What is sent as a canary now, or went through as one (`passed`)."""
    passed: bool = False
    fresh: int = 0
    clear_at: int = 0
    bad: int = 0
    heard: dict[str, int] = {}
    """worker → of how many that went badly it has told so far."""

    def hour(self, minute: int) -> int:
        """Messages within the hour that ends with this minute; never less than in any 60 minutes."""
        return sum(count for at, count in self.minutes.items() if at >= minute - HOUR_MINUTES)


@dataclass(frozen=True, slots=True)
class Given:
    """Leave that was granted, as it was counted: what is not used of it can be given back."""

    campaign: str
    count: int
    at: int
    content: str
    until: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many may go now; where none, `why`, and from when on there may be room again."""

    count: int
    why: str = ""
    until: int | None = None

    @property
    def refusal(self) -> Refusal:
        """What a message hears that found none."""
        return Refusal("pause") if self.why == ACTOR else Refusal("permit", self.until, self.why)


_WIDE = Room(1 << 62)


@dataclass(slots=True)
class Volume:
    """The accounts of all campaigns."""

    rails: dict[str, Rail] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _trips: list[Control] = field(default_factory=list)

    def lay(self, rails: Iterable[Rail]) -> None:
        """These hold from now on; what was counted stays."""
        self.rails = {rail.campaign: rail for rail in rails}

    def remember(self, tally: Tally) -> None:
        """What stood when somebody else had these accounts."""
        self.tallies[tally.campaign] = tally

    def take_changed(self) -> list[Tally]:
        """What has changed since the last time, to be kept together with what was granted."""
        changed, self._changed = self._changed, set()
        return [self.tallies[name] for name in sorted(changed)]

    def notes(self) -> Iterator[tuple[str, bytes]]:
        """The same as a state file notes it."""
        return ((fact_of(tally.campaign), _encode(tally)) for tally in self.take_changed())

    def take_trips(self) -> list[Control]:
        """Switches that a breaker has turned since the last time."""
        trips, self._trips = self._trips, []
        return trips

    def room(self, campaign: str, now: int, wanted: int = 1) -> Room:
        """How many messages of it may have leave now. Asked for more than its usual volume it trips."""
        rail = self.rails.get(campaign)
        if rail is None:
            return _WIDE
        tally = self._tally(campaign, now)
        if tally.tripped:
            return Room(0, ACTOR)
        found = min((_envelope(rail, tally), _canary(rail, tally)), key=lambda room: room.count)
        surge = self._usual(rail, tally, wanted if found.count else 0)
        return min((found, surge), key=lambda room: room.count)

    def grant(self, campaign: str, count: int, now: int) -> Given | None:
        """So many have leave now, within the room that there was; None where nobody counts them."""
        rail = self.rails.get(campaign)
        if rail is None or not count:
            return None
        tally = self._tally(campaign, now)
        self._changed.add(campaign)
        minute, day = tally.at // MINUTE_MS, tally.at // DAY_MS
        tally.minutes[minute] = tally.minutes.get(minute, 0) + count
        tally.days[day] = max(tally.days.get(day, 0), tally.hour(minute))
        if rail.approval is not None:
            part = tally.at // _part_ms(rail.approval)
            tally.window[part] = tally.window.get(part, 0) + count
        if tally.at < tally.until:
            tally.used += count
        if rail.canary is not None and not tally.passed:
            tally.fresh += count
            if tally.fresh >= rail.canary.first and not tally.clear_at:
                tally.clear_at = tally.at + rail.canary.hold
        return Given(campaign, count, tally.at, tally.content, tally.until)

    def take_back(self, given: Given, count: int) -> None:
        """So many of these were not used, for certain: there is room for them again, where they were counted."""
        rail, tally = self.rails.get(given.campaign), self.tallies.get(given.campaign)
        if rail is None or tally is None or count <= 0:
            return
        self._changed.add(rail.campaign)
        minute, day, now = given.at // MINUTE_MS, given.at // DAY_MS, tally.at // MINUTE_MS
        peak = tally.hour(now) == tally.days.get(day)
        _less(tally.minutes, minute, count)
        if peak:
            tally.days[day] = tally.hour(now)
        if rail.approval is not None:
            _less(tally.window, given.at // _part_ms(rail.approval), count)
        if given.at < given.until == tally.until:
            tally.used = max(0, tally.used - count)
        if rail.canary is not None and tally.content == given.content and not tally.passed:
            tally.fresh = max(0, tally.fresh - count)
            tally.clear_at = 0 if tally.fresh < rail.canary.first else tally.clear_at

    def saw(self, campaign: str) -> None:
        """A message of it was refused, came back, or somebody complained of it."""
        tally = self.tallies.get(campaign)
        if tally is not None and tally.fresh and not tally.passed:
            tally.bad += 1
            self._changed.add(campaign)

    def saw_in_all(self, campaign: str, worker: str, total: int) -> None:
        """The same of a worker, which has seen so many in its life: told twice, or later once more, it counts once."""
        rail, tally = self.rails.get(campaign), self.tallies.get(campaign)
        if rail is None or rail.canary is None or tally is None:
            return
        known = tally.heard.pop(worker, 0)
        tally.heard[worker], more = max(total, known), total - known
        while len(tally.heard) > HEARD_KEPT:
            del tally.heard[next(iter(tally.heard))]
        if more > 0:
            self._changed.add(campaign)
            if tally.fresh and not tally.passed:
                tally.bad += more

    def hear(self, control: Control, now: int) -> None:
        """What an operator says: an approval, or that a campaign goes on. That one is then what is usual."""
        if control.switch == APPROVE and control.campaign is not None:
            self._approve(control, now)
        elif control.switch == "pause" and not control.on and control.campaign in self.tallies:
            tally = self._tally(control.campaign, now)
            if tally.tripped:
                day = tally.at // DAY_MS - 1
                tally.days[day] = max(tally.days.get(day, 0), tally.hour(tally.at // MINUTE_MS))
            tally.tripped = False
            self._changed.add(control.campaign)

    def _approve(self, control: Control, now: int) -> None:
        rail = self.rails.get(control.campaign or "")
        if rail is None or not may_approve(rail, control.actor):
            return
        tally = self._tally(rail.campaign, now)
        tally.up_to, tally.until, tally.used = control.up_to, control.until, 0
        tally.passed = tally.passed or tally.content == rail.content
        self._changed.add(rail.campaign)

    def _tally(self, campaign: str, now: int) -> Tally:
        """Its account at that time; what no rail looks at any more is forgotten. Time never goes back."""
        tally, rail = self.tallies.setdefault(campaign, Tally(campaign)), self.rails.get(campaign)
        if rail is not None and tally.content != rail.content:
            tally.content, tally.passed, tally.fresh, tally.clear_at, tally.bad = rail.content, False, 0, 0, 0
        if now <= tally.at:
            return tally
        tally.at = now
        minute, day = now // MINUTE_MS, now // DAY_MS
        tally.minutes = {at: n for at, n in tally.minutes.items() if at >= minute - HOUR_MINUTES}
        if rail is not None and rail.breaker is not None:
            tally.days = {at: n for at, n in tally.days.items() if at >= day - rail.breaker.days}
        if rail is not None and rail.approval is not None:
            first = (now - rail.approval.within) // _part_ms(rail.approval)
            tally.window = {at: n for at, n in tally.window.items() if at >= first}
        return tally

    def _usual(self, rail: Rail, tally: Tally, wanted: int) -> Room:
        if rail.breaker is None:
            return _WIDE
        day, hour = tally.at // DAY_MS, tally.hour(tally.at // MINUTE_MS)
        busiest = max((n for at, n in tally.days.items() if at < day), default=0)
        most = max(rail.breaker.at_least, rail.breaker.times * busiest)
        left = max(most - hour, _approved(tally))
        if wanted and left <= 0:
            figures = (
                f"{hour:,} messages within an hour; its busiest hour of the {rail.breaker.days} days before had {busiest:,}"
            )
            why = f"{figures}, so at most {most:,} go without a word"
            self._trips.append(Control("pause", on=True, campaign=rail.campaign, actor=ACTOR, reason=why))
            tally.tripped = True
            self._changed.add(rail.campaign)
            return Room(0, ACTOR)
        return Room(max(0, left), ACTOR)


def _less(counted: dict[int, int], at: int, count: int) -> None:
    """So many fewer there; where that is forgotten nothing changes."""
    left = counted.get(at, 0) - count
    if left > 0:
        counted[at] = left
    else:
        counted.pop(at, None)


def may_approve(rail: Rail, actor: str) -> bool:
    """Whether this is another person than the one who let the campaign go live, and a person at all."""
    return bool(actor.strip()) and actor.strip().casefold() != rail.publisher.strip().casefold()


def _approved(tally: Tally) -> int:
    """How many of what somebody approved are left."""
    return max(0, tally.up_to - tally.used) if tally.at < tally.until else 0


def _part_ms(approval: Approval) -> int:
    return max(BUCKET_MIN_MS, approval.within // BUCKETS_A_WINDOW)


def _envelope(rail: Rail, tally: Tally) -> Room:
    """The window is never shorter than it says: a part of it that has begun to leave still counts whole."""
    if rail.approval is None:
        return _WIDE
    left = max(rail.approval.over - sum(tally.window.values()), _approved(tally))
    if left > 0:
        return Room(left, "approval")
    oldest = min(tally.window, default=None)
    parts = _part_ms(rail.approval)
    rolls = None if oldest is None else (oldest + 1) * parts + rail.approval.within
    return Room(0, "approval", rolls)


def _canary(rail: Rail, tally: Tally) -> Room:
    if rail.canary is None or tally.passed:
        return _WIDE
    if not tally.clear_at:
        return Room(rail.canary.first - tally.fresh, "canary")
    if tally.at < tally.clear_at:
        return Room(0, "canary", tally.clear_at)
    if tally.bad * WHOLE > rail.canary.worst * tally.fresh:
        return Room(0, "canary", tally.at + HELD_MS)
    tally.passed = True
    return _WIDE


FACTS = "volume/"
"""What the names of accounts begin with."""


def fact_of(campaign: str) -> str:
    """The name under which a state file notes a campaign's account."""
    return f"{FACTS}{campaign}"


_encode = msgspec.msgpack.Encoder().encode
tally_of = msgspec.msgpack.Decoder(Tally).decode
