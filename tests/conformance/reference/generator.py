"""Seeded workspaces and logs: small, valid, and crowded in time so that instants coincide."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.conformance.reference.times import DAY, HOUR, MINUTE, instant, iso

STARTS = ("2024-03-28T06:00:00Z", "2024-10-25T06:00:00Z", "2024-03-08T09:00:00Z", "2024-06-10T00:00:00Z")
"""Clocks change in Europe on 31 March and 27 October, in New York on 10 March."""
STEP = 30 * MINUTE
TOPICS = ("news", "offers")
CHANNELS = ("email", "sms")
STAGES = ("new", "warm", "hot")
OUTSIDE = "gone"
SHORT = ("30m", "1h", "2h", "90m", "5h")
LONG = ("6h", "12h", "1d", "36h", "2d")

EVENTS: dict[str, dict[str, Any]] = {
    "Bought": {
        "keys": {"order": "properties.order_id", "product": "properties.products[].product_id"},
        "properties": {
            "type": "object",
            "required": ["order_id", "total"],
            "properties": {
                "order_id": {"type": "string"},
                "total": {"type": "number"},
                "products": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"product_id": {"type": "string"}, "quantity": {"type": "number"}},
                    },
                },
            },
        },
        "sample": {"order_id": "o1", "total": 5},
    },
    "Carted": {
        "keys": {"cart": "properties.cart_id", "order": "properties.order_id"},
        "properties": {
            "type": "object",
            "required": ["total"],
            "properties": {"cart_id": {"type": "string"}, "order_id": {"type": "string"}, "total": {"type": "number"}},
        },
        "sample": {"cart_id": "c1", "total": 5},
    },
    "Emptied": {
        "keys": {"cart": "properties.cart_id"},
        "properties": {"type": "object", "required": ["cart_id"], "properties": {"cart_id": {"type": "string"}}},
        "sample": {"cart_id": "c1"},
    },
    "Opened": {
        "keys": {"ticket": "properties.ticket_id"},
        "properties": {"type": "object", "required": ["ticket_id"], "properties": {"ticket_id": {"type": "string"}}},
        "sample": {"ticket_id": "t1"},
    },
    "Closed": {
        "keys": {"ticket": "properties.ticket_id"},
        "properties": {"type": "object", "required": ["ticket_id"], "properties": {"ticket_id": {"type": "string"}}},
        "sample": {"ticket_id": "t1"},
    },
    "Rated": {
        "properties": {"type": "object", "required": ["score"], "properties": {"score": {"type": "number"}}},
        "sample": {"score": 5},
    },
    "Told": {
        "properties": {"type": "object", "properties": {"friend": {"type": "string"}, "score": {"type": "number"}}},
        "sample": {},
    },
}
KEYED = {"Bought": "order", "Carted": "cart", "Emptied": "cart", "Opened": "ticket", "Closed": "ticket"}
SHARED = {"order": ("Bought", "Carted"), "cart": ("Carted", "Emptied"), "ticket": ("Opened", "Closed"), "product": ("Bought",)}
OUTSIDE_EVENTS = ("Bought", "Carted", "Emptied", "Opened", "Closed", "Rated")

FEATURES: dict[str, dict[str, Any]] = {
    "orders": {"count": "Bought"},
    "big_orders": {"count": "Bought", "if": {">=": [{"var": "event.properties.total"}, 50]}},
    "spent": {"sum": "properties.total", "of": "Bought"},
    "spent_2d": {"sum": "properties.total", "of": "Bought", "over": "2d"},
    "orders_1d": {"count": "Bought", "over": "1d"},
    "orders_40d": {"count": "Bought", "over": "40d"},
    "first_total": {"first": "properties.total", "of": "Bought"},
    "last_score": {"last": "properties.score", "of": "Rated"},
    "least": {"min": "properties.total", "of": "Bought"},
    "most": {"max": "properties.total", "of": "Bought"},
    "mean": {"mean": "properties.total", "of": "Bought"},
    "carts": {"distinct": "cart", "of": "Carted"},
    "days": {"days_since": "Bought"},
    "open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"},
    "products": {"values": "product", "of": "Bought", "at_most": 50},
}


def var(name: str, default: Any = None) -> dict[str, Any]:
    return {"var": f"profile.features.{name}" if default is None else [f"profile.features.{name}", default]}


FACTS: tuple[dict[str, Any], ...] = (
    {">=": [var("orders"), 1]},
    {">=": [var("orders"), 2]},
    {"==": [var("orders"), 1]},
    {"<": [var("spent"), 120]},
    {">": [var("spent_2d"), 40]},
    {"==": [var("orders_1d"), 0]},
    {">=": [var("orders_40d"), 2]},
    {">": [var("first_total", 0), 30]},
    {"<=": [var("last_score", 10), 6]},
    {">": [var("last_score", 10), 3]},
    {">=": [var("most", 0), 60]},
    {"<": [var("least", 0), 20]},
    {">": [var("mean", 0), 35]},
    {">=": [var("carts"), 2]},
    {"<": [var("days", 9), 1]},
    {"==": [var("open"), 0]},
    {">": [var("open"), 0]},
    {"in": ["p1", var("products")]},
    {"==": [{"var": "stage.current"}, "warm"]},
    {"in": [{"var": "stage.current"}, ["new", "hot"]]},
    {"==": [{"var": "stage.previous"}, "new"]},
    {">=": [{"var": "stage.turns"}, 1]},
    {"in": ["buyers", {"var": "profile.segments"}]},
    {"segment": "calm"},
    {"or": [{">": [var("big_orders"), 0]}, {"==": [var("open"), 0]}]},
)


def event_rule(random: Random, name: str) -> dict[str, Any] | None:
    """A condition on an event of that name, or none."""
    if name in {"Bought", "Carted"}:
        return {">=": [{"var": "event.properties.total"}, random.choice([20, 40, 60])]}
    if name == "Rated":
        return {random.choice(["<=", ">"]): [{"var": "event.properties.score"}, random.choice([3, 6])]}
    return None


class Maker:
    """One seed's workspace and log."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.start = instant(self.random.choice(STARTS))

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def case(self) -> dict[str, Any]:
        random = self.random
        self.hot = random.sample(OUTSIDE_EVENTS, random.choice([1, 2, 6]))
        names = [f"c{number}" for number in range(random.randint(1, 5))]
        campaigns = {name: self.campaign(name) for name in names}
        files: dict[str, Any] = {
            "wheel.yaml": self.wheel(),
            "profile.yaml": {
                "traits": {"type": "object", "properties": {"timezone": {"type": "string"}, "flag": {"type": "boolean"}}},
                "features": FEATURES,
            },
            "segments.yaml": {
                "buyers": {"if": {">=": [var("orders"), 1]}},
                "calm": {"if": [{"==": [var("open"), 0]}, {">": [var("last_score", 10), 6]}]},
            },
            "policies.yaml": self.policies(campaigns),
            "tables/holidays.csv": "date,name\n" + "".join(f"{iso(self.start + days * DAY)[:10]},Rest\n" for days in (2, 4)),
        }
        files |= {f"events/{name.lower()}.yaml": {"event": name, **event} for name, event in EVENTS.items()}
        files |= {f"campaigns/{name}.yaml": campaign for name, campaign in campaigns.items()}
        return {"files": files, "logs": [self.log()], "until": iso(self.start + 6 * DAY)}

    # workspace

    def wheel(self) -> dict[str, Any]:
        places = [*STAGES, OUTSIDE]
        transitions = []
        for _ in range(self.random.randint(2, 6)):
            name = self.random.choice(OUTSIDE_EVENTS)
            pattern: dict[str, Any] = {"event": name}
            if self.maybe(0.4):
                pattern = {"without": name, "for": self.random.choice([*SHORT, *LONG])}
            elif self.maybe(0.3) and (rule := event_rule(self.random, name)):
                pattern["if"] = rule
            source = self.random.choice([self.random.choice(places), self.random.sample(places, 2)])
            transition = {"from": source, "to": self.random.choice(places), "on": pattern}
            if self.maybe(0.35):
                transition["if"] = self.rule()
            if self.maybe(0.2):
                transition["turn"] = True
            transitions.append(transition)
        return {"start": "new", "stages": list(STAGES), "outside": [OUTSIDE], "transitions": transitions}

    def rule(self) -> Any:
        rules = self.random.sample(FACTS, self.random.choice([1, 1, 1, 2]))
        return rules[0] if len(rules) == 1 else rules

    def policies(self, campaigns: dict[str, Any]) -> dict[str, Any]:
        random = self.random
        caps = [
            {"at_most": random.randint(1, 3), "per": random.choice(["1h", "6h", "1d", "2d"]), "class": "marketing"},
            {"at_most": 1, "per": random.choice(["2h", "1d"]), "channel": random.choice(CHANNELS)},
            {"at_most": random.randint(1, 2), "per": random.choice(["12h", "2d"]), "topic": random.choice(TOPICS)},
        ]
        found: dict[str, Any] = {
            "topics": {topic: {"consent": random.choice(["asked", "assumed", "assumed"])} for topic in TOPICS},
            "caps": random.sample(caps, random.randint(0, 3)),
            "expires": {"marketing": random.choice(["2h", "12h", "24h", "48h"]), "transactional": "72h"},
            "trigger_max_age": random.choice(["1h", "6h", "24h"]),
            "transactional": [name for name, campaign in campaigns.items() if campaign.get("class") == "transactional"],
            "default_locale": "en",
        }
        if self.maybe(0.6):
            found["quiet"] = {
                "sms": random.choice(["21:00-09:00", "00:00-07:30", "12:00-13:00"]),
                "email": random.choice(["none", "22:00-06:00"]),
            }
            if self.maybe(0.4):
                found["quiet"]["days_off"] = "tables/holidays.csv"
        if self.maybe(0.5):
            found["zone"] = random.choice(["Europe/Rome", "America/New_York", "Asia/Kolkata"])
        if self.maybe(0.3):
            found["control_group"] = random.choice(["10%", "30%"])
        if self.maybe(0.6):
            found["holds"] = {"trouble": self.hold(list(campaigns))}
            if self.maybe(0.4):
                found["holds"]["again"] = self.hold(list(campaigns))
        return found

    def hold(self, names: list[str]) -> dict[str, Any]:
        hold: dict[str, Any] = {"if": self.rule(), "stops": self.random.choice(["marketing", ["news"], ["offers"]])}
        if self.maybe(0.5):
            hold["for"] = self.random.choice(["2h", "12h", "1d"])
        if self.maybe(0.3):
            hold["except"] = [self.random.choice(names)]
        return hold

    def campaign(self, name: str) -> dict[str, Any]:  # noqa: C901 - one chance a setting
        random = self.random
        transactional = self.maybe(0.15)
        found: dict[str, Any] = {"campaign": name, "stage": random.choice(STAGES)}
        if transactional:
            found["class"] = "transactional"
        else:
            found["topic"] = random.choice(TOPICS)
        if self.maybe(0.4):
            found["priority"] = random.choice(["low", "normal", "high"])
        found["on"] = on = self.trigger()
        first = on[0] if isinstance(on, list) else on
        key = None if isinstance(on, list) else on.get("each") or on.get("key")
        if self.maybe(0.3):
            found["if"] = self.rule()
        if self.maybe(0.2):
            found["while"] = self.rule()
        if self.maybe(0.3):
            found["again"] = "restart"
        found["reentry"] = random.choice(
            ["once", "always", "always", {"after": random.choice(LONG)}, {"after": random.choice(SHORT), "per": "profile"}]
        )
        if not transactional and self.maybe(0.25):
            found["holdout"] = random.choice(["10%", "50%"])
        if self.maybe(0.4):
            found["goal"] = self.ending(key) | ({"within": random.choice([*SHORT, *LONG])} if self.maybe(0.6) else {})
            if self.maybe(0.2):
                found["goal"]["stay"] = True
        if self.maybe(0.4):
            found["exit"] = [self.ending(key)]
        if self.maybe(0.15):
            found["active"] = {"from": iso(self.start + random.randint(0, 20) * STEP)}
            if self.maybe(0.5):
                found["active"]["until"] = iso(self.start + random.randint(40, 120) * STEP)
        self.sends = 0
        found["then"] = self.steps(name, key, first, depth=0)
        return found

    def trigger(self) -> Any:
        pattern = self.pattern()
        if self.maybe(0.15):
            other = {"event": self.random.choice(OUTSIDE_EVENTS)}
            return [{"event": pattern.get("event", "Bought")}, other]
        return pattern

    def pattern(self) -> dict[str, Any]:
        random = self.random
        kind = random.random()
        if kind < 0.15:
            return {"stage": random.choice([random.choice(STAGES), [*random.sample(STAGES, 2)]])}
        name = random.choice(self.hot)
        if kind < 0.3:
            return {"without": name, "for": random.choice([*SHORT, *LONG])}
        if kind < 0.37:
            return {"event": "Told"}
        found: dict[str, Any] = {"event": name}
        if name == "Bought" and self.maybe(0.4):
            found["each"] = "product"
        elif name in KEYED and self.maybe(0.6):
            found["key"] = KEYED[name]
        if self.maybe(0.25) and (rule := event_rule(random, name)):
            found["if"] = rule
        return found

    def ending(self, key: str | None) -> dict[str, Any]:
        """A pattern that ends or answers a run; by the run's key where it has one."""
        random = self.random
        if self.maybe(0.12):
            return {"stage": random.choice(STAGES)}
        if key is not None and self.maybe(0.6):
            return {"event": random.choice(SHARED[key]), "key": key}
        name = random.choice(OUTSIDE_EVENTS)
        found: dict[str, Any] = {"event": name}
        if self.maybe(0.25) and (rule := event_rule(random, name)):
            found["if"] = rule
        return found

    def steps(self, name: str, key: str | None, first: dict[str, Any], depth: int) -> list[Any]:
        random = self.random
        found = [self.step(name, key, first, depth) for _ in range(random.randint(1, 3 if depth else 4))]
        if depth == 0 and not self.sends:
            found.append(self.send(name, key, first, depth))
        return found

    def step(self, name: str, key: str | None, first: dict[str, Any], depth: int) -> dict[str, Any]:
        random = self.random
        kind = random.random()
        if kind < 0.42 or depth > 1:
            return self.send(name, key, first, depth)
        self.sends += 1
        number = f"s{self.sends}"
        if kind < 0.68:
            return {"id": number, "wait": self.wait()}
        if kind < 0.8:
            pattern = self.ending(key) | {"within": random.choice([*SHORT, *LONG])}
            step: dict[str, Any] = {"id": number, "wait_for": pattern}
            return step | self.sides(name, key, first, depth)
        if kind < 0.88:
            branches: list[dict[str, Any]] = [{"if": self.rule(), "then": self.steps(name, key, first, depth + 1)}]
            if self.maybe(0.5):
                branches.append({"else": self.steps(name, key, first, depth + 1)})
            return {"id": number, "branch": branches}
        if kind < 0.94:
            weight = random.choice([20, 50, 70])
            arms = {
                "a": {"weight": weight, "then": self.steps(name, key, first, depth + 1)},
                "b": {"weight": 100 - weight, "then": self.steps(name, key, first, depth + 1)},
            }
            return {"split": f"{name}-{number}", "arms": arms}
        return random.choice(
            [
                {"id": number, "emit": {"event": "Told", "properties": {"score": 1}}},
                {"id": number, "emit": {"event": "Told", "to": random.choice(["u1", "u2", "stranger"])}},
                {"id": number, "move_to": random.choice([*STAGES, OUTSIDE])},
                {"id": number, "set": {"traits.flag": True}},
            ]
        )

    def wait(self) -> Any:
        random = self.random
        plain = random.choice([*SHORT, *LONG])
        return random.choice(
            [
                plain,
                plain,
                {"for": plain, "at": random.choice(["10:00", "02:30", "21:00"])},
                {"at": random.choice(["09:00", "12:30"])},
                {
                    "until": iso(self.start + random.randint(0, 150) * STEP),
                    "past": random.choice(["continue", "exit"]),
                },
                {"until": iso(self.start + random.randint(0, 150) * STEP), "plus": random.choice(["-2h", "1h"])},
            ]
        )

    def send(self, name: str, key: str | None, first: dict[str, Any], depth: int) -> dict[str, Any]:
        random = self.random
        self.sends += 1
        send: dict[str, Any] = {"template": f"{name}-t{self.sends}"}
        if self.maybe(0.5):
            send["prefer"] = random.sample(CHANNELS, 2)
        else:
            send["channel"] = random.choice(CHANNELS)
        if self.maybe(0.5):
            send["expires"] = random.choice([*SHORT, *LONG])
        step: dict[str, Any] = {"send": send}
        return step | (self.sides(name, key, first, depth) if self.maybe(0.15) else {})

    def sides(self, name: str, key: str | None, first: dict[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.maybe(0.6):
            found["then"] = self.steps(name, key, first, depth + 1)
        if self.maybe(0.4):
            found["else"] = ["exit"] if self.maybe(0.5) else self.steps(name, key, first, depth + 1)
        return found

    # log

    def log(self) -> list[dict[str, Any]]:
        random = self.random
        people = [f"u{number}" for number in range(1, random.randint(2, 6) + 1)]
        events: list[dict[str, Any]] = []
        for person in people:
            if self.maybe(0.5):
                zone = random.choice(["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "UTC"])
                events.append({"type": "identify", "userId": person, "traits": {"timezone": zone}, "at": self.start})
        crowded = [random.randint(0, 160) * STEP for _ in range(random.choice([6, 20, 80]))]
        for _ in range(random.randint(20, 120)):
            arrival = self.start + random.choice(crowded)
            name = random.choice([*OUTSIDE_EVENTS, *self.hot, *self.hot, "Consent Given", "Consent Withdrawn", "Unlisted"])
            event = {
                "type": "track",
                "userId": random.choice(people),
                "event": name,
                "properties": self.properties(name),
                "at": arrival,
            }
            if self.maybe(0.25):
                event["late"] = random.choice([0.5, 1, 2, 5, 12, 30]) * HOUR
            events.append(event)
        events.sort(key=lambda event: event["at"])
        self.anonymous = {person: f"a-{person}" for person in people[2:] if self.maybe(0.3)}
        return [self.line(number, event) for number, event in enumerate(events)]

    def line(self, number: int, event: dict[str, Any]) -> dict[str, Any]:
        arrival, late = event.pop("at"), event.pop("late", 0)
        message_id = f"m{number:03d}"
        if number and self.maybe(0.03):
            message_id = f"m{self.random.randrange(number):03d}"
        visitor = self.anonymous.get(event["userId"])
        if visitor is not None:
            event = {**event, "anonymousId": visitor}
            if self.maybe(0.5):
                del event["userId"]
        times = {"timestamp": iso(int(arrival - late)), "receivedAt": iso(arrival)}
        return {"messageId": message_id, **event, **times}

    def properties(self, name: str) -> dict[str, Any]:  # noqa: PLR0911 - one an event
        random = self.random
        if name == "Bought":
            products = [{"product_id": f"p{random.randint(1, 3)}", "quantity": 1} for _ in range(random.randint(0, 3))]
            return {"order_id": f"o{random.randint(1, 5)}", "total": random.choice([5, 19.99, 40, 75.5]), "products": products}
        if name == "Carted":
            found: dict[str, Any] = {"cart_id": f"c{random.randint(1, 3)}", "total": random.choice([5, 25, 60])}
            if self.maybe(0.3):
                found["order_id"] = f"o{random.randint(1, 5)}"
            if self.maybe(0.1):
                del found["cart_id"]
            return found
        if name == "Emptied":
            return {"cart_id": f"c{random.randint(1, 3)}"}
        if name in {"Opened", "Closed"}:
            return {"ticket_id": f"t{random.randint(1, 2)}"}
        if name == "Rated":
            return {"score": random.randint(0, 10)}
        if name.startswith("Consent"):
            channel = random.choice([None, "email", "sms"])
            return {"topic": random.choice(TOPICS), **({} if channel is None else {"channel": channel})}
        return {}
