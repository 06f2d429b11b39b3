"""What customers do in one simulated world: events with their times of sending, some late, some sent twice."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import msgspec

from orchestrator.domain.input import Event
from tests.simulation.programs import HOUR, MINUTE, START, THING

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", None, None)
NAMES = ("Added", "Added", "Added", "Ordered", "Ordered", "Viewed", "Viewed", "Emptied", "Consent Given", "Consent Withdrawn")

TASKS = (("coupon", "call"), ("calls", "call"), ("calls", "leads"), ("quick", "2-quick"), ("calls", "no such"))
DATES = {
    "birthday": ("1990-03-28", "1990-03-29", "2000-02-29", "1985-03-30", "1985-03-31", None),
    "renews": ("2026-03-29T02:30:00+01:00", "2026-03-30", "2026-03-31T12:00:00Z", "2026-03-29", "soon"),
}


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery of an event by its emitter; `insists`: repeated until acknowledged."""

    at: int
    event: Event
    insists: bool = True


@dataclass(slots=True)
class Person:
    name: str
    device: str
    known_from: int
    traits: dict[str, object]


def _people(rng: Random, start: int, span: int) -> list[Person]:
    found = []
    for number in range(rng.randrange(3, 6)):
        zone = rng.choice(ZONES)
        traits: dict[str, object] = {"timezone": zone} if zone else {}
        if rng.random() < 0.9:
            traits["email"] = f"p{number}@example.org"
        if rng.random() < 0.7:
            traits["phone"] = f"+49301234567{number}"
        known_from = rng.choice((0, 0, rng.randrange(span)))
        found.append(Person(f"p{number}", f"d{number}", start + known_from, traits))
    return found


def _properties(rng: Random, name: str, people: list[Person]) -> dict[str, object]:
    if name.startswith("Consent"):
        found: dict[str, object] = {"topic": rng.choice(("offers", "orders", "news"))}
        if rng.random() < 0.5:
            found["channel"] = rng.choice(("email", "sms"))
        return found
    found = {"cart": rng.choice(("c1", "c2"))}
    if rng.random() < 0.6:
        found["friend"] = rng.choice(people).name
    if name == "Viewed" and rng.random() < 0.15:
        found["poison"] = True
    return found


def _event(rng: Random, number: int, at: int, people: list[Person], together: float) -> Event:
    """What one person does; `together`: how often under both ids, which makes them one."""
    person, name = rng.choice(people), rng.choice(NAMES)
    known = at >= person.known_from and rng.random() < 0.75
    both = known and rng.random() < together
    late = rng.randrange(30 * HOUR) if rng.random() < 0.1 else rng.randrange(2_000)
    properties = _properties(rng, name, people)
    if name == "Consent Given" and number % 2:
        name = "Consent Confirmed"
    elif name == "Viewed" and number % 7 == 0 and "poison" not in properties:
        name, properties = "Marketing Snoozed", {"days": number % 3}
    return Event(
        message_id=f"e{number}",
        occurred_at=at - late,
        name=name,
        user_id=person.name if known else None,
        anonymous_id=person.device if both or not known else None,
        source="sim",
        properties=properties,
        traits=person.traits if rng.random() < 0.6 else {"left": True} if rng.random() < 0.05 else {},
    )


def _thing(rng: Random, number: int, at: int, people: list[Person]) -> Event:
    late = rng.choice((0, 0, rng.randrange(2_000), rng.randrange(6 * HOUR)))
    properties = _properties(rng, THING, people)
    return Event(f"e{number}", at - late, name=THING, source="sim", properties=properties)


def _joining(rng: Random, number: int, at: int, people: list[Person]) -> Event:
    """A device turns out to be somebody's while a round is under way."""
    person = rng.choice(people)
    return Event(f"j{number}", at, name="Emptied", user_id=person.name, anonymous_id=person.device, source="sim")


def _dated(rng: Random, event: Event) -> Event:
    """Now and then somebody tells, corrects or takes back a date, or moves to another zone."""
    if rng.random() > 0.7:
        return event
    traits = dict(event.traits)
    for name, days in DATES.items():
        if rng.random() < 0.5:
            traits[name] = rng.choice(days)
    if rng.random() < 0.2:
        traits["timezone"] = rng.choice(ZONES[:3])
    return msgspec.structs.replace(event, traits=traits)


def _done(rng: Random, event: Event) -> Event:
    """Now and then somebody says that a task is done, whether there is one or not."""
    if rng.random() > 0.2:
        return event
    campaign, step = rng.choice(TASKS)
    return msgspec.structs.replace(event, name="Task Done", properties={"campaign": campaign, "step": step})


def sendings(rng: Random, count: int, *, things: bool = False, dates: bool = False, tasks: bool = False) -> list[Sending]:
    """Everything that is sent, in no order: bursts over a day and a half.

    `things`: events that happen to nobody too; `dates`: traits that hold some; `tasks`: some are said to be done.
    """
    span = rng.choice((2 * HOUR, 12 * HOUR, 36 * HOUR))
    at = START + rng.randrange(24 * HOUR)
    people = _people(rng, at, span)
    found = []
    for number in range(count):
        at += rng.randrange(40) if rng.random() < 0.4 else rng.randrange(max(1, 2 * span // count))
        if things and number and rng.random() < 0.25:
            event = _thing(rng, number, at, people)
        else:
            event = _event(rng, number, at, people, together=0.05 if things else 0.4)
        event = _dated(rng, event) if dates else event
        event = _done(rng, event) if tasks else event
        found.append(Sending(at, event))
        if event.name == THING and rng.random() < 0.7:
            soon = at + rng.randrange(20 * MINUTE)
            found.append(Sending(soon, _joining(rng, number, soon, people)))
        if rng.random() < 0.15:
            later = rng.choice((rng.randrange(300), rng.randrange(6 * HOUR), 20 * MINUTE))
            found.append(Sending(at + later, event, insists=False))
    return found
