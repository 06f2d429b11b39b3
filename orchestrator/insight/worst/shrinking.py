"""Leaving out whatever the fullest week does not need: events, then the rest of their contents and of the customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orchestrator.insight.scenarios.scenario import Given, Malformed
from orchestrator.insight.worst.limits import SHRINKING
from orchestrator.insight.worst.lives import Life, Lives, most_in_a_week


@dataclass(frozen=True, slots=True)
class Story:
    """What a scenario says before it is run."""

    begun: Mapping[str, Any]
    given: tuple[Given, ...]


Less = Callable[[Story], Story]


class Shrinking:
    """Tries what is left when something is left out, and keeps what is as full; at most SHRINKING tries."""

    def __init__(self, lives: Lives, most: int) -> None:
        self._lives, self._most = lives, most
        self._tries = 0

    def shrunk(self, life: Life) -> Life:
        """A life of which no single event can be left out (unless the tries are over), and that says little else."""
        story, before = Story(life.begun, life.given), -1
        while len(story.given) != before:
            before = len(story.given)
            story = self._without(story, _fewer_events(story))
        story = self._without(story, _fewer_words(story))
        after = self._lived(story)
        return after if after is not None else life

    def _without(self, story: Story, ways: Iterator[Less]) -> Story:
        """Go through the ways once, and keep each that still gives as many."""
        for less in ways:
            tried = less(story)
            if tried != story and self._fits(tried):
                story = tried
        return story

    def _fits(self, story: Story) -> bool:
        self._tries += 1
        if self._tries > SHRINKING:
            return False
        life = self._lived(story)
        return life is not None and most_in_a_week(life.sends)[0] >= self._most

    def _lived(self, story: Story) -> Life | None:
        try:
            life = self._lives.through(story.begun, story.given) if story.given else None
        except Malformed:
            return None
        return self._lives.harvest(life) if life is not None else None


def _fewer_events(story: Story) -> Iterator[Less]:
    """Without several events in a row (halves, quarters, …), then without single ones."""
    length = len(story.given) // 2
    while length > 0:
        for at in range(0, len(story.given), length):
            yield partial(_but_events, gone=story.given[at : at + length])
        length //= 2


def _fewer_words(story: Story) -> Iterator[Less]:
    """Without features, traits, topics and channels of the customer, and without what the events need not say."""
    for group in ("features", "traits", "consent"):
        yield partial(_with_group, group=group, members={})
        for name in story.begun.get(group) or {}:
            yield partial(_but_member, group=group, name=name)
    for topic, channels in (story.begun.get("consent") or {}).items():
        for channel in channels:
            yield partial(_on_fewer, topic=topic, channel=channel)
    for at, one in enumerate(story.given):
        for name in one.properties:
            yield partial(_saying_less, at=at, name=name)


def _but_events(story: Story, gone: tuple[Given, ...]) -> Story:
    return replace(story, given=tuple(one for one in story.given if one not in gone))


def _but_member(story: Story, group: str, name: str) -> Story:
    return _with_group(story, group, _but(story.begun.get(group) or {}, name))


def _but(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in members.items() if other != name}


def _with_group(story: Story, group: str, members: Mapping[str, Any]) -> Story:
    return replace(story, begun={**story.begun, group: members}) if story.begun.get(group) else story


def _on_fewer(story: Story, topic: str, channel: str) -> Story:
    consent = story.begun.get("consent") or {}
    left = [other for other in consent.get(topic, ()) if other != channel]
    return _with_group(story, "consent", {**consent, topic: left}) if topic in consent and left else story


def _saying_less(story: Story, at: int, name: str) -> Story:
    given = list(story.given)
    given[at] = replace(given[at], properties=_but(given[at].properties, name))
    return replace(story, given=tuple(given))
