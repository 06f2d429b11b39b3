"""What is left in doubt: 1 % of the answers lost, receipts late, doubled, in disorder and sometimes lost, in virtual time.

    uv run python tests/simulation/lost_answers.py --messages 100000

The worlds of `test_seeds.py` know more faults, and check more; this one is only large. With `--dies` so large a share
of the attempts is cut off, half of them before the provider had the message, and no answer is heard. Of that half all but a
few had not come as far as the socket, so no departure was noted; `--noted` says how few.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.ledger import CUT_OFF
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Decided, Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.simulation.providers import LATEST, SAID, SECOND
from tests.simulation.receipt_checks import BOUNCED, RANKS, TAKEN

START = 1_790_000_000_000
A_CUSTOMER = 10
"""Messages that each gets: half of them transactional."""
COPIES = (*[1] * 20, *[2] * 5, 5, 5, 46)
"""How often a receipt comes: three times on average, as has been reported."""
NOTED = 0.2
"""Of attempts cut off before their provider had them, these were noted as on their way all the same: more than in fact
(`tests/integration/kill_sends.py` counts them)."""
Item = tuple[int, int, str, Any]


def program() -> Program:
    """One campaign of each class, each time."""

    def campaign(name: str, event: str, **more: Any) -> Campaign:
        steps = Steps(name, (Node("0", Send("t", ("email",))),), 0)
        return Campaign(name, "a", steps, (Pattern(f"{name}/on", event=event),), reentry=Reentry(0), **more)

    listed = (campaign("order", "Ordered", cls="transactional"), campaign("news", "Viewed", topic="news"))
    policies = Policies({"news": Topic("news", assumed=True)})
    return Program("p", Wheel("a", ("a",)), policies=policies, campaigns={one.name: one for one in listed})


@dataclass
class Large:
    """So many messages of many customers, in virtual time."""

    messages: int
    lost: float
    dies: float
    noted: float
    rng: Random
    agenda: list[Item] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    departed: set[str] = field(default_factory=set)
    """What is noted of departures: it outlives a death."""
    states: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._numbers = count()
        self.file, self.outbox = MemoryFile(keep_journal=False), Outbox()
        around = Surroundings(program(), OpenGovernor(), self.outbox, Controls(addresses=False))
        self.live = Live(Engine([self.file.partition(0)], around, self.watch), self.outbox)

    def at(self, when: int, what: str, given: Any) -> None:
        heappush(self.agenda, (when, next(self._numbers), what, given))

    def watch(self, decided: list[Decided]) -> None:
        """What is durable."""
        for one in decided:
            for change in one.decision.messages:
                self.states[change.id], self.classes[change.id] = change.state, change.cls
                self.sums["doubted"] += change.state == "in_doubt"

    def run(self) -> None:
        for number in range(self.messages):
            user, name = f"u{number % max(1, self.messages // A_CUSTOMER)}", ("Ordered", "Viewed")[number % 2]
            when = START + number * 40 + self.rng.randrange(40)
            self.at(when, "event", Event(f"e{number}", when, name=name, user_id=user, received_at=when))
        now = START
        while self.agenda:
            now, items = self.agenda[0][0], list[Item]()
            while self.agenda and self.agenda[0][0] <= now + SECOND and len(items) < 200:
                items.append(heappop(self.agenda))
            now = max(now, items[-1][0])
            arrivals = [Arrival(0, given) for _, _, what, given in items if what == "event"]
            answers = [given for _, _, what, given in items if what == "answer"]
            self._turn(arrivals, answers, now)
            due = self.live.next_due()
            while due is not None and (not self.agenda or due < self.agenda[0][0]):
                now = due
                self._turn([], [], now)
                due = self.live.next_due()

    def _turn(self, arrivals: list[Arrival], answers: list[Answered], now: int) -> None:
        for out in self.live.turn(arrivals, answers, now, caught_up=True).outgoing:
            if not out.doubted:
                self._hand_over(out, now)
            elif out.message_id not in self.departed:
                self.sums["lost on the way"] += 1
                self.at(now, "answer", Answered(out.key, Outcome(out.message_id, "refused", kind=CUT_OFF)))

    def _hand_over(self, out: Outgoing, now: int) -> None:
        """The worker may die before, or after it: then nobody hears an answer."""
        died = self.rng.random() < self.dies
        self.sums["cut off"] += died
        taken = not (died and self.rng.random() < 0.5)
        if taken or self.rng.random() < self.noted:
            self.departed.add(out.message_id)
        if not taken:
            return
        self.taken[out.message_id] += 1
        if not died:
            lost = self.rng.random() < self.lost
            self.sums["answers lost"] += lost
            delay, result = (30 * SECOND, "in_doubt") if lost else (self.rng.randrange(5, 400), "accepted")
            self.at(now + delay, "answer", Answered(out.key, Outcome(out.message_id, result)))
        self._speaks(out, now)

    def _speaks(self, out: Outgoing, now: int) -> None:
        for said in self.rng.choice(SAID[:-1]):
            word, _, machine = said.partition(" ")
            if self.rng.random() < 0.01:
                continue
            receipt = Receipt(out.message_id, f"{out.message_id}{word}", word, now, "email", machine=bool(machine))
            state = "bounced" if word in BOUNCED else "accepted" if word in TAKEN else "delivered"
            self.said[out.message_id] = max(self.said[out.message_id], RANKS[state])
            for _ in range(self.rng.choice(COPIES)):
                late = self.rng.randrange(self.rng.choice((60 * SECOND, 600 * SECOND, LATEST)))
                self.at(now + late, "answer", Answered(out.key, receipt))
                self.sums["receipts"] += 1

    def told(self) -> dict[str, Any]:
        """How all stand, and what is wrong."""
        marketing = [ident for ident, cls in self.classes.items() if cls == "marketing"]
        wrong = [i for i, rank in self.said.items() if rank and RANKS.get(self.states[i], -1) != rank]
        unsettled = [ident for ident, state in self.states.items() if state in ("in_doubt", "unknown")]
        return {
            "messages": len(self.states),
            "states": dict(Counter(self.states.values())),
            **self.sums,
            "marketing taken twice": sum(self.taken[ident] > 1 for ident in marketing),
            "transactional taken twice": sum(number > 1 for number in self.taken.values()),
            "another state than its receipts say": len(wrong),
            "unsettled": len(unsettled),
            "refused and taken": sum(self.taken[ident] > 0 for ident, state in self.states.items() if state == "refused"),
            "unsettled and taken": sum(self.taken[ident] > 0 for ident in unsettled),
        }


def measured(messages: int, lost: float = 0.01, dies: float = 0.0, noted: float = NOTED, seed: int = 1) -> dict[str, Any]:
    """Figures of one such run."""
    large = Large(messages, lost, dies, noted, Random(seed))
    large.run()
    return large.told()


def main() -> int:
    """Print what came of so many messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--lost", type=float, default=0.01)
    parser.add_argument("--dies", type=float, default=0.0)
    parser.add_argument("--noted", type=float, default=NOTED)
    given = parser.parse_args()
    began = time.process_time()
    told = measured(given.messages, given.lost, given.dies, given.noted)
    print(told, f"{time.process_time() - began:.0f} s of CPU")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
