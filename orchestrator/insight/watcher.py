"""What one decision saw: every condition judged, its tree, the gates of each message, and who was turned away why."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.domain.campaign import Campaign
from orchestrator.domain.enrolment import last_entry
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Message
from orchestrator.insight.passage import Passage, passage_of
from orchestrator.insight.reading.judged import judged_lines
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.reading.why import why_not
from rules import Condition, trace


class Judged(NamedTuple):
    """A condition's tree with the values that each node saw, and one sentence where it was not true."""

    rule: dict[str, Any] | None = None
    why: str | None = None
    lines: tuple[str, ...] = ()
    """The tree in words."""


class Refusal(NamedTuple):
    """A trigger that started nothing, and what its reason hung on."""

    campaign: str
    reason: str
    judged: Judged = Judged()
    at: int | None = None
    """Of `reentry` the last entry, of `live` the run's, of `age` when the event occurred."""
    next_allowed: int | None = None


@dataclass(slots=True)
class Watcher:
    """Keeps what was judged during one decision, by what it was judged for."""

    tables: dict[str, Any]
    tongue: Tongue
    seen: defaultdict[str, deque[Judged]] = field(default_factory=lambda: defaultdict(deque))
    refusals: list[Refusal] = field(default_factory=list)
    passages: dict[str, tuple[Passage, ...]] = field(default_factory=dict)
    """By message id, as the gates spoke last."""

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        self.seen[subject].append(judge(condition, readable, self.tables, self.tongue, held=bool(result)))

    def turned_away(self, moment: Moment, campaign: Campaign, key: list[str], reason: str) -> None:
        words = {"segment": (), "if": ("if",)}.get(reason, ("if", "while"))
        asked = [self.seen[f"{campaign.name} {word}"] for word in words]
        last = [one.pop() for one in asked if one]
        at, after = _grounds(moment, campaign, key, reason)
        self.refusals.append(Refusal(campaign.name, reason, last[-1] if last else Judged(), at, after))

    def judged(self, moment: Moment, message: Message, channel: str, gate: str | None) -> None:
        self.passages[message.id] = passage_of(moment, message, channel, gate)

    def forget(self) -> None:
        """What was seen explains nothing."""
        self.seen.clear()
        self.refusals.clear()
        self.passages.clear()

    def take(self, subject: str) -> Judged:
        judged = self.seen.get(subject)
        return judged.popleft() if judged else Judged()

    def last(self, subject: str) -> Judged:
        """What was seen of it last."""
        judged = self.seen.get(subject)
        return judged[-1] if judged else Judged()


def judge(condition: Condition, readable: dict[str, Any], tables: dict[str, Any], tongue: Tongue, *, held: bool) -> Judged:
    """A condition with what it saw, in words."""
    found = trace(condition.rule, readable, tables)
    why = None if held else why_not(condition.rule, found, tongue)
    return Judged(found.as_json(), why, tuple(judged_lines(condition.rule, found, tongue)))


def _grounds(moment: Moment, campaign: Campaign, key: list[str], reason: str) -> tuple[int | None, int | None]:
    """The instant that the refusal hangs on, and from when on it would not stand."""
    if reason == "age":
        return moment.occurred_at, None
    if reason == "inactive":
        begins = campaign.active_from
        return None, begins if begins is not None and begins > moment.now else None
    if reason == "live":
        live = (run for run in moment.profile.runs if run.campaign == campaign.name and not run.ended)
        return next((run.entered_at for run in live if run.key == key or set(run.key) & set(key)), None), None
    last = last_entry(moment.profile.entries.get(campaign.name), campaign, key) if reason == "reentry" else None
    again = campaign.reentry.after
    return last, None if last is None or again is None else last + again
