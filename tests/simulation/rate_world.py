"""A queue of messages that rates bound: drained by an embedded engine, or by two workers and their governor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Self

from orchestrator.config import read_settings
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.leases import Leases
from orchestrator.delivery.permits import Rails, encode
from orchestrator.delivery.volume import Rail
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Outcome, Permit
from orchestrator.domain.profile import Message
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import SimulationError

START = 1_764_547_200_000
TICK, SECONDS = 50, 20
SENDERS = {"code": "alerts", "offer": "shop", "text": "shop"}
ADAPTERS = {"sms": "twilio", "email": "twilio"}
URGENT, URGENT_MS = 20, 10_000
"""Transactional messages at the end of the queue, and how long the last of them may take."""
OTHERS_A_SECOND = 2
"""Of a sender without a rate so many leave at least, whatever the others owe."""
Left = list[tuple[int, Message]]
Segments = Callable[[Message], int]
Drain = Callable[[dict[str, int], list[Message], Segments], Left]


def message(number: int, template: str, channel: str = "sms", cls: str = "marketing") -> Message:
    return Message(f"m{number}", "e", "c", "s", template, cls, [channel], START, START + 10**9, number, channel=channel)


def change(one: Message) -> MessageChange:
    return MessageChange(one.id, one.campaign, one.step, one.channel, one.template, one.cls, one.planned_at, "accepted")


def embedded(rates: dict[str, int], wanted: list[Message], segments: Segments) -> Left:
    """When each left, within so many seconds; each outcome is heard a moment later."""
    governor = Governor(rates=rates, adapters=ADAPTERS, senders=SENDERS)
    due, left, heard = [(START, number, one) for number, one in enumerate(wanted)], Left(), 0
    while due:
        due.sort(key=lambda each: each[:2])
        now, number, one = due.pop(0)
        if now >= START + SECONDS * 1_000:
            break
        while heard < len(left) and left[heard][0] + TICK <= now - START:
            gone = left[heard][1]
            governor.hear_of(change(gone), Outcome(gone.id, "accepted", segments=segments(gone)), now)
            heard += 1
        verdict = governor.ask(one, now, now)
        if isinstance(verdict, Permit):
            left.append((now - START, one))
        else:
            assert verdict.retry_at is not None
            due.append((verdict.retry_at, number, one))
    return left


def distributed(rates: dict[str, int], wanted: list[Message], segments: Segments) -> Left:
    """The same of two workers and their governor."""
    now = [0]
    rails = Rails("p", "ada", [Rail("c")])
    workers = [Leases(name, lambda: now[0], rates, adapters=ADAPTERS) for name in ("one", "two")]
    budget = Budget(rates, lambda: now[0], lambda: START + now[0], providers=ADAPTERS)
    budget.hear(encode(rails), 0)
    for worker in workers:
        worker.goes_live(rails, SENDERS)
    due = [(1_000, number, one) for number, one in enumerate(wanted)]
    left = Left()
    for now[0] in range(1_000, 1_000 + SECONDS * 1_000, TICK):
        for worker in workers:
            said = worker.request()
            if said is not None:
                budget.hear(said, 1)
        answer = budget.answer()
        for worker in workers if answer is not None else ():
            assert answer is not None
            worker.hear(answer.answer)
        for at, number, one in [each for each in due if each[0] <= now[0]]:
            worker, wall = workers[number % 2], START + now[0]
            due.remove((at, number, one))
            verdict = worker.ask(one, wall, wall)
            if isinstance(verdict, Permit) and worker.holds(one.id):
                left.append((now[0] - 1_000, one))
                worker.hear_of(change(one), Outcome(one.id, "accepted", segments=segments(one)), wall)
            else:
                again = getattr(verdict, "retry_at", None)
                due.append(((again - START) if again is not None else now[0] + TICK, number, one))
    return left


@dataclass(frozen=True, slots=True)
class Bound:
    """So many units a second of the messages that it is about."""

    name: str
    most: int
    of: Callable[[Message], bool]


class RateWorld:
    """Bounds as the environment names them. `long` is the longest text; `learnt`: a template's texts are alike."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = Random(seed)
        self.seed, self.drain = seed, rng.choice((embedded, distributed))
        self.channel, self.account, self.sender = rng.choice((20, 60)), rng.choice((15, 90)), rng.choice((2, 5, 90))
        self.long, self.learnt = rng.choice((1, 1, 4, 10)), rng.random() < 0.5
        self.left: Left = []
        self.wanted = self._wanted()

    def _wanted(self) -> list[Message]:
        """More than can leave in time; at the end of it a few that no campaign may hold up."""
        rng, count = self.rng, 60 * SECONDS
        templates = [rng.choice(("code", "offer", "text" if self.learnt else f"text{number}")) for number in range(count)]
        channels = [rng.choice(("sms", "sms", "email")) for _ in range(count)]
        many = [message(number, *each) for number, each in enumerate(zip(templates, channels, strict=True))]
        return [*many, *(message(count + number, "code", cls="transactional") for number in range(URGENT))]

    def segments(self, one: Message) -> int:
        """Of that message, once it is rendered."""
        return self.long if one.channel == "sms" and one.template.startswith("text") else 1

    def run(self) -> Self:
        """Until the time is over; SimulationError where an invariant breaks."""
        names = {"EMAIL": "twilio", "SMS": "twilio", "SMS_RATE": self.channel, "EMAIL_RATE": self.channel}
        names |= {"TWILIO_RATE": self.account, "SENDER_RATES": f"shop={self.sender}"}
        rates = read_settings({f"ORCHESTRATOR_{name}": str(value) for name, value in names.items()}).rates
        self.left = self.drain(dict(rates), self.wanted, self.segments)
        try:
            self._check()
        except ViolationError as broken:
            trace = [f"{at} {one.id} {one.template}" for at, one in self.left[-20:]]
            raise SimulationError(self.seed, broken, trace) from broken
        return self

    def bounds(self) -> list[Bound]:
        """By the plain meaning of the variables."""
        return [
            Bound("sms", self.channel, lambda one: one.channel == "sms"),
            Bound("email", self.channel, lambda one: one.channel == "email"),
            Bound("twilio", self.account, lambda _: True),
            Bound("shop", self.sender, lambda one: SENDERS.get(one.template) == "shop"),
        ]

    def _check(self) -> None:
        for bound in self.bounds():
            ours = [(at, self.segments(one)) for at, one in self.left if bound.of(one)]
            burst = bound.most * (self.long if bound.name != "email" else 1)
            for second in range(1, SECONDS + 1):
                units = sum(count for at, count in ours if at < second * 1_000)
                most = bound.most * (second + 1) + burst
                require(units <= most, "R1", units, "units of", bound.name, "left in", second, "seconds, not", most)
        self._check_nobody_waits_in_vain()

    def _check_nobody_waits_in_vain(self) -> None:
        others = sum(SENDERS.get(one.template) == "alerts" for _, one in self.left)
        require(others >= OTHERS_A_SECOND * SECONDS, "R2", "of a sender without a rate only", others, "have left")
        urgent = [at for at, one in self.left if one.cls == "transactional"]
        slowest = max(urgent, default=0) if len(urgent) == URGENT else SECONDS * 1_000
        require(slowest <= URGENT_MS, "R3", len(urgent), "of", URGENT, "transactional ones have left, the last at", slowest)
