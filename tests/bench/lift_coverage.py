"""How often the interval of a lift holds the truth at every daily look: `python tests/bench/lift_coverage.py`.

Each experiment has customers who come day by day, a holdout, and no lift; it is looked at each day. Zero is in the interval
exactly where the least evidence against a difference of zero is below the bound, so that is asked at each look; the whole
interval is worked out at the last one of each, and must say the same.
"""

from __future__ import annotations

import argparse
import math
import random

import numpy as np
from scipy.special import betaln

from orchestrator.insight.measures.lift import ALPHA, PRIOR, Arm, lift_of

Counts = np.ndarray


def evidence(n: Counts, reached: Counts, rate: Counts) -> Counts:
    """As `lift.evidence`, of many at once."""
    mixed = betaln(PRIOR + reached, PRIOR + n - reached) - betaln(PRIOR, PRIOR)
    rate = np.clip(rate, 1e-12, 1 - 1e-12)
    found: Counts = mixed - reached * np.log(rate) - (n - reached) * np.log1p(-rate)
    return found


def run(experiments: int, days: int, a_day: int, seed: int) -> tuple[int, int, float]:
    """(experiments in which some look missed, looks, share of looks that missed)"""
    dice = np.random.default_rng(seed)
    chance = random.Random(seed)
    rates = np.array([chance.choice([0.01, 0.05, 0.2, 0.5]) for _ in range(experiments)])[:, None]
    shares = np.array([chance.choice([0.05, 0.1, 0.5]) for _ in range(experiments)])[:, None]
    held_a_day = np.maximum((a_day * shares).astype(int), 1)
    shape = (experiments, days)
    n0, n1 = (np.cumsum(np.broadcast_to(size, shape), axis=1) for size in (held_a_day, a_day - held_a_day))
    s0 = np.cumsum(dice.binomial(held_a_day, rates, shape), axis=1)
    s1 = np.cumsum(dice.binomial(a_day - held_a_day, rates, shape), axis=1)
    pooled = (s0 + s1) / (n0 + n1)
    outside = evidence(n0, s0, pooled) + evidence(n1, s1, pooled) >= math.log(1 / ALPHA)
    for each in range(experiments):
        told = lift_of(Arm(int(n1[each, -1]), int(s1[each, -1])), Arm(int(n0[each, -1]), int(s0[each, -1])))
        assert (told.low <= 0 <= told.high) is not bool(outside[each, -1]), each
    return int(outside.any(axis=1).sum()), outside.size, float(outside.mean())


def main() -> None:
    """Run, and say how many were covered at every look."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--experiments", type=int, default=10_000)
    asked.add_argument("--days", type=int, default=90)
    asked.add_argument("--a-day", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    missed, looks, share = run(given.experiments, given.days, given.a_day, given.seed)
    covered = 1 - missed / given.experiments
    print(f"{given.experiments} experiments, {looks} looks: covered at every look {covered:.2%}; looks that missed {share:.4%}")
    raise SystemExit(covered < 1 - ALPHA)


if __name__ == "__main__":
    main()
