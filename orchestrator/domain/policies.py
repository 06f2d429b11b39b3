"""What holds for every campaign: topics, caps, quiet hours, holds, expiry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from orchestrator.domain.campaign import LATER, Approval
from rules import Condition


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    assumed: bool = False
    double: bool = False
    title: dict[str, str] = field(default_factory=dict, metadata=LATER)
    """What recipients read for it, by locale."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `at_most` marketing messages in any `per` milliseconds, of one channel or topic where named."""

    at_most: int
    per: int
    channel: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Half-open local interval in minutes of the day; it may wrap over midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hold:
    """While it holds, messages that it `stops` are blocked. `stops` names topics, or `marketing` for all of them."""

    name: str
    condition: Condition
    stops: frozenset[str]
    except_campaigns: frozenset[str] = frozenset()
    duration: int | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """What becomes of a message in doubt that nothing settles within `wait`, by class.

    `hold`: it stays until somebody settles it. `drop`: it ends as unknown. `resend`: it is sent again, transactional ones only.
    """

    wait: int = 15 * 60_000
    marketing: Literal["hold", "drop"] = "drop"
    transactional: Literal["hold", "drop", "resend"] = "resend"

    def of(self, cls: str) -> str:
        return self.transactional if cls == "transactional" else self.marketing


@dataclass(frozen=True, slots=True)
class Breaker:
    """A campaign pauses itself where its last hour exceeds both `at_least` and `times` its busiest hour of so many days."""

    at_least: int = 200
    times: int = 5
    days: int = 28
    transactional: bool = False
    """Whether it is for transactional campaigns too."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Of new content `first` messages go, then none for `hold`; nor later, where more than `worst` of them went badly."""

    first: int = 200
    hold: int = 3_600_000
    worst: int = 500
    """In basis points."""


@dataclass(frozen=True, slots=True)
class Links:
    """What is done with the links of emails. `track`: they lead over our door; `utm`: parameters that are added, by name."""

    track: bool = False
    utm: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    topics: dict[str, Topic] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    quiet: dict[str, QuietHours] = field(default_factory=dict)
    """By channel."""
    days_off: frozenset[str] = frozenset()
    """Local dates (YYYY-MM-DD) that are quiet from midnight to midnight."""
    holds: tuple[Hold, ...] = ()
    expires_marketing: int = 24 * 3_600_000
    expires_transactional: int = 72 * 3_600_000
    trigger_max_age: int = 24 * 3_600_000
    control_group: int = 0
    transactional: frozenset[str] = frozenset()
    zone: str = "UTC"
    default_locale: str = "en"
    leap_day: str = field(default="02-28", metadata=LATER)
    """The day that a 29 February comes on in other years."""
    in_doubt: InDoubt = field(default=InDoubt(), metadata=LATER)
    approval: Approval | None = field(default=None, metadata=LATER)
    breaker: Breaker | None = field(default=Breaker(), metadata=LATER)
    canary: Canary | None = field(default=None, metadata=LATER)
    links: Links | None = field(default=None, metadata=LATER)
    """None: links go out as they are written."""
