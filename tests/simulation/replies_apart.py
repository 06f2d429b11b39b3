"""People who write back to partitions of different workers, and to one engine: both must understand the same.

What one partition passes on is carried in the records of the inputs topic, and has arrived before the next thing happens. A
partition that is opened again knows what its changelog says of who was written to, and nothing else of it.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.receipts import TEXTED
from orchestrator.domain.suppression import Listed, Word, follows, hashed
from orchestrator.insight.accepted import given_of
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes
from orchestrator.stores.kafka.inputs import brought, entry, heard, routed, texted
from orchestrator.stores.kafka.records import Entry, changelog_of, changes_of
from orchestrator.stores.memory import MemoryFile, MemoryStore
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import TRACE_SHOWN, SimulationError

KEY = b"0123456789abcdef"
START = 1_750_000_000_000
PARTITIONS, PEOPLE, NUMBERS, HAPPENS = 3, 6, 4, 60
Told = Counter[tuple[str, str, str]]
"""(who, event, topic) → how often it was decided."""


def program() -> Program:
    """A text to everyone who does something, on a topic that may be left."""
    steps = Steps("v", (Node("0", Send("t", ("sms",))),), 0)
    campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", cls="marketing", reentry=Reentry(0))
    topics = {name: Topic(name, assumed=True) for name in ("news", "offers")}
    return Program("p", Wheel("a", ("a",)), policies=Policies(topics), campaigns={"c": campaign})


@dataclass
class Side:
    """One engine, or one of several."""

    listed: dict[bytes, dict[bytes, Listed]] | None = None
    """The list that all workers share; an engine alone has one in its file."""
    number: int = 0
    file: MemoryFile = field(default_factory=MemoryFile)
    changelog: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.opened()

    def opened(self) -> None:
        """Begin with what is durable."""
        self.file.reached = dict(changes_of(0, self.changelog).reached)
        addresses = AddressList(KEY, self.find)
        outbox = Outbox()
        around = Surroundings(program(), OpenGovernor(), outbox, addresses=addresses)
        elsewhere = None if self.listed is None else lambda raw: home_of(raw, PARTITIONS) != self.number
        self.live = Live(Engine([_Logged(self.file.partition(0), self.changelog)], around, elsewhere=elsewhere), outbox)

    def find(self, address: bytes) -> list[Listed]:
        known = self.file.listed if self.listed is None else self.listed
        return list(known.get(address, {}).values())

    def turn(self, arrivals: Sequence[Arrival | Passed], now: int, words: Sequence[Word] = ()) -> None:
        """Decide, and accept everything that leaves."""
        turn = self.live.turn(arrivals, [], now, caught_up=True, words=words)
        answers = [Answered(one.key, Outcome(one.message_id, "accepted")) for one in turn.outgoing]
        self.live.turn([], answers, now, caught_up=True)


class _Logged:
    """A store that keeps its changelog."""

    def __init__(self, store: MemoryStore, changelog: list[Entry]) -> None:
        self._store, self._changelog = store, changelog

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, changes: list[Changes]) -> None:
        for one in changes:
            self._changelog += changelog_of(one)
        self._store.commit(changes)


class RepliesApart:
    """A world by its seed."""

    def __init__(self, seed: int) -> None:
        self.seed, self.rng, self.now = seed, random.Random(seed), START
        self.one = Side()
        self.listed: dict[bytes, dict[bytes, Listed]] = {}
        self.several = [Side(self.listed, number) for number in range(PARTITIONS)]
        self.under_way: deque[tuple[int, Entry]] = deque()
        self.trace: deque[str] = deque(maxlen=TRACE_SHOWN)

    def run(self) -> Told:
        """What was told of whom; raises SimulationError where the two differ."""
        try:
            several = Told()
            for number in range(HAPPENS):
                self.now += 1_000
                self._happens(number)
                one, several = told([self.one]), told(self.several)
                require(one == several, "I26", "one engine understands", one - several, "and several", several - one)
        except ViolationError as violation:
            raise SimulationError(self.seed, violation, list(self.trace), "--replies ") from violation
        return several

    def _happens(self, number: int) -> None:
        chance = self.rng.random()
        if chance < 0.5:
            self._event(number)
        elif chance < 0.7:
            self._say(self.rng.choice(("STOP", "START", "enough")))
        elif chance < 0.85:
            self._write(number)
        else:
            self.rng.choice(self.several).opened()

    def _event(self, number: int) -> None:
        """Somebody does something, by a device or known; people share numbers and change them."""
        person = self.rng.randrange(PEOPLE)
        known, device = self.rng.choice(((1, 0), (0, 1), (1, 1)))
        who = {"user_id": f"u{person}"} if known else {}
        who |= {"anonymous_id": f"d{person}"} if device else {}
        traits = {"phone": _number(self.rng.randrange(NUMBERS))}
        event = Event(f"m{number}", self.now, name="E", received_at=self.now, traits=traits, **who)
        self.trace.append(f"{self.now} {event}")
        self.one.turn([Arrival(0, event)], self.now)
        self._carry(list(routed(event, PARTITIONS)))

    def _say(self, said: str) -> None:
        scope = "marketing" if said == "enough" else "all"
        word = Word(self._address(), "sms", "stop", scope, self.now, "sms", said, said != "START")
        self.trace.append(f"{self.now} {word}")
        entries = follows(word, self.listed.get(word.address, {}).values())
        self.one.turn([], self.now, [word])
        self._carry(heard(entries, PARTITIONS, self.now))
        for one in entries:
            self.listed.setdefault(one.address, {})[one.name] = one

    def _write(self, number: int) -> None:
        address, event = self._address(), Event(f"t{number}", self.now, name=TEXTED, received_at=self.now)
        self.trace.append(f"{self.now} {address.hex()} {event}")
        self.one.live.engine.words.hear_text(address, event, self.now)
        self.one.turn([], self.now)
        self._carry([texted(address, event, PARTITIONS)])

    def _address(self) -> bytes:
        return hashed(KEY, "sms", _number(self.rng.randrange(NUMBERS)))

    def _carry(self, records: Sequence[tuple[int, Entry]]) -> None:
        self.under_way.extend(records)
        while self.under_way:
            number, (key, value) = self.under_way.popleft()
            side = self.several[number]
            side.turn([brought(key, value)], self.now)
            for passed in side.live.engine.take_passed():
                self.under_way.append((home_of(passed.to, PARTITIONS), entry(passed)))


def _number(of: int) -> str:
    return f"+4930123456{of}"


def told(sides: Sequence[Side]) -> Told:
    """Every event that is somebody's, by the name that they have in the end."""
    redirects = {old: new for side in sides for old, new in side.file.redirects.items()}
    found: Told = Counter()
    for side in sides:
        for row in side.file.journal:
            given = given_of(row.given) if row.key else None
            if isinstance(given, Event) and given.name != "E":
                raw = f"u:{given.user_id}" if given.user_id is not None else f"a:{given.anonymous_id}"
                found[redirects.get(raw, raw), given.name, str(given.properties.get("topic", ""))] += 1
    return found
