"""A scenario as authored: who the customer is, what happens, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.authoring.document import Document, Place, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.units import duration
from orchestrator.domain.calendar import instant_of
from orchestrator.domain.calls import admitted

FIRST_INSTANT = "2026-01-05T09:00:00Z"
"""Where the clock starts when the first event says `+…`: a Monday morning."""

REFUSED, SILENT = "refused", "none"
"""A webhook that says no, and one that says nothing."""
_TEST = ("test", "profile", "given", "answers", "expect", "until")
_GIVEN = ("at", "event", "of", "properties", "traits")
_EXPECT = ("sends", "stage", "suppressed", "tasks")
_SEND = ("campaign", "template", "channel", "at")
_SUPPRESSED = ("campaign", "reason")
_TASKED = ("queue", "title", "campaign", "step", "at")


class Malformed(Exception):  # noqa: N818 - a verdict on one scenario, told where it stands
    """A scenario that cannot be run; `place` is where the author must type."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Given:
    """What happens, and when: an event, or (where it is empty) traits that become known."""

    at: int
    event: str
    properties: dict[str, Any]
    place: Place
    traits: dict[str, Any] = field(default_factory=dict)
    of: Spot | None = None
    """The step whose latest message this answers."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of it; None: not asked. Of a send, a suppression and a task only what is written is compared."""

    sends: tuple[dict[str, Any], ...] | None = None
    suppressed: tuple[dict[str, Any], ...] | None = None
    stage: str | None = None
    tasks: tuple[dict[str, Any], ...] | None = None

    @property
    def campaigns(self) -> frozenset[str]:
        """The campaigns that it names."""
        named = (*(self.sends or ()), *(self.suppressed or ()), *(self.tasks or ()))
        return frozenset(one["campaign"] for one in named if "campaign" in one)

    @property
    def nothing(self) -> bool:
        """Whether nothing at all may be sent, ever."""
        return not self.sends and not self.suppressed and self.stage is None and not self.tasks


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    place: Place
    profile: dict[str, Any]
    profile_place: Place
    given: tuple[Given, ...]
    expected: Expected
    start: int
    until: int | None = None
    """Where the clock stops, if the scenario says so."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What webhooks answer, by step, or `CAMPAIGN/STEP`: an object, `refused` or `none`."""


def read_scenario(spot: Spot, personas: dict[str, dict[str, Any]]) -> Scenario:
    """The scenario that stands there; raises Malformed."""
    name = spot.get("test")
    if name is None or name.text is None:
        raise Malformed(spot.place, "a scenario begins with `test:` and its name")
    _only(spot, _TEST)
    moments = _Moments()
    given = tuple(_given(one, moments) for one in _elements(spot.get("given")))
    until = spot.get("until")
    profile = spot.get("profile")
    return Scenario(
        name=name.text,
        place=name.key_place,
        profile=_profile(profile, personas),
        profile_place=(profile or name).place,
        given=given,
        expected=_expected(spot, moments),
        start=moments.start,
        answers=_answers(spot.get("answers")),
        until=moments.read(until) if until is not None else None,
    )


class _Moments:
    """Reads times: the first one fixes where `+2d` counts from."""

    def __init__(self) -> None:
        self._start: int | None = None

    @property
    def start(self) -> int:
        return self._start if self._start is not None else instant_of(FIRST_INSTANT) or 0

    def read(self, spot: Spot) -> int:
        text = spot.text or ""
        span = duration(text.removeprefix("+")) if text.startswith("+") else None
        at = self.start + span if span is not None else instant_of(text)
        if at is None:
            raise Malformed(
                spot.place, f"`{spot.value}` is not a time: write `2026-03-02T09:30:00Z`, or `+2d` from the first event"
            )
        if self._start is None:
            self._start = at - (span or 0)
        return at


def _given(spot: Spot, moments: _Moments) -> Given:
    _only(spot, _GIVEN)
    at, event, traits = spot.get("at"), spot.get("event"), spot.get("traits")
    what = event or traits
    if at is None or what is None or (event is None) == (traits is None):
        raise Malformed(spot.place, "what happens needs `at`, and `event` or `traits`")
    if event is not None and event.text is None:
        raise Malformed(event.place, "`event` must be the name of one")
    groups = _group(spot, "properties"), what.place, _group(spot, "traits")
    return Given(moments.read(at), spot.text_of("event") or "", *groups, spot.get("of"))


def _group(spot: Spot, word: str) -> dict[str, Any]:
    found = spot.get(word)
    value = found.value if found is not None else {}
    if not isinstance(value, dict):
        raise Malformed(spot.place, f"`{word}` must be a group of settings")
    return value


def _answers(spot: Spot | None) -> dict[str, Any]:
    """What webhooks answer, in this scenario."""
    if spot is None or spot.value is None:
        return {}
    if not isinstance(spot.value, dict):
        raise Malformed(spot.place, "write `STEP: {…}` here, or `STEP: refused`, `STEP: none`")
    for _, answer in spot.members():
        if answer.value not in (REFUSED, SILENT) and not admitted(answer.value):
            raise Malformed(
                answer.place, f"a webhook answers an object of at most 4,096 bytes, or is `{REFUSED}` or `{SILENT}`"
            )
    return dict(spot.value)


def _expected(spot: Spot, moments: _Moments) -> Expected:
    expect = spot.get("expect")
    if expect is None:
        raise Malformed(spot.key_place, "a scenario needs `expect`: `expect: {}` means that nothing may be sent")
    if not expect.value:
        return Expected(sends=(), tasks=())
    _only(expect, _EXPECT)
    return Expected(
        sends=_listed(expect.get("sends"), _SEND, moments),
        suppressed=_listed(expect.get("suppressed"), _SUPPRESSED, moments),
        stage=expect.text_of("stage"),
        tasks=_listed(expect.get("tasks"), _TASKED, moments),
    )


def _listed(spot: Spot | None, known: tuple[str, ...], moments: _Moments) -> tuple[dict[str, Any], ...] | None:
    if spot is None:
        return None
    found = []
    for element in _elements(spot):
        _only(element, known)
        at = element.get("at")
        wanted = {name: member.value for name, member in element.members()}
        found.append({**wanted, "at": moments.read(at)} if at is not None else wanted)
    return tuple(found)


def _elements(spot: Spot | None) -> list[Spot]:
    if spot is None or spot.value is None:
        return []
    if not isinstance(spot.value, list):
        raise Malformed(spot.place, "write a list here: `[…]`, or lines that begin with `-`")
    return spot.elements()


def _only(spot: Spot, known: tuple[str, ...]) -> None:
    """A word that nothing reads would make the scenario say less than its author thinks."""
    if not isinstance(spot.value, dict):
        raise Malformed(spot.place, f"write `{known[0]}: …` here")
    for name, member in spot.members():
        if name not in known:
            fix = did_you_mean(name, known)
            raise Malformed(member.key_place, f"a scenario has no `{name}` here, and nothing would read it; {fix}")


def _profile(spot: Spot | None, personas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if spot is None:
        return {}
    if isinstance(spot.value, dict):
        return spot.value
    if spot.text not in personas:
        fix = did_you_mean(str(spot.value), personas)
        raise Malformed(spot.place, f"there is no persona `{spot.value}`; {fix or 'write the profile out'}")
    return personas[spot.text]


def personas_of(documents: Iterable[Document]) -> dict[str, dict[str, Any]]:
    """name → profile of the workspace's personas."""
    return dict(_personas(documents))


def _personas(documents: Iterable[Document]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in documents:
        name, profile = document.root.text_of("persona"), document.root.get("profile")
        if name is not None and profile is not None and isinstance(profile.value, dict):
            yield name, profile.value
