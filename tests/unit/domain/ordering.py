"""One customer who orders, and the message of that, for tests of the ledger."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, HandOff, Outcome, Permit, ProfileInput, Refusal, Timer
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Message, Profile
from orchestrator.domain.program import EventType, KeyPath, Program, Wheel

START = 1_750_000_000_000
HOUR = 3_600_000
SEND = Send("hello", ("email", "sms"), 6 * HOUR)


def program(send: Send = SEND, cls: str = "transactional", **policies: Any) -> Program:
    """A message, then another where it went or a third where it did not."""
    later = (Node("went", Send("more", ("email",))), Node("not", Send("less", ("email",))))
    steps = Steps("v", (Node("first", send, 1, 2), *later), 0)
    more = {} if cls == "transactional" else {"topic": "news"}
    one = Campaign(
        "c", "a", steps, (Pattern("on", event="Ordered", key="order"),), cls=cls, reentry=Reentry(0), priority=7, **more
    )  # type: ignore[arg-type]
    kinds = {"Ordered": EventType("Ordered", {"order": KeyPath(("properties", "no"))})}
    topics = {"news": Topic("news", assumed=True)}
    return Program("p", Wheel("a", ("a",)), kinds, policies=Policies(topics, **policies), campaigns={"c": one})


class Ledger:
    """One customer who has ordered; `message` is what is planned of that."""

    def __init__(self, live: Program | None = None, **properties: Any) -> None:
        self.program, self.controls = live or program(), Controls(addresses=False)
        self.profile: Profile = newcomer(self.program, START, "u:ada")
        self.now, self.due = START, None
        self.planned = self.order("o", **properties)
        self.message: Message = self.profile.messages[0]

    def order(self, ident: str, **more: Any) -> Decision:
        said = {"no": ident, **more}
        return self.give(Event(ident, START, name="Ordered", user_id="ada", received_at=START, properties=said))

    def give(self, given: ProfileInput) -> Decision:
        decision, _, self.due = decide(self.program, self.controls, self.profile, given, self.now)
        return decision

    def hand_off(self, verdict: Permit | Refusal | None = None) -> Decision:
        return self.give(HandOff(self.message.id, verdict or Permit(self.now + 700)))

    def answer(self, result: str, **more: Any) -> Decision:
        return self.give(Outcome(self.message.id, result, **more))

    def wait(self) -> Decision:
        assert self.due is not None
        self.now = self.due
        return self.give(Timer(self.due))

    @property
    def next_template(self) -> str:
        (message,) = self.profile.messages
        return message.template


def changes(decision: Decision) -> list[tuple[str, str | None, int | None]]:
    return [(one.state, one.reason, one.until) for one in decision.messages]
