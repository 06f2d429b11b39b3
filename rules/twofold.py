"""Truth seen twice: with null put in at one place, and otherwise. The algebra in which null-safety is decided.

A pair (p, q) says that a part is p where null stands at the place, and q where something else does. What does not read the
place has equal halves. The whole is unsafe exactly if (true, false) is among its pairs: then null made it true.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

Pair = tuple[bool, bool]
Pairs = frozenset[Pair]

ALIKE: Pairs = frozenset({(True, True), (False, False)})
"""Either, and null changes nothing."""
TRUE: Pairs = frozenset({(True, True)})
FALSE: Pairs = frozenset({(False, False)})
MADE_TRUE: Pair = (True, False)

Shift = frozenset[str]
"""How a number (or a list, by what it holds) with null put in compares with the same without: `<`, `=`, `>`."""

SAME: Shift = frozenset("=")
LOWER: Shift = frozenset("<=")
HIGHER: Shift = frozenset(">=")
ANYHOW: Shift = frozenset("<=>")


def conjunction(parts: Iterable[Pairs]) -> Pairs:
    found = TRUE
    for part in parts:
        found = frozenset((p and r, q and s) for (p, q), (r, s) in product(found, part))
    return found


def disjunction(parts: Iterable[Pairs]) -> Pairs:
    return negated(conjunction(map(negated, parts)))


def negated(pairs: Pairs) -> Pairs:
    return frozenset((not p, not q) for p, q in pairs)


def chosen(test: Pairs, then: Pairs, otherwise: Pairs) -> Pairs:
    """What `if` gives."""
    return frozenset(
        (then_[0] if p else other[0], then_[1] if q else other[1]) for (p, q), then_, other in product(test, then, otherwise)
    )


def put(truths: Iterable[bool]) -> Pairs:
    """What reads the place: so with null put in, and either way otherwise."""
    return frozenset((truth, other) for truth in truths for other in (True, False))


def alike(truths: Iterable[bool]) -> Pairs:
    """What the place does not change."""
    return frozenset((truth, truth) for truth in truths)


def growing(truths: Iterable[bool], shift: Shift) -> Pairs:
    """A test that more satisfies sooner, of what shifts so. An engine may also take the null for no number at all."""
    return frozenset((p, q) for p, q in put(truths) if p == q or not p or ">" in shift)


def flipped(shift: Shift) -> Shift:
    return frozenset({"<": ">", ">": "<", "=": "="}[way] for way in shift)


def shift_of(pairs: Pairs) -> Shift:
    """How many of several tests hold, as one of them goes."""
    ways = {(True, False): ">", (False, True): "<"}
    return SAME | {ways[pair] for pair in pairs if pair in ways}
