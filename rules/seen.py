"""A part of a rule with null put in at one place: what is known of it then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.problems import Path
from rules.twofold import (
    ALIKE,
    ANYHOW,
    HIGHER,
    LOWER,
    SAME,
    Pairs,
    Shift,
    chosen,
    flipped,
    put,
    shift_of,
)  # fmt: skip
from rules.types import BOOLEAN, NULL, Type, union


@dataclass(frozen=True, slots=True)
class Target:
    """Where null is put in: a place (`Unit.path`) in the data of a scope. `mode`: `absent` or `null`.

    `only`: what one read makes of it is asked; the other reads of the place find null, too, but count as if they always did.
    """

    scope: Path
    path: str
    mode: str
    only: Path | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A part with null put in: what it may be; as a test (`pairs`); and how it compares with itself otherwise (`shift`)."""

    type: Type
    pairs: Pairs = ALIKE
    shift: Shift = SAME

    @property
    def changed(self) -> bool:
        return self.shift != SAME or any(p != q for p, q in self.pairs)

    @property
    def null(self) -> bool:
        """It is null because null was put in."""
        return self.type.kinds == {"null"} and self.changed

    @property
    def list_shift(self) -> Shift:
        return LOWER if self.null else self.shift


def test_of(pairs: Pairs) -> Seen:
    return Seen(BOOLEAN, pairs, shift_of(pairs))


def changed_null(meant: Type) -> Seen:
    """Null, where something of the type meant would otherwise stand."""
    shift = ANYHOW
    if meant.kinds <= {"number"}:
        shift = LOWER if meant.low >= 0 else HIGHER if meant.high <= 0 else ANYHOW
    return Seen(NULL, put({False}), shift)


def branch_of(test: Pairs, value: Seen, other: Seen) -> Seen:
    """What `if` gives: the value where the test holds, otherwise the other."""
    ways = {p for p, _ in test}
    branches = [branch for way, branch in ((True, value), (False, other)) if way in ways]
    shift = ANYHOW if any(p != q for p, q in test) else frozenset().union(*(branch.shift for branch in branches))
    return Seen(union(*(branch.type for branch in branches)), chosen(test, value.pairs, other.pairs), shift)


def shift_through(name: str, parts: Sequence[Seen]) -> Shift:
    """How the value of an operator goes with what it is given."""
    ways = [part.list_shift if name in ("any_of", "all_of") else part.shift for part in parts]
    if name in ("+", "max", "min", "any_of", "days", "hours", "minutes"):
        return frozenset().union(*ways)
    if name in ("-", "all_of"):
        return flipped(ways[0]) if len(ways) == 1 else ways[0] | flipped(ways[1])
    return ANYHOW
