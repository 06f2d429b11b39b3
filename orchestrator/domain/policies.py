"""What holds for every campaign: topics, caps, quiet hours, holds, expiry."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.campaign import LATER
from rules import Condition


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    assumed: bool = False
    double: bool = False


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
