"""Workers on a real broker that are killed while anonymous ids turn out to be known ones, in crossing claims across partitions.

    uv run python tests/integration/storm_identities.py --links 10000 --kills 20

Every event must be decided exactly once, every device must lead to one of those who claimed it, for all homes to the same,
every order must be counted once, with its owner; every profile's rows must decide again to the same bytes; no marketing message
may have been attempted while a device was on its way, and none may have left twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from orchestrator.authoring import load_program
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Adopt, Event, Link
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of
from orchestrator.partition.engine import home_of
from orchestrator.partition.ports import JournalRow
from tests.integration.driving import drive, lone_broker
from tests.integration.kafka_judge import emitted, journal_of, restored
from tests.integration.workers import PARTITIONS, PATIENCE_S, Place, Worker, governed, sent

CROWD = 64
"""Devices that are at it at once."""
USERS_A_LINK = 5
"""Links for each known customer."""
SHARED, ASTRAY = 0.2, 0.1
"""How often a device has two who claim it, and an event goes to another partition than its home."""
BURST = 200
STILL = 3
"""Looks in a row at which every input must be decided: what is passed on is an input again."""


@dataclass
class Storm:
    """What is emitted, in order, and what must come of it. `claims`: device → who claims it."""

    links: int
    seed: int
    events: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str, list[str]] = field(default_factory=dict)
    orders: Counter[str] = field(default_factory=Counter)
    """raw id that ordered → how often"""

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        users = max(2, self.links // USERS_A_LINK)
        for number in range(users):
            traits = {"email": f"user-{number}@shop.example", "first_name": f"user-{number}"}
            self._emit({"type": "identify", "userId": f"user-{number}", "traits": traits})
        waiting = iter([list(self._device(chance, number, users)) for number in range(self.links)])
        crowd = list(islice(waiting, CROWD))
        while crowd:
            at = chance.randrange(len(crowd))
            self._emit(crowd[at].pop(0))
            if not crowd[at]:
                crowd[at : at + 1] = [more] if (more := next(waiting, None)) is not None else []

    def _device(self, chance: random.Random, number: int, users: int) -> Iterator[dict[str, Any]]:
        """It is somebody's, perhaps two people's at once; before and after it acts alone."""
        device = f"device-{number}"
        owners = chance.sample(range(users), 2 if chance.random() < SHARED else 1)
        self.claims[device] = [f"user-{owner}" for owner in owners]
        if chance.random() < 0.8:
            yield self._act(chance, anonymousId=device)
        for owner in owners:
            yield self._act(chance, anonymousId=device, userId=f"user-{owner}")
        for _ in range(chance.choice((0, 0, 1, 2))):
            yield self._act(chance, anonymousId=device)

    def _act(self, chance: random.Random, **who: str) -> dict[str, Any]:
        if chance.random() < 0.9:
            return {"type": "track", "event": "Reminded", "properties": {"order_id": "O"}, **who}
        self.orders[f"u:{who['userId']}" if "userId" in who else f"a:{who['anonymousId']}"] += 1
        order = f"O-{self.orders.total()}"
        return {"type": "track", "event": "Order Completed", "properties": {"order_id": order, "total": 10.5}, **who}

    def _emit(self, event: dict[str, Any]) -> None:
        self.events.append({"messageId": f"m{len(self.events)}", **event})


@dataclass
class Blowing:
    """Gives the events to the broker, in bursts, in a thread of its own."""

    place: Place
    storm: Storm
    pause_s: float
    given: int = 0

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.thread.start()

    async def _run(self) -> None:
        chance = random.Random(self.storm.seed)
        producer = AIOKafkaProducer(bootstrap_servers=self.place.brokers, enable_idempotence=True)
        await producer.start()
        for at in range(0, len(self.storm.events), BURST):
            for event in self.storm.events[at : at + BURST]:
                raw = f"u:{event['userId']}" if "userId" in event else f"a:{event['anonymousId']}"
                home = chance.randrange(PARTITIONS) if chance.random() < ASTRAY else home_of(raw, PARTITIONS)
                await producer.send(self.place.topic, json.dumps(event).encode(), key=raw.encode(), partition=home)
                self.given += 1
            await producer.flush()
            await asyncio.sleep(self.pause_s)
        await producer.stop()


@dataclass
class Found:
    """What the topics say in the end."""

    program: Program
    decided: Counter[str] = field(default_factory=Counter)
    """message id of an emitter → how often it was decided"""
    orders: dict[str, int] = field(default_factory=dict)
    """raw id of a profile → its orders"""
    redirects: list[dict[str, str]] = field(default_factory=list)
    """of each partition"""
    rows: int = 0
    links: int = 0
    adopted: int = 0
    sent: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def broken(self, what: str, which: str) -> None:
        self.wrong.setdefault(what, []).append(which)


def read(place: Place, storm: Storm) -> Found:
    """Read all topics back, decide everything again, and look whether every link is honoured."""
    found = Found(load_program(place.workspace))
    for number in range(PARTITIONS):
        rows = journal_of(place, number)
        found.rows += len(rows)
        found.decided.update(emitted(rows.values()))
        of_key = Counter(row.key for row in rows.values())
        with restored(place, number) as cache:
            store = cache.file.partition(0)
            found.redirects.append({d: to for d in storm.claims if (to := store.redirect(f"a:{d}")) is not None})
            for key, stored in cache.file.every_profile():
                _profile(found, stored.raw, stored.sealed, _history(rows, stored.last_seq), of_key[key])
    _links(found, storm)
    times = Counter(one["message_id"] for one in sent(place) if one["campaign"] != "receipt")
    found.sent = times.total()
    for ident in (ident for ident, number in times.items() if number > 1):
        found.broken("sent twice", ident)
    return found


def _history(rows: dict[int, JournalRow], last: int) -> list[JournalRow]:
    found = []
    while last in rows:
        found.append(rows[last])
        last = rows[last].prev_seq
    return found[::-1]


def _profile(found: Found, raw: str, sealed: bytes, history: list[JournalRow], rows: int) -> None:
    """Decide its rows again; no marketing while a device is on its way."""
    profile = unseal(sealed)
    if len(history) != rows:
        found.broken("gaps", raw)
        return
    first = given_of(history[0].given)
    again = newcomer(found.program, history[0].clock, raw_id(first) if isinstance(first, Event) else raw)
    for row in history:
        given = given_of(row.given)
        match given:
            case Link():
                found.links += 1
            case Adopt():
                found.adopted += bool(given.raw and given.state)
            case _:
                pass
        decision, encoded, _ = decide(found.program, Controls(), again, given, row.clock)
        marketing = any(one.state == "attempting" and one.cls == "marketing" for one in decision.messages)
        if marketing and any(row.clock < link.until for link in again.links.values()):
            found.broken("attempted too soon", raw)
        if encoded != row.decision:
            found.broken("differs", f"{raw} row {row.seq}")
    if profile.links:
        found.broken("never answered", f"{raw} {list(profile.links)}")
    if profile.planned != sum(profile.tally.values()) + len(profile.messages):
        found.broken("unbalanced", raw)
    if raw in found.orders:
        found.broken("two profiles", raw)
    found.orders[raw] = profile.folds.get("orders", 0)


def _links(found: Found, storm: Storm) -> None:
    """Every device leads to one of its claimants, for all of them to the same; every order is with who owns it."""
    expected: Counter[str] = Counter()
    for device, users in storm.claims.items():
        raw = f"a:{device}"
        owner = found.redirects[home_of(raw, PARTITIONS)].get(device)
        said = {found.redirects[home_of(f"u:{user}", PARTITIONS)].get(device) for user in users}
        if owner not in {f"u:{user}" for user in users} or said != {owner} or raw in found.orders:
            found.broken("links", f"{device} of {users}: {owner}, they say {said}")
            continue
        assert owner is not None
        expected[owner] += storm.orders[raw]
    for raw, number in storm.orders.items():
        if raw.startswith("u:"):
            expected[raw] += number
    for raw in expected.keys() | found.orders.keys():
        if expected[raw] != found.orders.get(raw, 0):
            found.broken("orders", f"{raw} has {found.orders.get(raw)}, ordered {expected[raw]}")
    for event in storm.events:
        if found.decided[event["messageId"]] != 1:
            found.broken("decided", f"{event['messageId']} {found.decided[event['messageId']]} times")


@dataclass(frozen=True)
class Ran:
    found: Found
    storm: Storm
    seconds: float
    killed: int


def run(brokers: str, folder: Path, links: int, kills: int, seed: int = 1, *, pause_s: float = 0.2) -> Ran:
    """Two workers in the storm, one killed after another, each replaced."""
    place = Place(brokers, folder)
    with governed(place):
        return _run(place, Storm(links, seed), kills, pause_s)


def _run(place: Place, storm: Storm, kills: int, pause_s: float) -> Ran:
    chance, links = random.Random(storm.seed), storm.links
    workers, killed = [Worker(place, 0), Worker(place, 1)], 0
    try:
        workers[0].ready()
        begun = time.monotonic()
        blowing = Blowing(place, storm, pause_s)
        while killed < kills or blowing.thread.is_alive():
            time.sleep(0.5 + chance.random() * 3)
            if killed < kills:
                victim = chance.randrange(2)
                workers[victim].kill()
                workers[victim], killed = Worker(place, victim), killed + 1
        _rest(place, workers, PATIENCE_S + links / 5)
        seconds = time.monotonic() - begun
        codes = [worker.terminate() for worker in workers]
        assert codes == [0, 0], [worker.said() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    return Ran(read(place, storm), storm, seconds, killed)


def _rest(place: Place, workers: list[Worker], patience_s: float) -> None:
    """Wait until every input is decided; while they are not, say how far they are."""
    still, end = 0, time.monotonic() + patience_s
    while still < STILL:
        far = [worker.page("ready")[1] for worker in workers]
        sys.stderr.write(f"{end - time.monotonic():.0f} s left, next inputs {far}\n")
        assert time.monotonic() < end, [f"waited {patience_s:g} s for all inputs", far, *(worker.said() for worker in workers)]
        still = still + 1 if place.drained() else 0
        time.sleep(1)


def driven(folder: Path, links: int, kills: int, seed: int) -> dict[str, object]:
    """Run, and give the figures."""
    with lone_broker(folder / "broker") as running:
        ran = run(running.address, folder / "run", links, kills, seed)
    found, shared = ran.found, sum(len(users) > 1 for users in ran.storm.claims.values())
    told: dict[str, object] = {"events": len(ran.storm.events), "devices": len(ran.storm.claims), "claimed by two": shared}
    told |= {"links": found.links, "adopted from elsewhere": found.adopted, "rows": found.rows, "kills": ran.killed}
    told |= {"offers": found.sent, "seconds in the storm": round(ran.seconds, 1), "orders": ran.storm.orders.total()}
    return {**told, "wrong": {what: (len(which), which[:5]) for what, which in found.wrong.items()}}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, links=10_000, kills=20, seed=1))
