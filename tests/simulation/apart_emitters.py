"""Storms of identity: customers with devices in several partitions, log-ins at one instant, and devices that are shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import msgspec

from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import Event
from tests.simulation.programs import HOUR, MINUTE, START, THING

NAMES = ("Added", "Added", "Ordered", "Viewed", "Viewed", "Emptied", "Consent Given", "Consent Withdrawn")


@dataclass(frozen=True, slots=True)
class Said:
    """One record that an emitter gives to the broker; `again`: it has done so before."""

    at: int
    event: Event
    again: bool = False


@dataclass(slots=True)
class Storm:
    sendings: list[Said]
    claims: dict[str, list[str]]
    """anonymous raw id → the known ones that claim it, in the order of sending"""
    things: dict[str, int]
    """event about a thing → the partition that hears of it first"""
    astray: float
    """How often an emitter does not know the home of an id."""

    @property
    def contested(self) -> int:
        """Anonymous ids that several claim."""
        return sum(len(set(users)) > 1 for users in self.claims.values())

    def place(self, rng: Random, sending: Said, home: Callable[[str], int], partitions: int) -> int:
        """The partition that this record goes to."""
        if about_a_thing(sending.event):
            return self.things.setdefault(sending.event.message_id, rng.randrange(partitions))
        return rng.randrange(partitions) if rng.random() < self.astray else home(raw_id(sending.event))


def storm(rng: Random, *, things: bool) -> Storm:
    """Everything that is emitted: devices alone, customers alone, and both, in bursts."""
    span = rng.choice((MINUTE, 20 * MINUTE, 6 * HOUR))
    at, count = START + rng.randrange(24 * HOUR), rng.choice((8, 20, 40))
    users, devices = [f"u{n}" for n in range(rng.randrange(2, 6))], [f"d{n}" for n in range(rng.randrange(2, 9))]
    shared = rng.choice((0.0, 0.0, 0.3))
    owner = {device: rng.choice(users) for device in devices}
    found: list[Said] = []
    claims: dict[str, list[str]] = {}
    for number in range(count):
        at += rng.randrange(3) if rng.random() < 0.6 else rng.randrange(max(1, 2 * span // count))
        if things and number and rng.random() < 0.1:
            found.append(Said(at, Event(f"e{number}", at, name=THING, source="sim", properties={"cart": "c1"})))
            continue
        device = rng.choice(devices)
        user = rng.choice(users) if rng.random() < shared else owner[device]
        event = _event(rng, number, at, user, device)
        found.append(Said(at, event))
        if event.user_id is not None and event.anonymous_id is not None:
            claims.setdefault(f"a:{event.anonymous_id}", []).append(f"u:{event.user_id}")
        if rng.random() < 0.15:
            found.append(Said(at + rng.choice((rng.randrange(300), rng.randrange(HOUR))), event, again=True))
    found.sort(key=lambda one: one.at)
    return Storm(found, claims, {}, rng.choice((0.0, 0.2)))


def _event(rng: Random, number: int, at: int, user: str, device: str) -> Event:
    who = rng.choices(("device", "user", "both"), (5, 2, 3))[0]
    name = rng.choice(NAMES)
    properties: dict[str, object] = {"cart": rng.choice(("c1", "c2"))}
    if name.startswith("Consent"):
        properties = {"topic": rng.choice(("offers", "orders", "news"))}
    elif rng.random() < 0.3:
        properties["friend"] = user
    event = Event(
        f"e{number}",
        at - rng.randrange(2_000),
        name=name,
        user_id=None if who == "device" else user,
        anonymous_id=None if who == "user" else device,
        source="sim",
        properties=properties,
    )
    traits = {"email": f"{user}@example.org", "phone": f"+49{user[1:]}"}
    return msgspec.structs.replace(event, traits=traits) if rng.random() < 0.7 else event
