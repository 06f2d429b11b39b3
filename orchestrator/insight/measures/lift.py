"""The lift of a campaign over its holdout, with an interval that is right at every look.

Method: for each arm the likelihood ratio of a Beta mixture to a rate p is a martingale of mean 1 if p is true, so their
product is one under the true pair of rates; by Ville's inequality it exceeds 1/0.05 at any time ever with a probability of
5 % at most. The pairs of rates at which it has not are a confidence set at all times together, and the lift's interval is the
range of differences in it. It holds for any number of customers and of looks, and however the looks are chosen.

Sources: Robbins, "Statistical methods related to the law of the iterated logarithm", Ann. Math. Statist. 41 (1970); Ville,
"Étude critique de la notion de collectif" (1939); Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric,
nonasymptotic confidence sequences", Ann. Statist. 49 (2021), section 3.2 (Beta-binomial mixture).
"""

from __future__ import annotations

import math
from typing import NamedTuple

ALPHA = 0.05
PRIOR = 0.5
"""Both parameters of the Beta mixture: Jeffreys' prior, for rates anywhere."""
_EDGE = 1e-12


class Arm(NamedTuple):
    """So many customers, of whom so many reached the goal."""

    n: int
    reached: int

    @property
    def rate(self) -> float:
        return self.reached / self.n if self.n else 0.0


class Lift(NamedTuple):
    """Difference of the rates (treated less held out), and the interval that holds it at any look."""

    treated: Arm
    held: Arm
    value: float
    low: float
    high: float


def evidence(arm: Arm, rate: float) -> float:
    """The logarithm of the mixture's likelihood ratio against this rate."""
    s, f = arm.reached, arm.n - arm.reached
    mixed = _log_beta(PRIOR + s, PRIOR + f) - _log_beta(PRIOR, PRIOR)
    rate = min(max(rate, _EDGE), 1 - _EDGE)
    return mixed - s * math.log(rate) - f * math.log1p(-rate)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def least(treated: Arm, held: Arm, difference: float) -> float:
    """The least evidence against any pair of rates with that difference: it is convex in the rate, so found by bisection."""
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    for _ in range(60):
        middle = (low + high) / 2
        if _slope(treated, middle + difference) + _slope(held, middle) < 0:
            low = middle
        else:
            high = middle
    middle = (low + high) / 2
    return evidence(treated, middle + difference) + evidence(held, middle)


def _slope(arm: Arm, rate: float) -> float:
    rate = min(max(rate, _EDGE), 1 - _EDGE)
    return (arm.n - arm.reached) / (1 - rate) - arm.reached / rate


def lift_of(treated: Arm, held: Arm, alpha: float = ALPHA) -> Lift:
    """The lift with its interval; from -1 to 1 where an arm is empty."""
    value, bound = treated.rate - held.rate, math.log(1 / alpha)
    return Lift(treated, held, value, _end(treated, held, value, -1.0, bound), _end(treated, held, value, 1.0, bound))


def _end(treated: Arm, held: Arm, inside: float, outside: float, bound: float) -> float:
    """Where the evidence against a difference reaches the bound, between one inside and the outermost."""
    if least(treated, held, outside) < bound:
        return outside
    for _ in range(50):
        middle = (inside + outside) / 2
        if least(treated, held, middle) < bound:
            inside = middle
        else:
            outside = middle
    return outside
