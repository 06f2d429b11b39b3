"""A state file with the life of an invented shop in it, until now: what the console's tests look at.

The engine that `serve` runs, fed event by event with a clock of the past; its messages are answered as providers answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.bootstrap.addresses import address_key, senders_of
from orchestrator.bootstrap.engine import open_live
from orchestrator.bootstrap.rails import open_volume
from orchestrator.console.state import State
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.partition import partition as deciding
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.stores.sqlite import SqliteFile

LIBRARY = Path(__file__).parents[2] / "rules" / "library"
DAY = 86_400_000
HOUR = 3_600_000
STEP = HOUR
POISON = "poison"
"""A customer with this id has an event that cannot be decided."""


def wall() -> int:
    return time.time_ns() // 1_000_000


@lru_cache
def _loaded(workspace: Path) -> Workspace:
    return load_workspace(workspace)


class Shop:
    """The file, and the engine on it. `close` it before another process works on it."""

    def __init__(self, folder: Path, days: int = 40, workspace: Path | None = None) -> None:
        self.workspace, self.state = workspace or LIBRARY, folder / "shop.sqlite"
        self.file = SqliteFile(self.state, synchronous="OFF")
        loaded = _loaded(self.workspace)
        self.now = wall() - days * DAY
        addresses = AddressList(address_key(self.file, b""), self.file.partition(0).listed, senders_of(loaded))
        volume = open_volume(self.file, loaded, "ada")
        self.live: Live = open_live(self.file, self.workspace, loaded.program, self.now, addresses, volume)
        self.dice = random.Random(7)
        self._count = 0
        self.seen = State(self.state)
        """The file as the console sees it; what is live in it is compiled already."""
        self.seen._compiled[loaded.program.name] = loaded

    def turn(self, *events: Event) -> None:
        """Decide these now, obey what was ordered, and answer every message that leaves."""
        for number, control in self.file.orders():
            self.live.control(control, number)
        found = self.live.turn([Arrival(n, one) for n, one in enumerate(events)], (), self.now, caught_up=True).outgoing
        while found or self.live.busy:
            answers = [answer for one in found if (answer := self._answer(one)) is not None]
            found = self.live.turn((), answers, self.now, caught_up=True).outgoing

    def _answer(self, message: Outgoing) -> Answered | None:
        """Most are taken, some are refused, of some nothing is heard."""
        luck = self.dice.random()
        if message.doubted or luck < 0.02:
            return None
        if luck < 0.05:
            return Answered(message.key, Outcome(message.message_id, "refused", kind="reject", detail="550 no such mailbox"))
        if luck < 0.07:
            return Answered(message.key, Outcome(message.message_id, "in_doubt", detail="the answer was cut off"))
        return Answered(message.key, Outcome(message.message_id, "accepted", provider_id=f"p-{message.message_id[:8]}"))

    def said(self, user: str, name: str, /, **properties: Any) -> Event:
        """An event of that customer, now."""
        self._count += 1
        return Event(
            f"m{self._count}", self.now, name=name, user_id=user, received_at=self.now, source="shop", properties=properties
        )

    def known(self, user: str, **traits: Any) -> Event:
        """Who they are."""
        self._count += 1
        return Event(f"m{self._count}", self.now, "identify", user_id=user, received_at=self.now, source="shop", traits=traits)

    def welcome(self, user: str, **traits: Any) -> list[Event]:
        """A customer who may be written to."""
        found = [self.known(user, **{"email": f"{user}@example.com", "first_name": user.title(), **traits})]
        found += [
            self.said(user, "Consent Given", topic=topic, channel=channel)
            for topic in self.live.engine.around.program.policies.topics
            for channel in ("email", "sms")
        ]
        return [*found, self.said(user, "Signed Up", source="footer")]

    def lives(self, customers: int) -> None:
        """Everybody's weeks until now, hour by hour."""
        people = [f"customer-{number}" for number in range(customers)]
        end = wall()
        while self.now < end:
            self.turn(*self._hour(people))
            self.until(min(self.now + STEP, end))

    def until(self, end: int) -> None:
        """Let time go on, from timer to timer as it does."""
        while (due := self.live.next_due()) is not None and due < end:
            self.now = max(self.now + 1, due)
            self.turn()
        self.now = end
        self.turn()

    def _hour(self, people: list[str]) -> Iterator[Event]:
        dice = self.dice
        if people and dice.random() < 0.5:
            yield from self.welcome(people.pop(), phone=f"+3934700{dice.randrange(10**5):05}", timezone="Europe/Rome")
        born = [raw[2:] for raw in self._born()]
        for _ in range(min(3, len(born))):
            user = dice.choice(born)
            total, number = round(dice.uniform(10, 250), 2), self._count
            what: list[tuple[str, dict[str, Any], int]] = [
                ("Product Viewed", {"product_id": f"P-{number % 40}", "price": total, "category": "equipment"}, 40),
                ("Cart Updated", {"cart_id": f"k-{user}", "total": total, "currency": "EUR"}, 14),
                ("Checkout Started", {"order_id": f"o-{number}", "value": total, "currency": "EUR"}, 6),
                ("Order Completed", {"order_id": f"o-{number}", "cart_id": f"k-{user}", "total": total, "currency": "EUR"}, 12),
                ("Order Delivered", {"order_id": f"o-{number}"}, 5),
                ("Survey Answered", {"survey": "nps", "score": dice.randint(0, 10)}, 4),
                ("Ticket Opened", {"ticket_id": f"t-{number}", "kind": "complaint"}, 2),
            ]
            name, properties, _ = dice.choices(what, [one[2] for one in what])[0]
            yield self.said(user, name, **properties)

    def _born(self) -> list[str]:
        return [row[0] for row in self.file.connection.execute("select raw from ids where raw like 'u:%'")]

    def poison(self) -> None:
        """One event that cannot be decided: a dead letter."""
        real = deciding.decide

        def decide(program: Any, controls: Any, profile: Any, given: Any, now: int, witness: Any = None) -> Any:
            if isinstance(given, Event) and given.name == "Product Viewed":
                raise ArithmeticError("a price that is no price")
            return real(program, controls, profile, given, now, witness)

        self.turn(*self.welcome(POISON))
        with patch.object(deciding, "decide", decide):
            self.turn(self.said(POISON, "Product Viewed", product_id="P-1", price=1.0))

    def close(self) -> None:
        self.seen.desk.close()
        self.file.close()
