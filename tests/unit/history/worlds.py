"""A shop's months in a state file, for histories: orders, carts, anonymous visitors who become known, receipts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from orchestrator.authoring import load_workspace
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.input import Event, Receipt
from orchestrator.domain.moment import Controls
from orchestrator.insight.replay import Collected
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Decided, Surroundings
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.insight.conftest import FILES

DAY = 86_400_000
START = 1_767_225_600_000
PERSON = "Aurelia Quondam"
ADDRESS = "aurelia@quondam.example"


def write_workspace(folder: Path) -> Path:
    """The small workspace of insight's tests."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


class Shop:
    """An engine on a state file, fed with what customers do; `collected` counts what replay would."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.program = load_workspace(write_workspace(folder)).program
        self.file = SqliteFile(state, synchronous="OFF")
        self.collected = Collected()
        self.sent: list[tuple[int, str]] = []
        around = Surroundings(self.program, OpenGovernor(), VirtualWire(), Controls(addresses=False))
        self.engine = Engine([self.file.partition(0)], around, self._watch)

    def _watch(self, decided: list[Decided]) -> None:
        self.collected.watch(decided)
        self.sent += [(one.key, change.id) for one in decided for change in one.decision.messages if change.state == "accepted"]

    def live(self, days: int, people: int = 40, seed: int = 1) -> None:
        """So many days of these people, then their receipts."""
        for event in year(random.Random(seed), days, people):
            self.engine.feed(event, event.received_at)
        self.engine.advance(START + days * DAY)
        self.engine.commit()
        for number, (key, ident) in enumerate(list(self.sent)):
            for word in ("delivered", "opened", "opened", "clicked")[: number % 5]:
                told = Receipt(ident, f"{number}-{word}", word, self.engine.clock, "email", machine=number % 7 == 3)
                self.engine.give(key, told, self.engine.clock)
        self.engine.commit()

    def close(self) -> None:
        self.file.close()


def year(dice: random.Random, days: int, people: int) -> Iterator[Event]:
    for number in range(people):
        yield Event(
            f"i{number}", START, "identify", user_id=f"p{number}", received_at=START, traits={"email": ADDRESS, "name": PERSON}
        )
        for topic in ("reminders", "offers"):
            given = {"topic": topic, "channel": "email"}
            yield Event(
                f"c{number}{topic}", START, name="Consent Given", user_id=f"p{number}", received_at=START, properties=given
            )
    for hour in range(24 * days):
        at = START + hour * 3_600_000
        for turn in range(dice.randrange(3)):
            number, ident = dice.randrange(people), f"{hour}-{turn}"
            if (hour // (24 * 50) + number) % 3:
                continue  # away for a season
            what = dice.choice(["Cart Updated", "Cart Updated", "Order Completed", "Ticket Opened", "Ticket Closed"])
            properties = {"total": dice.randrange(200), "cart_id": f"k{dice.randrange(people)}", "note": PERSON, PERSON: 1}
            properties |= {"ticket_id": f"t{number}", "to": {"address": ADDRESS, "floor": 3}}
            unknown = dice.random() < 0.1
            ids = {"anonymous_id": f"a{number}"} if unknown else {"user_id": f"p{number}"}
            if dice.random() < 0.1:
                ids = {"anonymous_id": f"a{number}", "user_id": f"p{number}"}
            yield Event(ident, at, name=what, received_at=at, properties=properties, **ids)
