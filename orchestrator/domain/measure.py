"""A measure as its author states it: what is looked at, and what of it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = (
    "count", "mean", "share", "time", "funnel", "cohort", "ratio", "wheel", "moves", "stays", "runs", "sessions", "lift", "clv",
)  # fmt: skip
"""What a measure looks at; each file states one."""


@dataclass(frozen=True, slots=True)
class Test:
    """A property is one of `values`, or a number from `low` to `high`, both included."""

    path: str
    values: tuple[str | float | bool, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. Paths are those of properties (`cart.total`); times are milliseconds.

    `events` in the order of the kind: of, to; of, then; the steps of a funnel. `keys`: the property by which each of
    them is the same thing's (empty: the same customer's).
    """

    name: str
    kind: str
    unit: str
    definition: dict[str, str]
    title: dict[str, str] = field(default_factory=dict)
    at_least: float | None = None
    at_most: float | None = None
    events: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    where: tuple[Test, ...] = ()
    that: tuple[Test, ...] = ()
    less: tuple[Test, ...] = ()
    value: str = ""
    without: bool = False
    within: int | None = None
    take: str = "mean"
    stages: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    table: str = ""
    column: str = ""
    every: str = "month"
    ended: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    predict: bool = False
    kept: bool = False
    """Of a wheel: who has not gone there."""
    apart: int = 0
