"""The customer of a scenario as the store holds them before the first event: what was already so starts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.authoring.finding import did_you_mean
from orchestrator.domain.calendar import utc_day
from orchestrator.domain.features import MICRO, width_of
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.profile import Consent, Profile
from orchestrator.domain.program import Feature, Program
from orchestrator.insight.scenarios.scenario import Malformed, Scenario

DEFAULT_ID = "customer"
"""The user id of a profile that names none."""
_ID = "scenario"


def newcomer_of(scenario: Scenario, program: Program) -> Profile:
    """The profile at the scenario's start; raises Malformed where it names what the workspace does not have."""
    wanted, before = scenario.profile, scenario.start - 1
    stage = wanted.get("stage", program.wheel.start)
    _known(scenario, "stage", stage, (*program.wheel.stages, *program.wheel.outside))
    traits = dict(wanted.get("traits") or {})
    profile = Profile(
        born=scenario.start,
        stage=stage,
        since=scenario.start,
        user_id=str(wanted.get("user_id", DEFAULT_ID)),
        traits=traits,
        trait_at=dict.fromkeys(traits, (before, _ID)),
    )
    for topic, channels in (wanted.get("consent") or {}).items():
        _known(scenario, "topic", topic, program.policies.topics)
        profile.consents[topic] = {channel: Consent(given=True, at=before, id=_ID) for channel in channels}
    for name, value in (wanted.get("features") or {}).items():
        _known(scenario, "feature", name, program.index.feature)
        try:
            _remember(profile, program.index.feature[name], value, before)
        except (TypeError, ValueError):
            kind = program.index.feature[name].kind
            raise Malformed(scenario.profile_place, f"`{value}` is no value of the feature `{name}` ({kind})") from None
    _pass_over(profile, program)
    return profile


def _known(scenario: Scenario, kind: str, name: str, known: Any) -> None:
    if name not in known:
        raise Malformed(scenario.profile_place, f"there is no {kind} `{name}`; {did_you_mean(name, known)}")


def _remember(profile: Profile, feature: Feature, value: Any, before: int) -> None:
    """Put the feature's state so that it has this value at the start."""
    if value is None:
        return
    if feature.kind == "days_since":
        at = profile.born - int(value) * DAY_MS
        profile.folds[feature.name] = at
        profile.last[feature.event] = min(at, profile.last.get(feature.event, at))
        return
    state = _STATES[feature.kind](value, before)
    profile.folds[feature.name] = state if feature.over_days is None else {utc_day(before) // width_of(feature): state}


def _several(value: Any, before: int) -> dict[str, list[Any]]:
    elements = value if isinstance(value, list) else [f"earlier-{number}" for number in range(int(value))]
    return {f"{type(element).__name__}:{element}": [before, element] for element in elements}


_STATES: dict[str, Callable[[Any, int], Any]] = {
    "count": lambda value, _before: int(value),
    "sum": lambda value, _before: round(value * MICRO),
    "mean": lambda value, _before: [round(value * MICRO), 1],
    "min": lambda value, _before: value,
    "max": lambda value, _before: value,
    "first": lambda value, before: [before, _ID, value],
    "last": lambda value, before: [before, _ID, value],
    "distinct": _several,
    "values": _several,
    "open": lambda value, before: {f"earlier-{number}": [before, 0] for number in range(int(value))},
}


def _pass_over(profile: Profile, program: Program) -> None:
    """A crossing that lies before the start has been; it fires nothing now."""
    for ident, pattern in program.index.by_without.items():
        anchor = profile.last.get(pattern.without or "", profile.born)
        if anchor + pattern.duration <= profile.born:
            profile.fired[ident] = anchor
