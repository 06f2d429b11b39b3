"""A bound on the work of one evaluation: loops and heavy values spend steps, and who has none left gives up.

A step is the evaluation of one node, or as much other work: less than a microsecond. What stands outside of loops is bounded by
the size of the rule and is not counted, so most conditions have no meter. Both evaluators spend alike.
"""

from __future__ import annotations

from rules.limits import STEPS_MAX

Meter = list[int]
"""The steps that are left."""


class GivenUp(Exception):  # noqa: N818 - no error: the value is null
    """An evaluation would take more than STEPS_MAX steps."""


def full() -> Meter:
    return [STEPS_MAX]


def spend(meter: Meter, steps: int) -> None:
    """Take so many steps; raises GivenUp where they are not left."""
    meter[0] -= steps
    if meter[0] < 0:
        raise GivenUp
