"""A campaign's steps in plain words, in the nesting in which they were written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.campaign import (
    END,
    Branch,
    Emit,
    Exit,
    MoveTo,
    Node,
    Send,
    SetTraits,
    Split,
    Steps,
    Task,
    Value,
    Verb,
    Wait,
    WaitFor,
    Webhook,
)
from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.patterns import pattern
from orchestrator.insight.reading.tongue import Tongue, clock

_NOWHERE = -2
"""The way on where every way ends the run."""


@dataclass(frozen=True, slots=True)
class Way:
    """One outcome of a step and what is done then."""

    when: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    words: str
    ways: tuple[Way, ...] = ()

    def as_json(self) -> dict[str, Any]:
        ways = [{"when": way.when, "steps": [step.as_json() for step in way.steps]} for way in self.ways]
        return {"id": self.id, "words": self.words, "ways": ways}


def read_steps(steps: Steps, tongue: Tongue) -> tuple[Step, ...]:
    """Every step in order; what follows on one outcome only stands under that outcome."""
    return tuple(_Reading(steps, tongue).path(steps.first, END))


class _Reading:
    def __init__(self, steps: Steps, tongue: Tongue) -> None:
        self.nodes, self.tongue = steps.nodes, tongue

    def path(self, start: int, stop: int) -> Iterator[Step]:
        """The steps from `start` up to where all ways meet again at `stop`."""
        place = start
        while place not in (stop, END, _NOWHERE):
            node = self.nodes[place]
            ways = self._ways(node)
            after = self._meeting([way for _, way in ways]) if ways else _NOWHERE if isinstance(node.verb, Exit) else node.then
            yield Step(node.id, say_verb(node.verb, self.tongue), tuple(self._told(node.verb, ways, after)))
            place = after

    def _told(self, verb: Verb, ways: Sequence[tuple[str, int]], after: int) -> Iterator[Way]:
        """The outcomes that do something of their own; arms of a split and conditions also where they just go on."""
        for number, (when, place) in enumerate(ways):
            steps = tuple(self.path(place, after))
            asked = isinstance(verb, Split) or (isinstance(verb, Branch) and number < len(verb.ways))
            if steps or asked:
                yield Way(when if steps else self.tongue.say("goes_on", when), steps)

    def _ways(self, node: Node) -> list[tuple[str, int]]:
        say, verb = self.tongue.say, node.verb
        if isinstance(verb, Branch):
            words = Words(self.tongue)
            found = [(say("when", words.test(condition.rule)), place) for condition, place in verb.ways]
            return [*found, (say("otherwise"), node.otherwise)]
        if isinstance(verb, Split):
            shares = [arm.up_to - (verb.arms[n - 1].up_to if n else 0) for n, arm in enumerate(verb.arms)]
            arms = zip(verb.arms, shares, strict=True)
            return [(say("arm", self.tongue.share(share), arm.name), arm.node) for arm, share in arms]
        if type(verb) in _OUTCOMES and node.then != node.otherwise:
            yes, no = _OUTCOMES[type(verb)]
            return [(say(yes), node.then), (say(no), node.otherwise)]
        return []

    def _meeting(self, ways: Sequence[int]) -> int:
        """Where the ways that do not all end the run come together: the first node that all of them reach."""
        reached = [found for way in ways if END in (found := self._reach(way))]
        common = set.intersection(*reached) if reached else set()
        return min(common, key=lambda place: (place == END, place), default=_NOWHERE)

    def _reach(self, start: int) -> set[int]:
        found: set[int] = set()
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            found.add(place)
            if place != END and not isinstance(self.nodes[place].verb, Exit):
                waiting += [way for _, way in self._ways(self.nodes[place])] or [self.nodes[place].then]
        return found


def say_verb(verb: Verb, tongue: Tongue) -> str:
    """What a step does, without its outcomes."""
    return _VERBS[type(verb)](verb, tongue)


def _value(value: Value | None, tongue: Tongue) -> str:
    if value is None:
        return tongue.say("nothing")
    return tongue.constant(value.constant) if value.expression is None else Words(tongue).value(value.expression.rule)


def _given(given: dict[str, Value], tongue: Tongue) -> str:
    return tongue.both([tongue.say("given", name, _value(value, tongue)) for name, value in given.items()])


def _send(verb: Send, tongue: Tongue) -> str:
    words = tongue.say("send", tongue.constant(verb.template), tongue.say("then_by").join(verb.channels))
    if verb.given:
        words += tongue.say("send_with", _given(verb.given, tongue))
    if verb.survey is not None:
        words += tongue.say("send_survey", tongue.constant(verb.survey))
    if verb.merge is not None:
        words += tongue.say("send_merge", tongue.span(verb.merge))
    return words if verb.expires is None else words + tongue.say("send_expires", tongue.span(verb.expires))


def _wait(verb: Wait, tongue: Tongue) -> str:
    if verb.until is not None:
        target = _value(verb.until, tongue)
        words = tongue.say("wait_until_plus", target, tongue.span(verb.plus)) if verb.plus else tongue.say("wait_until", target)
        if verb.at is not None:
            words = tongue.say("wait_day_at", words, clock(verb.at))
        return words + tongue.say("past_exit") if verb.past == "exit" else words
    length = _length(verb.duration, tongue)
    if verb.at is None:
        return tongue.say("wait", length)
    at = clock(verb.at)
    return tongue.say("wait_at", at) if verb.duration is None else tongue.say("wait_then_at", length, at)


def _length(duration: Value | None, tongue: Tongue) -> str:
    if duration is not None and isinstance(duration.constant, int):
        return tongue.span(duration.constant)
    return _value(duration, tongue)


def _wait_for(verb: WaitFor, tongue: Tongue) -> str:
    return tongue.say("wait_for", tongue.span(verb.within), tongue.either([pattern(one, tongue) for one in verb.patterns]))


def _set(verb: SetTraits, tongue: Tongue) -> str:
    told = [tongue.say("set_one", name, _value(value, tongue)) for name, value in verb.traits.items()]
    return tongue.say("set", tongue.both(told))


def _emit(verb: Emit, tongue: Tongue) -> str:
    words = tongue.say("emit", verb.event) if verb.to is None else tongue.say("emit_to", verb.event, _value(verb.to, tongue))
    return words + tongue.say("send_with", _given(verb.properties, tongue)) if verb.properties else words


def _task(verb: Task, tongue: Tongue) -> str:
    words = tongue.say("task", verb.queue, tongue.constant(verb.title), tongue.span(verb.due))
    return words + tongue.say("task_shows", tongue.both(list(verb.shows))) if verb.shows else words


def _webhook(verb: Webhook, tongue: Tongue) -> str:
    words = tongue.say("webhook", verb.to, tongue.span(verb.within))
    if verb.send:
        words += tongue.say("webhook_send", tongue.both(list(_body(verb.send, "", tongue))))
    return words if verb.save is None else words + tongue.say("webhook_save", verb.save)


def _body(body: Any, place: str, tongue: Tongue) -> Iterator[str]:
    """Each leaf of what is asked, by its place."""
    if isinstance(body, Value):
        yield tongue.say("given", place, _value(body, tongue)) if place else _value(body, tongue)
    elif isinstance(body, dict | list):
        for name, part in body.items() if isinstance(body, dict) else enumerate(body, 1):
            yield from _body(part, f"{place}.{name}" if place else str(name), tongue)


_OUTCOMES: dict[type, tuple[str, str]] = {
    Send: ("sent", "not_sent"),
    WaitFor: ("came", "not_came"),
    Task: ("done", "not_done"),
    Webhook: ("answered", "not_answered"),
}
"""Phrases for the two outcomes that a verb may have."""

_VERBS: dict[type, Callable[[Any, Tongue], str]] = {
    Send: _send,
    Wait: _wait,
    WaitFor: _wait_for,
    Branch: lambda _, tongue: tongue.say("branch"),
    Split: lambda verb, tongue: tongue.say("split", verb.name),
    SetTraits: _set,
    Emit: _emit,
    Task: _task,
    Webhook: _webhook,
    MoveTo: lambda verb, tongue: tongue.say("move_to", verb.stage),
    Exit: lambda _, tongue: tongue.say("exit"),
}
