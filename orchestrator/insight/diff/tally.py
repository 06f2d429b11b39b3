"""What a comparison adds up to; parts of disjoint customers add up to the whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestrator.domain.calendar import iso
from orchestrator.insight.diff.pairs import Change, Kind

MOST_AFFECTED = 10
NO_SEGMENT = "(none)"

Split = dict[str, Counter[Kind]]


@dataclass(slots=True)
class Explained:
    """A change and why the message is not on one side, in words (empty where it is on both)."""

    change: Change
    why: str = ""


@dataclass(slots=True)
class Customer:
    """One customer whose messages differ."""

    profile: str
    changes: list[Explained]

    @property
    def rank(self) -> tuple[int, str]:
        """The more changes the earlier; ties by name."""
        return -len(self.changes), self.profile


def _split() -> Split:
    return defaultdict(Counter)


@dataclass(slots=True)
class Tally:
    """Counts of messages by what became of them."""

    total: Counter[Kind] = field(default_factory=Counter)
    campaigns: Split = field(default_factory=_split)
    channels: Split = field(default_factory=_split)
    days: Split = field(default_factory=_split)
    """UTC date → counts"""
    segments: Split = field(default_factory=_split)
    customers: list[Customer] = field(default_factory=list)
    """Those most affected; MOST_AFFECTED at most, and in order, after a `join`."""
    affected: int = 0
    """Customers with a difference."""

    def add(self, profile: str, segments: Iterable[str], found: Iterable[Explained]) -> None:
        """Count one customer's messages."""
        groups = tuple(segments) or (NO_SEGMENT,)
        different: list[Explained] = []
        for one in found:
            kind, mail = one.change.kind, one.change.mail
            self.total[kind] += 1
            self.campaigns[mail.campaign][kind] += 1
            self.channels[mail.channel][kind] += 1
            self.days[iso(mail.at)[:10]][kind] += 1
            for group in groups:
                self.segments[group][kind] += 1
            if kind != "unchanged":
                different.append(one)
        if different:
            self.affected += 1
            different.sort(key=lambda one: (one.change.mail.at, one.change.mail.campaign, one.change.mail.step))
            self.customers.append(Customer(profile, different))
            if len(self.customers) > 2 * MOST_AFFECTED:
                self._keep_most()

    def join(self, other: Tally) -> None:
        """Add the counts of other customers."""
        self.total.update(other.total)
        for own, theirs in (
            (self.campaigns, other.campaigns),
            (self.channels, other.channels),
            (self.days, other.days),
            (self.segments, other.segments),
        ):
            for name, counts in theirs.items():
                own[name].update(counts)
        self.affected += other.affected
        self.customers += other.customers
        self._keep_most()

    def _keep_most(self) -> None:
        self.customers.sort(key=lambda one: one.rank)
        del self.customers[MOST_AFFECTED:]
