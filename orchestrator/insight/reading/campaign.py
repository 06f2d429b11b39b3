"""A whole campaign in plain words: what starts it, whom, what is done, what limits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import SENDS, TRIGGERS, Campaign, Goal
from orchestrator.domain.policies import Cap, Hold
from orchestrator.domain.program import Program
from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.patterns import pattern
from orchestrator.insight.reading.steps import Step, read_steps
from orchestrator.insight.reading.terms import terms
from orchestrator.insight.reading.tongue import Tongue, clock

_BETWEEN = {"on": "or", "if": "and", "while": "and", "exit": "or"}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; `key` names it in JSON, `between` is what stands before a second line: and, or, nothing."""

    key: str
    head: str
    lines: tuple[str, ...]
    between: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A campaign in words. Sections without a line are left out; the steps stand apart."""

    name: str
    before: tuple[Section, ...]
    steps_head: str
    steps: tuple[Step, ...]
    after: tuple[Section, ...]

    def as_json(self) -> dict[str, Any]:
        sections = {section.key: list(section.lines) for section in (*self.before, *self.after)}
        return {"campaign": self.name, **sections, "steps": [step.as_json() for step in self.steps]}


def read_campaign(program: Program, campaign: Campaign, tongue: Tongue) -> Read:
    """Everything that a campaign's file and the policies say about its messages, in words."""
    reading = _Reading(program, campaign, tongue)
    before = (
        ("class", reading.kind()),
        ("on", [pattern(one, tongue, starts=True) for one in campaign.on]),
        ("if", reading.clauses(campaign.condition)),
        ("while", reading.clauses(campaign.while_)),
        ("active", reading.active()),
        ("again", reading.again()),
        ("holdout", reading.holdout()),
    )
    holds = tuple(reading.holds())
    after = (
        ("goal", [] if campaign.goal is None else [reading.goal(campaign.goal)]),
        ("exit", [pattern(one, tongue) for one in campaign.exits]),
        ("limits", list(reading.limits(holds))),
        ("alarm", list(reading.alarm())),
        ("terms", terms(program, campaign, holds, tongue)),
    )
    return Read(
        campaign.name,
        reading.sections(before),
        tongue.say("head_steps"),
        read_steps(campaign.steps, tongue),
        reading.sections(after),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    program: Program
    campaign: Campaign
    tongue: Tongue

    def sections(self, given: tuple[tuple[str, list[str]], ...]) -> tuple[Section, ...]:
        say = self.tongue.say
        between = {key: say(word) for key, word in _BETWEEN.items()}
        return tuple(Section(key, say(f"head_{key}"), tuple(lines), between.get(key, "")) for key, lines in given if lines)

    def clauses(self, condition: Any) -> list[str]:
        return [] if condition is None else Words(self.tongue).parts(condition.rule)

    @property
    def marketing(self) -> bool:
        return self.campaign.cls == "marketing"

    def kind(self) -> list[str]:
        say, campaign = self.tongue.say, self.campaign
        words = say(campaign.cls)
        if self.marketing and campaign.topic is not None:
            words = say("topic", words, campaign.topic)
        more = [say(f"priority_{campaign.priority}"), say("reported", campaign.stage) if campaign.stage else ""]
        return ["; ".join(filter(None, (words, *more)))]

    def active(self) -> list[str]:
        given = (("from", self.campaign.active_from), ("until", self.campaign.active_until))
        return [self.tongue.say(word, iso(at)) for word, at in given if at is not None]

    def again(self) -> list[str]:
        say, rule = self.tongue.say, self.campaign.reentry
        keys = dict.fromkeys(key for one in self.campaign.on if (key := one.each or one.key) is not None)
        key = "" if rule.per_profile else self.tongue.either(list(keys))
        if rule.after is None:
            first = say("once_key", key) if key else say("once")
        elif rule.after == 0:
            first = say("again_always")
        else:
            length = self.tongue.span(rule.after)
            first = say("again_after_key", length, key) if key else say("again_after", length)
        return [first, say("restart" if self.campaign.restart else "ignored")]

    def holdout(self) -> list[str]:
        control = self.program.policies.control_group if self.marketing else 0
        given = (("holdout", self.campaign.holdout), ("control", control))
        return [self.tongue.say(word, self.tongue.share(share)) for word, share in given if share]

    def goal(self, goal: Goal) -> str:
        say, words = self.tongue.say, pattern(goal.pattern, self.tongue)
        if goal.within is not None:
            words = say("goal_within", words, self.tongue.span(goal.within))
        worth = "" if goal.value is None else say("goal_value", ".".join(goal.value).removeprefix("properties."))
        return "; ".join(filter(None, (words, say("goal_stays" if goal.stay else "goal_ends"), worth)))

    def alarm(self) -> Iterator[str]:
        """What is told to operators where the campaign does otherwise than its author expects."""
        say, alarm = self.tongue.say, self.campaign.alarm
        for of, expected in () if alarm is None else ((SENDS, alarm.sends), (TRIGGERS, alarm.triggers)):
            if expected is None:
                continue
            per = self.tongue.span(expected.per)
            if expected.at_least is not None:
                few = "none" if expected.at_least == 1 else "few"
                yield say(f"alarm_{few}_{of}", self.tongue.number(expected.at_least), per)
            if expected.at_most is not None:
                words = say(f"alarm_many_{of}", self.tongue.number(expected.at_most), per)
                yield words if expected.times is None else say("alarm_times", words, self.tongue.number(expected.times))

    def holds(self) -> Iterator[Hold]:
        """The holds that stop this campaign's messages."""
        campaign = self.campaign
        if self.marketing:
            for hold in self.program.policies.holds:
                if campaign.name not in hold.except_campaigns and hold.stops & {"marketing", campaign.topic}:
                    yield hold

    def limits(self, holds: tuple[Hold, ...]) -> Iterator[str]:
        """Consent, caps, quiet hours, holds and expiry, as far as they concern this campaign."""
        say, policies, campaign = self.tongue.say, self.program.policies, self.campaign
        if self.marketing:
            topic = policies.topics.get(campaign.topic or "")
            if topic is not None:
                yield say("consent_assumed" if topic.assumed else "consent", topic.name)
            yield from (self._cap(cap) for cap in policies.caps if self._concerns(cap))
            for channel in campaign.channels:
                if channel in policies.quiet:
                    hours = policies.quiet[channel]
                    yield say("quiet", channel, clock(hours.start), clock(hours.end))
            if policies.days_off:
                yield say("days_off")
            yield from (self._hold(hold) for hold in holds)
        expires = policies.expires_marketing if self.marketing else policies.expires_transactional
        if campaign.channels:
            yield say("expires", self.tongue.span(expires))

    def _concerns(self, cap: Cap) -> bool:
        campaign = self.campaign
        return (cap.channel is None or cap.channel in campaign.channels) and cap.topic in (None, campaign.topic)

    def _cap(self, cap: Cap) -> str:
        number, per = self.tongue.several("marketing_messages", cap.at_most), self.tongue.span(cap.per)
        of = [one for one in (cap.channel, cap.topic) if one is not None]
        form = "both" if len(of) > 1 else "channel" if cap.channel is not None else "topic"
        return self.tongue.say(f"cap_of_{form}" if of else "cap", number, per, *of)

    def _hold(self, hold: Hold) -> str:
        words = Words(self.tongue).test(hold.condition.rule)
        if hold.duration is None:
            return self.tongue.say("hold", hold.name, words)
        return self.tongue.say("hold_for", hold.name, words, self.tongue.span(hold.duration))
