"""What a switch holds back, and what would become of it were it let go now: by the gates themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.domain.decision import Decision
from orchestrator.domain.gates import Allow, Block, judge
from orchestrator.domain.ledger import WAITS
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Message, Profile
from orchestrator.domain.program import Program

SWITCHED = ("kill", "pause")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of one campaign on one channel, counted: `becomes` is what would become of them."""

    campaign: str
    channel: str
    messages: int
    becomes: dict[str, int]
    """`go`, `expire`, `never` (another gate), `later` (another gate, until a time), `held` (another switch)."""

    def as_json(self) -> dict[str, object]:
        """As the commands' JSON results have it."""
        return {"campaign": self.campaign, "channel": self.channel, "messages": self.messages, **self.becomes}


KINDS = ("go", "expire", "later", "never", "held")
STEPS = "steps"
"""Stands for a channel where whole runs wait at a step."""


def waiting(program: Program, profiles: Iterable[Profile], after: Controls, now: int) -> list[Waiting]:
    """Count everything that waits for a switch, as it would be judged with the switches `after`."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for profile in profiles:
        for campaign, channel, becomes in _of(program, profile, after, now):
            counted.setdefault((campaign, channel), Counter())[becomes] += 1
    return [
        Waiting(*key, found.total(), {kind: found[kind] for kind in KINDS if found[kind]})
        for key, found in sorted(counted.items())
    ]


def for_leave(profiles: Iterable[Profile], campaign: str) -> int:
    """How many messages of a campaign the governor gives no leave now."""
    every = (message for profile in profiles for message in profile.messages)
    return sum(one.campaign == campaign and one.state == WAITS and one.gate == "permit" for one in every)


def _of(program: Program, profile: Profile, after: Controls, now: int) -> Iterator[tuple[str, str, str]]:
    moment = Moment(program, after, profile, now, "count", Decision())
    for message in profile.messages:
        if message.state == WAITS and message.gate in SWITCHED:
            yield message.campaign, message.channel, _verdict(moment, message)
    for call in profile.calls:
        if call.state == WAITS and call.gate in SWITCHED:
            held = after.kill or after.pauses(call.campaign, profile) or call.channel in after.channels
            yield call.campaign, call.channel, "held" if held else "expire" if now >= call.expires_at else "go"
    for run in profile.runs:
        if run.state == "paused" and not run.ended:
            yield run.campaign, STEPS, "held" if after.pauses(run.campaign, profile) else "go"


def _verdict(moment: Moment, message: Message) -> str:
    verdict = judge(moment, message)
    if isinstance(verdict, Allow):
        return "go"
    if isinstance(verdict, Block):
        return "expire" if verdict.gate == "expiry" else "never"
    return "held" if verdict.gate in SWITCHED else "later"
