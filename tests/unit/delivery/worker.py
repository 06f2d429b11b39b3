"""One worker that asks for leave, by hand: the test is its clock and its governor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.delivery.leases import Leases
from orchestrator.delivery.limits import (
    ASK_MS,
)
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Lease, encode, question
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Outcome, Permit, Refusal
from orchestrator.domain.profile import Call, Message

NOW = 1_750_000_000_000
BEGIN = 2_000
"""When a test begins by the worker's clock: at the beginning of a slot."""
FAST = 100_000
MAIL = Kind("email", marketing=True, campaign="c")
CALL = Kind("webhook", marketing=False, sender="shop")


def message(number: int, campaign: str = "c", cls: str = "marketing", channel: str = "email", template: str = "t") -> Message:
    return Message(f"m{number}", "e", campaign, "s", template, cls, [channel], NOW, NOW + 10**9, 1, channel=channel)


def call(number: int) -> Call:
    return Call(f"w{number}", "e", "c", "s", "shop", "transactional", NOW, NOW + 10**9)


def change(one: Message) -> MessageChange:
    return MessageChange(one.id, one.campaign, one.step, one.channel, one.template, one.cls, one.planned_at, "accepted")


class Worker:
    """One worker's leases; the test is its clock and its governor."""

    def __init__(self, rates: Mapping[str, int] | None = None, **more: Any) -> None:
        self.clock = BEGIN
        self.leases = Leases("w", lambda: self.clock, rates or {"email": FAST, "webhook": FAST}, **more)

    def ask(self, one: Message | Call, lag: int = 0) -> Permit | Refusal:
        wall = NOW + self.clock
        return self.leases.ask(one, wall - lag, wall)

    def goes(self, one: Message | Call) -> bool:
        return isinstance(self.ask(one), Permit)

    def back_at(self, one: Message | Call, lag: int = 0) -> int:
        """When it comes back, by the worker's clock."""
        found = self.ask(one, lag)
        assert isinstance(found, Refusal)
        assert found.retry_at is not None
        return found.retry_at - NOW

    def says(self, after: int = ASK_MS) -> Ask | None:
        """Its question so much later; None where it asks nothing."""
        self.clock += after
        said = self.leases.request()
        found = None if said is None else question(said)
        assert found is None or isinstance(found, Ask)
        return found

    def asks(self, after: int = ASK_MS) -> Ask:
        found = self.says(after)
        assert found is not None
        return found

    def hear(self, number: int, *granted: Count, worker: str = "w", rails: str = "p", **more: Any) -> None:
        self.leases.hear(encode(Answer([Lease(worker, number, list(granted))], rails=rails, **more)))

    def gets(self, count: int, kind: Kind = MAIL, after: int = ASK_MS) -> int:
        """The number of its next question, which is granted so many."""
        asked = self.asks(after)
        self.hear(asked.number, Count(kind, count))
        return asked.number


def sent(worker: Worker, number: int, segments: int, cls: str = "marketing") -> None:
    one = message(number, channel="sms", template="text", cls=cls)
    worker.leases.hear_of(change(one), Outcome(one.id, "accepted", segments=segments), NOW)
