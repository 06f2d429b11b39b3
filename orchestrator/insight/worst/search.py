"""The search: sequences that have come furthest go on in several ways, until the budget is spent; then others begin anew.

Deterministic: the same workspace and seed give the same sequence on every machine, because the budget is counted in inputs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.insight.scenarios.scenario import Given, Malformed
from orchestrator.insight.worst.letters import ANSWERS, Alphabet, Letter
from orchestrator.insight.worst.limits import ALIKE, EACH, EVENTS, INPUTS, REACH, WIDTH
from orchestrator.insight.worst.lives import NOWHERE, START, Life, Lives, most_in_a_week
from rules.limits import HOUR_MS, MINUTE_MS

_AT_ONCE = (MINUTE_MS, HOUR_MS)
_SOON = 0.8
"""How often the next event comes at once, not after one of the workspace's own durations."""
_SAME_KEY = 0.5
_STARTING = 0.7
"""How often the next event is one that starts a marketing campaign."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A life and what comes of it: how many messages in its fullest week, and how promising it is."""

    life: Life
    most: int
    live: tuple[str, ...] = ()
    """Campaigns with runs under way."""
    stage: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        """The fuller the week the better; of equals the shorter."""
        return self.most, -len(self.life.given)

    @property
    def promise(self) -> tuple[int, int, int]:
        return self.most, min(len(self.live), REACH), -len(self.life.given)


class Search:
    """Looks for the fullest week until it reaches `bound`, or the budget is spent."""

    def __init__(self, lives: Lives, alphabet: Alphabet, begun: Sequence[Mapping[str, Any]], seed: int) -> None:
        self._lives, self._alphabet, self._begun = lives, alphabet, begun
        self._random = random.Random(seed)  # noqa: S311 - a seeded search, nothing secret
        self._starting = [letter for letter in alphabet.letters if letter.starts] or list(alphabet.letters)
        self.best: Reached | None = None

    def run(self, bound: int | None, inputs: int = INPUTS) -> Reached | None:
        """The best that was found; None where nobody can be begun with."""
        if not self._alphabet.letters:
            return None
        while self._goes_on(bound, inputs) and (front := self._fresh()):
            for _ in range(EVENTS):
                front = self._selected([*front, *self._children(front)])
                if not front or not self._goes_on(bound, inputs):
                    break
        return self.best

    def _goes_on(self, bound: int | None, inputs: int) -> bool:
        reached = self.best is not None and bound is not None and self.best.most >= bound
        return not reached and self._lives.inputs < inputs

    def _fresh(self) -> list[Reached]:
        chosen = self._begun if len(self._begun) <= WIDTH else self._random.sample(self._begun, WIDTH)
        found = []
        for begun in chosen:
            try:
                reached = self._judged(self._lives.begin(begun))
            except Malformed:
                continue
            found += [reached] if reached is not None else []
        return found

    def _children(self, front: list[Reached]) -> Iterator[Reached]:
        for one in front:
            for _ in range(EACH):
                child = self._child(one.life)
                if child is not None and (reached := self._judged(child)) is not None:
                    yield reached

    def _child(self, life: Life) -> Life | None:
        letter = self._letter()
        soon = self._random.random() < _SOON
        pause = self._random.choice(_AT_ONCE if soon else self._alphabet.pauses)
        used = {key: self._value(key, life) for key in letter.keys}
        at = life.clock + pause if life.given else START
        after = self._lives.event(life, Given(at, letter.event, self._filled(letter, used, life), NOWHERE))
        return None if after is None else replace(after, used={**life.used, **used})

    def _letter(self) -> Letter:
        starting = self._random.random() < _STARTING
        return self._random.choice(self._starting if starting else self._alphabet.letters)

    def _value(self, key: str, life: Life) -> str:
        if key in life.used and self._random.random() < _SAME_KEY:
            return life.used[key]
        return f"{key}-{len(life.given) + 1}"

    def _filled(self, letter: Letter, used: Mapping[str, str], life: Life) -> dict[str, Any]:
        filled = {**letter.properties, **{name: used[key] for key, name in letter.keys.items()}}
        sent = [run.sent[step] for run in life.profile.runs for step in run.sent] if letter.answers else []
        return {**filled, ANSWERS: self._random.choice(sent)} if sent else filled

    def _judged(self, life: Life) -> Reached | None:
        """How full its week becomes if nothing more happens."""
        after = self._lives.harvest(life)
        if after is None:
            return None
        most, _ = most_in_a_week(after.sends)
        profile = life.profile
        live = {run.campaign for run in profile.runs if not run.ended and not run.held}
        found = Reached(life, most, tuple(sorted(live)), profile.stage)
        if self.best is None or found.rank > self.best.rank:
            self.best = found
        return found

    def _selected(self, found: list[Reached]) -> list[Reached]:
        """The most promising, not too many alike; ties by chance."""
        self._random.shuffle(found)
        found.sort(key=lambda one: one.promise, reverse=True)
        kept: list[Reached] = []
        alike: Counter[tuple[Any, ...]] = Counter()
        for one in found:
            kind = one.most, one.live, one.stage
            alike[kind] += 1
            if alike[kind] <= ALIKE:
                kept.append(one)
        return kept[:WIDTH]
