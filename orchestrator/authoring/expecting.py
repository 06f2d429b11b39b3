"""`alarm`: what a campaign's author expects it to do within a span of time."""

from __future__ import annotations

from orchestrator.authoring.document import Spot
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.units import duration
from orchestrator.domain.campaign import SENDS, TRIGGERS, Alarm, Expected


def alarm_of(spot: Spot | None, scope: Scope, *, sends: bool) -> Alarm | None:
    """What is watched; nothing where the file says nothing. `sends`: whether the campaign has a step that sends."""
    if spot is None:
        return None
    asked = spot.get(SENDS)
    if asked is not None and not sends:
        fix = f"write `{TRIGGERS}`, which counts runs that begin"
        scope.report.add("E205", asked.key_place, "the campaign has no `send`, so there is nothing to count", fix)
    return Alarm(_expected(asked, scope), _expected(spot.get(TRIGGERS), scope))


def _expected(spot: Spot | None, scope: Scope) -> Expected | None:
    per = duration(spot.text_of("per")) if spot is not None else None
    if spot is None or per is None:
        return None
    if per <= 0:
        scope.report.add("E204", spot.at("per").place, "no time passes in that", "write a span such as `1d`")
        return None
    least, most, times = (_number(spot, name) for name in ("at_least", "at_most", "times"))
    if least is None and most is None and times is None:
        scope.report.add("E202", spot.key_place, "it expects nothing", "write `at_least: 1`, or `at_most: 500`, or both")
    if times is not None and most is None:
        fix = "write `at_most: 200` beside it: up to there nothing is too much, however little is usual"
        scope.report.add("E202", spot.at("times").key_place, "`times` alone would tell of any two after a quiet time", fix)
    if least is not None and most is not None and least > most:
        scope.report.add("E205", spot.at("at_most").place, "less than `at_least`: one of them is always broken", "raise it")
    return Expected(per, least, most, times)


def _number(spot: Spot, name: str) -> int | None:
    found = spot.get(name)
    return found.value if found is not None and isinstance(found.value, int) else None
