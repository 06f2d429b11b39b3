"""Small workspaces, made by hand, that together use every verb and gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.campaign import (
    END,
    Arm,
    Branch,
    Campaign,
    Dated,
    Emit,
    Goal,
    MoveTo,
    Node,
    Pattern,
    Reentry,
    Schedule,
    Send,
    SetTraits,
    Split,
    Steps,
    Task,
    Value,
    Verb,
    Wait,
    WaitFor,
    Webhook,
)
from orchestrator.domain.policies import Cap, Hold, Policies, QuietHours, Topic
from orchestrator.domain.program import EventType, Feature, KeyPath, Program, Transition, Wheel
from rules import Condition, compile_condition

START = 1_774_656_000_000
"""2026-03-28T00:00:00Z: the night before the clocks change in Europe."""
MINUTE = 60_000
HOUR = 60 * MINUTE
ALWAYS = Reentry(0)
THING = "Dropped"
"""The event that happens to nobody."""


class PoisonError(Exception):
    """What the poisoned condition raises."""


def _poisoned(readable: Mapping[str, Any]) -> bool:
    if readable.get("event", {}).get("properties", {}).get("poison"):
        raise PoisonError
    return True


POISONED = Condition(rule={"var": "event.properties.poison"}, value=_poisoned, holds=_poisoned)
"""Raises for an event marked `poison`; true otherwise."""


def _line(version: str, *verbs: Verb) -> Steps:
    """Steps one after the other."""
    nodes = tuple(Node(f"{n}-{version}", v, *((n + 1 if n + 1 < len(verbs) else END),) * 2) for n, v in enumerate(verbs))
    return Steps(version, nodes, 0)


def _after(minutes: int) -> Wait:
    return Wait(Value(minutes * MINUTE))


def _on(event: str, key: str | None = None) -> tuple[Pattern, ...]:
    return (Pattern(f"on {event}", event=event, key=key),)


def _poison_campaign() -> Campaign:
    """Its name is last, so the poison raises when the rest of the decision is made already."""
    steps = _line("z", Send("viewed", ("email",)))
    return Campaign("zz-viewed", "a", steps, _on("Viewed"), topic="offers", condition=POISONED, reentry=Reentry(2 * HOUR))


_KEYS = {name: KeyPath(("properties", name)) for name in ("cart", "friend")}
_EVENTS = {name: EventType(name, _KEYS) for name in ("Added", "Ordered", "Viewed")}
_WHEEL = Wheel(
    "a",
    ("a", "b", "c"),
    ("lost",),
    (
        Transition(frozenset({"a"}), "b", Pattern("w0", event="Ordered")),
        Transition(frozenset({"b"}), "c", Pattern("w1", without="Ordered", duration=8 * HOUR)),
        Transition(frozenset({"c", "lost"}), "b", Pattern("w2", event="Ordered"), turn=True),
    ),
)
_FEATURES = (Feature("orders", "count", "Ordered"), Feature("views_2d", "count", "Viewed", over_days=2))
_TOPICS = {"offers": Topic("offers", assumed=True), "orders": Topic("orders", assumed=True), "news": Topic("news", double=True)}
_STOOD = {"days_between": [{"var": "stage.since"}, {"var": "now"}]}
_BERLIN = "Europe/Berlin"
_QUIET = {"email": QuietHours(22 * 60, 6 * 60), "sms": QuietHours(20 * 60, 8 * 60)}


def _program(name: str, policies: Policies, campaigns: list[Campaign], **more: Any) -> Program:
    every = {c.name: c for c in sorted([*campaigns, _poison_campaign()], key=lambda c: c.name)}
    return Program(
        name, **{"wheel": _WHEEL, "events": _EVENTS, "features": _FEATURES, **more}, policies=policies, campaigns=every
    )


def _basket() -> Campaign:
    answers = (Pattern("basket ordered", event="Ordered", key="cart"),)
    nodes = (
        Node("wait", _after(30), 1, 1),
        Node("remind", Send("remind", ("email", "sms")), 2, 2),
        Node("answer", WaitFor(answers, 2 * HOUR), END, 3),
        Node("last", Send("last", ("sms",), expires=5 * HOUR), END, END),
    )
    goal = Goal(Pattern("basket goal", event="Ordered", key="cart"), within=24 * HOUR)
    exits = (Pattern("basket emptied", event="Emptied"),)
    steps = Steps("basket", nodes, 0)
    rules = {"restart": True, "reentry": ALWAYS, "goal": goal, "exits": exits}
    return Campaign("basket", "a", steps, _on("Added", "cart"), topic="offers", **rules)


def _receipt() -> Campaign:
    friend = Value(expression=compile_condition({"var": "event.properties.friend"}))
    steps = _line("receipt", Send("receipt", ("email", "sms")), Emit("Invited", friend), _after(5), Send("how", ("email",)))
    return Campaign("receipt", "b", steps, _on("Ordered"), cls="transactional", reentry=ALWAYS, priority=0)


def _welcome() -> Campaign:
    nodes = (
        Node("halves", Split("halves", (Arm("mail", 5_000, 1), Arm("text", 10_000, 2))), END, END),
        Node("mail", Send("welcome", ("email", "sms")), 3, 3),
        Node("text", Send("welcome", ("sms", "email")), 3, 3),
        Node("set", SetTraits({"welcomed": Value(constant=True)}), 4, 4),
        Node("more", Send("more", ("email",)), END, END),
    )
    while_ = compile_condition({"!=": [{"var": "profile.traits.left"}, True]})
    return Campaign("welcome", "a", Steps("welcome", nodes, 0), _on("Added"), topic="offers", holdout=1_500, while_=while_)


def _shop() -> Program:
    caps = (Cap(2, 6 * HOUR), Cap(1, 2 * HOUR, channel="sms"), Cap(1, 3 * HOUR, topic="offers"))
    policies = Policies(_TOPICS, caps, _QUIET, expires_marketing=12 * HOUR, expires_transactional=24 * HOUR)
    invited = _line("invited", _after(10), Send("invited", ("sms", "email")))
    back = _line("back", Send("back", ("email",)), _after(60), MoveTo("lost"))
    stage = (Pattern("stage c", stages=("c",)),)
    return _program(
        "shop",
        policies,
        [
            _basket(),
            _receipt(),
            _welcome(),
            Campaign("invited", "a", invited, _on("Invited"), topic="news", reentry=ALWAYS, priority=2),
            Campaign("win-back", "c", back, stage, topic="orders", reentry=ALWAYS),
        ],
    )


def _crowd() -> Program:
    """Many campaigns on one event, a small cap, a hold, a `without`, a branch."""
    busy = compile_condition({">": [{"var": "profile.features.orders"}, 4]})
    hold = Hold("busy", busy, frozenset({"offers"}), duration=3 * HOUR)
    caps = (Cap(1, HOUR), Cap(3, 9 * HOUR))
    policies = Policies(_TOPICS, caps, {}, holds=(hold,), expires_marketing=20 * HOUR, control_group=500)
    many = compile_condition({">": [{"var": "profile.features.views_2d"}, 1]})
    forked = (
        Node("fork", Branch(((many, 1),)), END, 2),
        Node("often", Send("often", ("email", "sms")), 2, 2),
        Node("pause", _after(90), 3, 3),
        Node("rare", Send("rare", ("sms",)), END, END),
    )
    nothing = (Pattern("quiet people", without="Viewed", duration=5 * HOUR),)
    urgent = _line("urgent", Send("urgent", ("email",), expires=3 * HOUR))
    return _program(
        "crowd",
        policies,
        [
            Campaign("forked", "a", Steps("forked", forked, 0), _on("Added"), topic="offers", reentry=ALWAYS),
            Campaign("urgent", "a", urgent, _on("Added"), topic="orders", priority=0, reentry=ALWAYS),
            Campaign("missing", "a", _line("missing", Send("miss", ("email", "sms"))), nothing, topic="offers", reentry=ALWAYS),
            _basket(),
            _receipt(),
        ],
    )


def _chatter() -> Program:
    """People that set each other off, and stages that start campaigns."""
    friend = Value(expression=compile_condition({"var": "event.properties.friend"}))
    policies = Policies(_TOPICS, (Cap(4, 2 * HOUR, channel="email"),), {"sms": _QUIET["sms"]}, expires_marketing=10 * HOUR)
    back = _line("tell-back", _after(1), Send("told", ("email", "sms")), Emit("Answered"))
    moved = _line("moved", MoveTo("c"), Send("moved", ("sms", "email")))
    tell = _line("tell", Emit("Told", friend), _after(2), Emit("Told", friend))
    answered, at_c = _line("answered", Send("yes", ("email",))), _line("at-c", Send("c", ("email",)))
    in_c = (Pattern("c", stages=("c",)),)
    return _program(
        "chatter",
        policies,
        [
            Campaign("tell", "a", tell, _on("Added"), reentry=ALWAYS),
            Campaign("tell-back", "a", back, _on("Told"), topic="offers", reentry=ALWAYS),
            Campaign("answered", "a", answered, _on("Answered"), topic="orders", reentry=ALWAYS),
            Campaign("moved", "a", moved, _on("Ordered"), topic="offers", reentry=ALWAYS),
            Campaign("at-c", "c", at_c, in_c, topic="offers", reentry=ALWAYS),
            _basket(),
        ],
    )


def _digest() -> Program:
    """Messages that join others of their step, with exits, a goal and `while` that take parts out again."""
    policies = Policies(_TOPICS, (Cap(2, 3 * HOUR),), {"email": _QUIET["email"]}, expires_marketing=12 * HOUR)
    still = compile_condition({"!=": [{"var": "profile.traits.left"}, True]})
    joined = Send("carts", ("email", "sms"), merge=2 * HOUR)
    after = Send("carts-again", ("email",), expires=3 * HOUR, merge=40 * MINUTE)
    goal = Goal(Pattern("carts goal", event="Ordered", key="cart"), within=24 * HOUR)
    rules = {"goal": goal, "exits": (Pattern("carts emptied", event="Emptied"),), "while_": still, "reentry": ALWAYS}
    carts = _line("carts", _after(5), joined, _after(30), after)
    views = _line("views", Send("views", ("sms", "email"), merge=25 * MINUTE), _after(10), Emit("Told"))
    return _program(
        "digest",
        policies,
        [
            Campaign("carts", "a", carts, _on("Added", "cart"), topic="offers", **rules),
            Campaign("views", "a", views, _on("Viewed", "friend"), cls="transactional", reentry=ALWAYS),
            Campaign("told", "a", _line("told", Send("told", ("email",))), _on("Told"), topic="orders", reentry=ALWAYS),
        ],
    )


LETTER_EVERY = 2 * HOUR
"""Between two times of the only schedule."""
LETTERS_UNTIL = START + 50 * HOUR
"""So that the last ones come to an end before the world does."""


def _market() -> Program:
    """Rounds: a schedule, events about things; a wait and an exit that they meet, and friends who are told."""
    caps = (Cap(3, 5 * HOUR),)
    policies = Policies(_TOPICS, caps, {"sms": _QUIET["sms"]}, expires_marketing=8 * HOUR, trigger_max_age=3 * HOUR)
    friend = Value(expression=compile_condition({"var": "event.properties.friend"}))
    dropped = Pattern("drop/on/0", broadcast=THING, to="adders", key="cart")
    due = Pattern("letter/on/0", schedule=Schedule("UTC", cron="0 */2 * * *"), to="buyers")
    waited = Pattern("waits/answer/0", broadcast=THING, to="buyers")
    waits = (
        Node("answer", WaitFor((waited,), 9 * HOUR), 1, 2),
        Node("came", Send("came", ("email",)), END, END),
        Node("not", Send("not", ("sms",)), END, END),
    )
    until = {"exits": (dropped,), "active_until": LETTERS_UNTIL}
    letter = _line("letter", Send("letter", ("email", "sms"), expires=3 * HOUR), _after(20), Send("more", ("sms",)))
    hours = [Wait(at=LETTER_EVERY // MINUTE * number) for number in range(2, 11, 2)]
    early = _line("early", *hours, Send("early", ("email",)))
    drop = _line("drop", Send("drop", ("email",)), Emit("Told", friend))
    program = _program(
        "market",
        policies,
        [
            Campaign("drop", "a", drop, (dropped,), topic="offers", reentry=ALWAYS),
            Campaign("early", "a", early, _on("Added"), topic="orders", reentry=ALWAYS),
            Campaign("letter", "a", letter, (due,), topic="orders", reentry=ALWAYS, **until),
            Campaign("told", "a", _line("told", Send("told", ("email",))), _on("Told"), topic="orders", reentry=ALWAYS),
            Campaign("waits", "a", Steps("waits", waits, 0), _on("Added"), topic="offers", reentry=ALWAYS),
        ],
    )
    segments = {
        "buyers": compile_condition({">": [{"var": "profile.features.orders"}, 0]}),
        "adders": compile_condition({">": [{"var": "profile.features.adds"}, 0]}),
    }
    things = {THING: EventType(THING, _KEYS, thing=True)}
    features = (*program.features, Feature("adds", "count", "Added"))
    return replace(program, segments=segments, events=program.events | things, features=features)


def _rule(rule: Any) -> Condition:
    return compile_condition(rule)


def _edges() -> Program:
    """Segments that events, time, the wheel, merges and sets turn, in terms of each other; dates in many zones."""
    said = {"var": ["profile.traits.welcomed", False]}
    segments = {
        "keen": _rule({"and": [{"segment": "buyers"}, {"!": [said]}]}),
        "buyers": _rule({">=": [{"var": "profile.features.orders"}, 1]}),
        "busy": _rule({">": [{"var": "profile.features.views_2d"}, 1]}),
        "idle": _rule({">=": [{"var": ["profile.features.since", 0]}, 1]}),
        "settled": _rule({"and": [{"==": [{"var": "stage.current"}, "b"]}, {">=": [_STOOD, 1]}]}),
    }
    birthday, monthly = Dated(("traits", "birthday"), "year", 9 * 60), Dated(("traits", "birthday"), "month", 150, zone=_BERLIN)
    renews = Dated(("traits", "renews"), None, None, -6 * HOUR)
    wheel = Wheel(
        "a",
        ("a", "b", "c"),
        ("lost",),
        (
            Transition(frozenset({"a"}), "b", Pattern("w0", segment="buyers")),
            Transition(frozenset({"b"}), "c", Pattern("w1", date=renews)),
            Transition(frozenset({"b", "c"}), "lost", Pattern("w2", left="busy")),
            Transition(frozenset({"lost"}), "b", Pattern("w3", event="Ordered"), turn=True),
        ),
    )
    keen = _line("keen", SetTraits({"welcomed": Value(constant=True)}), Send("keen", ("email", "sms")))
    cool = _line("cool", _after(7 * 60), SetTraits({"welcomed": Value(constant=False)}))
    moved = _line("moved", SetTraits({"timezone": Value(constant="Asia/Tokyo")}), Send("moved", ("email",)))
    patient = (
        Node("wait", WaitFor((Pattern("p", segment="idle"), Pattern("q", left="keen")), 30 * HOUR), 1, END),
        Node("came", Send("came", ("sms", "email")), END, END),
    )
    leaves = {"exits": (Pattern("busy left", left="busy"),), "goal": Goal(Pattern("day", date=monthly), within=48 * HOUR)}
    begun = {
        "keen-in": (keen, Pattern("keen-in/on/0", segment="keen"), {}),
        "keen-out": (cool, Pattern("keen-out/on/0", left="keen"), {}),
        "busy-in": (_line("busy", _after(45), Send("busy", ("email",))), Pattern("busy-in/on/0", segment="busy"), leaves),
        "idle-in": (_line("idle", Send("idle", ("email", "sms"))), Pattern("idle-in/on/0", segment="idle"), {}),
        "settled-in": (_line("settled", Send("settled", ("sms",))), Pattern("settled-in/on/0", segment="settled"), {}),
        "birthday": (_line("birthday", Send("present", ("email", "sms"))), Pattern("birthday/on/0", date=birthday), {}),
        "renewal": (_line("renewal", Send("renew", ("email",))), Pattern("renewal/on/0", date=renews), {}),
        "moved": (moved, Pattern("moved/on/0", event="Emptied"), {}),
        "patient": (Steps("patient", patient, 0), Pattern("patient/on/0", event="Added"), {}),
    }
    return _program(
        "edges",
        Policies(_TOPICS, (Cap(6, 2 * HOUR),), {}, expires_marketing=10 * HOUR),
        [Campaign(name, "a", own, (on,), topic="offers", reentry=ALWAYS, **more) for name, (own, on, more) in begun.items()],
        wheel=wheel,
        segments=segments,
        features=(*_FEATURES, Feature("since", "days_since", "Ordered")),
    )


CARE = "care"
"""The program whose campaigns ask people and other systems."""


def _care() -> Program:
    """Webhooks and tasks, waited for and not, in a row, under a cap, an exit, a `while` and a restart."""
    code = Value(expression=compile_condition({"var": ["enrolment.coupon.code", "none"]}))
    cart = Value(expression=compile_condition({"var": "event.properties.cart"}))
    asks = Webhook("codes", {"kind": Value("TEN"), "of": [{"cart": cart}]}, "coupon", 20 * MINUTE)
    coupon = (
        Node("ask", asks, 1, 2),
        Node("give", Send("coupon", ("email", "sms"), given={"code": code}), 3, 3),
        Node("call", Task("desk", "No coupon", 45 * MINUTE, ("cart",)), 3, 4),
        Node("tell", Webhook("board", {"code": code}, None, 4 * MINUTE), END, END),
        Node("leads", Task("leads", "Still no coupon", 10 * MINUTE), 3, 3),
    )
    calls = (
        Node("call", Task("desk", "Call", 90 * MINUTE, ("cart", "friend")), 1, 2),
        Node("thank", Send("thanks", ("email",)), END, END),
        Node("leads", Task("leads", "Not called", 2 * HOUR), 3, 3),
        Node("sorry", Send("sorry", ("sms", "email")), END, END),
    )
    while_ = compile_condition({"!=": [{"var": "profile.traits.left"}, True]})
    quick = _line("quick", _after(3), Webhook("board", {"now": Value(1)}, "seen", 3 * MINUTE), Task("desk", "Seen", 5 * MINUTE))
    exits = (Pattern("emptied", event="Emptied"),)
    kinds = {
        "coupon": (Steps("coupon", coupon, 0), _on("Added", "cart"), {"exits": exits}),
        "calls": (Steps("calls", calls, 0), _on("Ordered"), {"while_": while_, "exits": exits}),
        "quick": (quick, _on("Viewed"), {"restart": True}),
    }
    policies = Policies(_TOPICS, (Cap(4, 2 * HOUR),), {}, expires_marketing=10 * HOUR)
    every = [Campaign(n, "a", s, on, topic="offers", reentry=ALWAYS, **more) for n, (s, on, more) in kinds.items()]
    return _program(CARE, policies, [*every, _receipt()])


PROGRAMS = (_shop(), _crowd(), _chatter(), _digest(), _market(), _edges(), _care())
