"""What customers will be worth: BG/NBD for how often they come back, Gamma-Gamma for how much they spend then.

Sources: Fader, Hardie, Lee, "Counting your customers the easy way", Marketing Science 24 (2005), eq. 6 and 10; Fader, Hardie,
"The Gamma-Gamma model of monetary value" (2013), equations 1a and 5. Time is in weeks; days with several orders are one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

PARAMETER_MAX = 100_000.0
"""A parameter beyond it is where the search ran off to: the customers are too few, or too much alike, to tell."""
ROUNDS = 4_000
"""Steps of the search for the parameters."""
_NEAR = {"xatol": 1e-6, "fatol": 1e-11}
"""Where the search ends: logarithms of parameters, and the mean log-likelihood of a customer, move no further than that."""


class Customers(NamedTuple):
    """Of each customer: repeat days, weeks from the first to the last, weeks since the first, mean spent on a repeat day."""

    x: Numbers
    tx: Numbers
    age: Numbers
    mean: Numbers


class Often(NamedTuple):
    """BG/NBD's parameters and the log-likelihood that they reach."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


class Spent(NamedTuple):
    """Gamma-Gamma's parameters."""

    p: float
    q: float
    v: float


class Alike(NamedTuple):
    """Customers who have done the same, of days as few as they are: each sort once, `n` of it.

    `xs`, `txs`, `ages` are the values that there are; `x`, `tx`, `age` say which of them a sort has.
    """

    xs: Numbers
    txs: Numbers
    ages: Numbers
    x: Places
    tx: Places
    age: Places
    n: Numbers


def alike(of: Customers) -> Alike:
    """What functions of numbers that many share are worked out once for: a million customers are some thousands of sorts."""
    import numpy as np  # noqa: PLC0415 - the extra

    (xs, x), (txs, tx), (ages, age) = (np.unique(column, return_inverse=True) for column in (of.x, of.tx, of.age))
    sorts, n = np.unique((x * len(txs) + tx) * len(ages) + age, return_counts=True)
    return Alike(
        xs, txs, ages, sorts // (len(txs) * len(ages)), sorts // len(ages) % len(txs), sorts % len(ages), n.astype(np.float64)
    )


def fit_often(of: Customers) -> Often:
    """The most likely parameters of BG/NBD."""
    import numpy as np  # noqa: PLC0415 - the extra
    from scipy.special import betaln, gammaln  # noqa: PLC0415

    one, every = alike(of), len(of.x)

    def unlikely(logs: Numbers) -> float:
        r, alpha, a, b = np.exp(logs)
        first = gammaln(r + one.xs) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
        alive = (first + betaln(a, b + one.xs))[one.x]
        left = np.where(one.xs > 0, first + betaln(a + 1, b + np.maximum(one.xs, 1) - 1), -np.inf)[one.x]
        bought = (r + one.xs)[one.x]
        alive -= bought * np.log(alpha + one.ages)[one.age]
        left -= bought * np.log(alpha + one.txs)[one.tx]
        return -float(np.sum(one.n * np.logaddexp(alive, left))) / every

    logs, found = _least(unlikely, [0.0, 1.0, 0.0, 0.5])
    r, alpha, a, b = map(float, np.exp(logs))
    return Often(r, alpha, a, b, -found * every)


def tells(often: Often, spent: Spent) -> bool:
    """Whether the search found parameters, with which an order is expected to cost something finite (q > 1)."""
    found = (*often[:4], *spent)
    return all(0 < one < PARAMETER_MAX for one in found) and spent.q > 1


def fit_spent(of: Customers) -> Spent:
    """The most likely parameters of Gamma-Gamma, by those who came back and spent something."""
    import numpy as np  # noqa: PLC0415
    from scipy.special import gammaln  # noqa: PLC0415

    back = (of.x > 0) & (of.mean > 0)
    x, mean = of.x[back], of.mean[back]

    def unlikely(logs: Numbers) -> float:
        p, q, v = np.exp(logs)
        parts = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(mean)
        return -float(np.sum(parts + p * x * np.log(x) - (p * x + q) * np.log(x * mean + v))) / max(len(x), 1)

    logs, _ = _least(unlikely, [1.0, 1.0, 2.0])
    return Spent(*(float(each) for each in np.exp(logs)))


def _least(function: Callable[[Numbers], float], start: list[float]) -> tuple[Any, float]:
    from scipy.optimize import minimize  # noqa: PLC0415

    options = {"maxiter": ROUNDS, "maxfev": ROUNDS, **_NEAR}
    found = minimize(function, start, method="Nelder-Mead", options=options)
    again = minimize(function, found.x, method="Nelder-Mead", options=options)
    return again.x, float(again.fun)


def expected_orders(fit: Often, of: Customers, weeks: float) -> Numbers:
    """Days with orders that each customer is expected to have in the next so many weeks."""
    import numpy as np  # noqa: PLC0415
    from scipy.special import hyp2f1  # noqa: PLC0415

    r, alpha, a, b, _ = fit
    x, tx, age = of.x, of.tx, of.age
    share = weeks / (alpha + age + weeks)
    less = ((alpha + age) / (alpha + age + weeks)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, share)
    gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + tx)) ** (r + x), 0.0)
    found: Numbers = (a + b + x - 1) / (a - 1) * (1 - less) / (1 + gone)
    return found


def expected_spent(fit: Spent, of: Customers) -> Numbers:
    """What each customer is expected to spend on a day with orders."""
    p, q, v = fit
    found: Numbers = p * (v + of.x * of.mean) / (p * of.x + q - 1)
    return found
