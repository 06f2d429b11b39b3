"""Hand-written cases, each with one meaning under stress and what it must give, told in the words of the specification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.conformance.reference.chance import bucket

MONTH = "2024-03-"
"""Times are written `28T06:00`; clocks change in Europe on the 31st."""

Log = list[dict[str, Any] | str]


def moment(text: str) -> str:
    """`28T06:00` or `28T06:00:00.001` as RFC 3339; a whole one stays."""
    if len(text) > len("28T06:00:00.000"):
        return text
    return f"{MONTH}{text}Z" if text.count(":") == 2 else f"{MONTH}{text}:00Z"


class Writer:
    """Events with ids in order."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, at: str, name: str | None, user: str | None = "u", *, arrives: str | None = None, **more: Any) -> Any:
        self.number += 1
        row: dict[str, Any] = {"messageId": more.pop("id", f"m{self.number:03d}"), "timestamp": moment(at)}
        if arrives is not None:
            row["receivedAt"] = moment(arrives)
        if user is not None:
            row["userId"] = user
        if "anonymous" in more:
            row["anonymousId"] = more.pop("anonymous")
        if name is None:
            return {**row, "type": "identify", "traits": more}
        return {**row, "type": "track", "event": name, "properties": more}


track = Writer()

EVENTS: dict[str, dict[str, Any]] = {
    "Bought": {"keys": {"order": "properties.order", "product": "properties.lines[].sku"}},
    "Carted": {"keys": {"cart": "properties.cart"}},
    "Emptied": {"keys": {"cart": "properties.cart"}},
    "Opened": {"keys": {"ticket": "properties.ticket"}},
    "Closed": {"keys": {"ticket": "properties.ticket"}},
    "Rated": {"properties": {"type": "object", "required": ["score"], "properties": {"score": {"type": "number"}}}},
    **{name: {} for name in ("Ping", "Pong", "Told", *(f"Link {number}" for number in range(12)))},
}
POLICIES: dict[str, Any] = {
    "topics": {"news": {"consent": "assumed"}, "offers": {"consent": "assumed"}, "asked": {"consent": "asked"}},
    "expires": {"marketing": "24h", "transactional": "72h"},
    "trigger_max_age": "24h",
}
WHEEL: dict[str, Any] = {"start": "new", "stages": ["new", "warm", "hot"]}


def mail(template: str = "t", **more: Any) -> dict[str, Any]:
    """A send by email."""
    return {"send": {"template": template, "channel": "email", **more}}


def text(template: str = "t", **more: Any) -> dict[str, Any]:
    """A send by SMS."""
    return {"send": {"template": template, "channel": "sms", **more}}


def either(template: str = "t", **more: Any) -> dict[str, Any]:
    """A send by SMS or else by email."""
    return {"send": {"template": template, "prefer": ["sms", "email"], **more}}


def campaign(name: str, on: Any, *then: Any, **more: Any) -> dict[str, Any]:
    """A marketing campaign that may be entered again and again."""
    found: dict[str, Any] = {"campaign": name, "stage": "new", "on": on, "reentry": "always", "then": list(then), **more}
    if found.get("class") != "transactional":
        found.setdefault("topic", "news")
    return found


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workspace, a log, and the messages and transitions it must give.

    A message is `campaign/template channel planned state reason`, a transition `from→to at`; a profile other than `u` first.
    """

    name: str
    campaigns: list[dict[str, Any]]
    log: Log
    messages: list[str]
    transitions: list[str] = field(default_factory=list)
    wheel: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    segments: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    more_logs: list[Log] = field(default_factory=list)
    until: str = "2024-04-20T00:00:00Z"
    counts: dict[str, Any] = field(default_factory=dict)

    def case(self) -> dict[str, Any]:
        """The files and logs that `reference_comparison` writes."""
        transactional = [one["campaign"] for one in self.campaigns if one.get("class") == "transactional"]
        files: dict[str, Any] = {
            "wheel.yaml": {**WHEEL, **self.wheel},
            "profile.yaml": {"traits": {"type": "object"}, "features": self.features},
            "segments.yaml": self.segments,
            "policies.yaml": {**POLICIES, **self.policies, "transactional": transactional},
        }
        files |= {f"events/{name.lower().replace(' ', '-')}.yaml": {"event": name, **more} for name, more in EVENTS.items()}
        files |= {f"campaigns/{one['campaign']}.yaml": one for one in self.campaigns}
        files |= {f"tables/{name}.csv": text for name, text in self.tables.items()}
        return {"files": files, "logs": [self.log, *self.more_logs], "until": self.until}


def person(*, within: tuple[int, int], campaign: str = "", name: str = "holdout") -> str:
    """The first `pN` whose bucket lies there."""
    return next(f"p{n}" for n in range(10_000) if within[0] <= bucket(campaign, name, f"p{n}") < within[1])


def feature(name: str, default: Any = None) -> dict[str, Any]:
    """Read a feature."""
    return {"var": f"profile.features.{name}" if default is None else [f"profile.features.{name}", default]}


HELD, FREE = person(within=(0, 1000), campaign="c"), person(within=(1000, 10_000), campaign="c")
CONTROL, REST = person(within=(0, 500), name="control"), person(within=(500, 10_000), name="control")
LEFT, RIGHT = (person(within=edge, campaign="c", name="way") for edge in ((0, 3000), (3000, 10_000)))

SCENARIOS = [
    # late and out of order
    Scenario(
        "an event as old as trigger_max_age starts a run, an older one does not",
        [campaign("c", {"event": "Ping"}, mail())],
        [track("27T06:00", "Ping", arrives="28T06:00"), track("27T06:00", "Ping", arrives="28T06:00:00.001")],
        ["c/t email 28T06:00 accepted None"],
    ),
    Scenario(
        "an old event moves the stage and counts, and starts nothing by the stage",
        [
            campaign("c", {"stage": "warm"}, mail()),
            campaign("d", {"event": "Pong"}, mail(), **{"if": {"==": [feature("pings"), 1]}}),
        ],
        [track("26T06:00", "Ping", arrives="28T06:00"), track("28T07:00", "Pong")],
        ["d/t email 28T07:00 accepted None"],
        ["new→warm 28T06:00"],
        wheel={"transitions": [{"from": "new", "to": "warm", "on": {"event": "Ping"}}]},
        features={"pings": {"count": "Ping"}},
    ),
    Scenario(
        "an old event does not restart a run",
        [campaign("c", {"event": "Ping"}, {"wait": "2h"}, mail(), again="restart", reentry="once")],
        [track("28T06:00", "Ping"), track("26T06:00", "Ping", arrives="28T07:00")],
        ["c/t email 28T08:00 accepted None"],
    ),
    Scenario(
        "an exit processed before the trigger counts when it occurred strictly later",
        [campaign("c", {"event": "Carted", "key": "cart"}, mail(), exit=[{"event": "Emptied", "key": "cart"}], reentry="once")],
        [
            track("28T06:10", "Emptied", cart="a", arrives="28T07:00"),
            track("28T06:00", "Emptied", cart="b", arrives="28T07:00"),
            track("28T06:10", "Emptied", cart="x", arrives="28T07:00"),
            *(track("28T06:00", "Carted", cart=cart, arrives="28T07:00") for cart in "abc"),
        ],
        ["c/t email 28T07:00 accepted None", "c/t email 28T07:00 accepted None"],
    ),
    Scenario(
        "an exit processed after the trigger counts when it occurred at or after it, and not when before",
        [campaign("c", {"event": "Carted", "key": "cart"}, {"wait": "1h"}, mail(), exit=[{"event": "Emptied", "key": "cart"}])],
        [
            *(track("28T06:00", "Carted", cart=cart) for cart in "ab"),
            track("28T06:00", "Emptied", cart="a"),
            track("28T05:59", "Emptied", cart="b", arrives="28T06:30"),
        ],
        ["c/t email 28T07:00 accepted None"],
    ),
    Scenario(
        "a goal found by looking back counts as an entry",
        [campaign("c", {"event": "Ping"}, mail(), goal={"event": "Pong"}, reentry="once")],
        [
            track("28T06:30", "Pong", arrives="28T07:00"),
            track("28T06:00", "Ping", arrives="28T07:00"),
            track("28T08:00", "Ping"),
        ],
        [],
    ),
    Scenario(
        "a wait_for looks back to the trigger, and one event answers one wait_for of a run",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"wait": "2h"},
                {"id": "one", "wait_for": {"event": "Rated", "within": "1h"}, "then": [mail("yes-1")], "else": [mail("no-1")]},
                {"id": "two", "wait_for": {"event": "Rated", "within": "1h"}, "then": [mail("yes-2")], "else": [mail("no-2")]},
            )
        ],
        [track("28T06:00", "Ping"), track("28T06:30", "Rated", score=1)],
        ["c/yes-1 email 28T08:00 accepted None", "c/no-2 email 28T09:00 accepted None"],
    ),
    Scenario(
        "inside then the event is the answer, after it the trigger again",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {
                    "id": "w",
                    "wait_for": {"event": "Rated", "within": "1h"},
                    "then": [
                        {"id": "b", "branch": [{"if": {"==": [{"var": "event.properties.score"}, 3]}, "then": [mail("three")]}]}
                    ],
                },
                {
                    "id": "a",
                    "branch": [{"if": {"==": [{"var": ["event.properties.score", 99]}, 99]}, "then": [mail("trigger")]}],
                },
            )
        ],
        [track("28T06:00", "Ping"), track("28T06:30", "Rated", score=3)],
        ["c/three email 28T06:30 accepted None", "c/trigger email 28T06:30 accepted None"],
    ),
    # time
    Scenario(
        "within is half-open: an answer at exactly start + D is outside",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"wait_for": {"event": "Pong", "within": "1h"}, "then": [mail("yes")], "else": [mail("no")]},
            )
        ],
        [
            track("28T06:00", "Ping"),
            track("28T06:00", "Ping", "v"),
            track("28T06:00:00.001", "Ping", "w"),
            track("28T07:00", "Pong"),
            track("28T06:59:59.999", "Pong", "v", arrives="28T07:00"),
            track("28T07:00", "Pong", "w"),
        ],
        ["c/no email 28T07:00 accepted None", "v: c/no email 28T07:00 accepted None", "w: c/yes email 28T07:00 accepted None"],
    ),
    Scenario(
        "within is half-open for a stage, too, entered by a timer of that instant",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"wait_for": {"stage": "warm", "within": "1h"}, "then": [mail("yes")], "else": [mail("no")]},
            ),
            campaign(
                "d",
                {"event": "Ping"},
                {"wait_for": {"stage": "warm", "within": "61m"}, "then": [mail("yes")], "else": [mail("no")]},
            ),
        ],
        [track("28T06:00", "Ping")],
        ["c/no email 28T07:00 accepted None", "d/yes email 28T07:00 accepted None"],
        ["new→warm 28T07:00"],
        wheel={"transitions": [{"from": "new", "to": "warm", "on": {"without": "Ping", "for": "1h"}}]},
    ),
    Scenario(
        "a timer due at T is decided before an input of time T",
        [campaign("c", {"without": "Ping", "for": "1h"}, mail())],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping"), track("28T07:59:59.999", "Ping")],
        [f"c/t email 28T{at} accepted None" for at in ("07:00", "08:59:59.999")],
        ["new→warm 28T07:00", "warm→new 28T07:00", "new→warm 28T08:59:59.999"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"without": "Ping", "for": "1h"}},
                {"from": "warm", "to": "new", "on": {"event": "Ping"}},
            ]
        },
    ),
    Scenario(
        "all timers due at one instant are one input: one transition, its stage seen by the waits",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"wait": "1h"},
                {"branch": [{"if": {"==": [{"var": "stage.current"}, "warm"]}, "then": [mail("warm")]}]},
            )
        ],
        [track("28T06:00", "Ping")],
        ["c/warm email 28T07:00 accepted None"],
        ["new→warm 28T07:00", "warm→hot 28T08:00"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"without": "Ping", "for": "1h"}},
                {"from": "warm", "to": "hot", "on": {"without": "Pong", "for": "1h"}},
            ]
        },
    ),
    Scenario(
        "without, never done, counts from the clock of the first input; a late E re-arms, one already past fires nothing",
        [campaign("c", {"without": "Ping", "for": "3h"}, mail())],
        [
            track("28T05:00", "Pong", arrives="28T06:00"),
            track("28T06:00", "Pong", "v"),
            track("28T03:30", "Ping", "v", arrives="28T07:00"),
            track("28T06:00", "Pong", "w"),
            track("28T05:00", "Ping", "w", arrives="28T07:00"),
            track("28T04:00", "Ping", "w", arrives="28T07:30"),
        ],
        ["c/t email 28T09:00 accepted None", "w: c/t email 28T08:00 accepted None"],
    ),
    Scenario(
        "without fires once, is judged once, and is armed again by the next E",
        [campaign("c", {"without": "Ping", "for": "1h"}, mail(), **{"if": {"==": [feature("open"), 0]}})],
        [
            track("28T06:00", "Ping"),
            track("28T06:30", "Opened", ticket="1"),
            track("28T07:30", "Closed", ticket="1"),
            track("28T09:00", "Ping"),
        ],
        ["c/t email 28T10:00 accepted None"],
        features={"open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"}},
    ),
    Scenario(
        "in the wheel, without is looked at again on every later input",
        [],
        [track("28T06:00", "Ping"), track("28T06:30", "Opened", ticket="1"), track("28T09:10", "Closed", ticket="1")],
        [],
        ["new→warm 28T09:10"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"without": "Ping", "for": "1h"}, "if": {"==": [feature("open"), 0]}}
            ]
        },
        features={"open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"}},
    ),
    Scenario(
        "a condition that time alone changes is looked at when it can change: wheel",
        [],
        [track("28T06:00", "Ping")],
        [],
        ["new→warm 30T00:00"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"without": "Ping", "for": "1h"}, "if": {"==": [feature("pings"), 0]}}
            ]
        },
        features={"pings": {"count": "Ping", "over": "2d"}},
    ),
    Scenario(
        "a condition that time alone changes is looked at when it can change: hold",
        [campaign("c", {"event": "Pong"}, mail())],
        [track("28T06:00", "Ping"), track("29T11:59", "Pong"), track("29T12:00", "Pong"), track("29T13:00", "Pong")],
        ["c/t email 29T11:59 suppressed hold", *(f"c/t email 29T{at} accepted None" for at in ("12:00", "13:00"))],
        policies={"holds": {"h": {"if": {">=": [feature("days", 0), 1]}, "stops": "marketing", "for": "12h"}}},
        features={"days": {"days_since": "Ping"}},
    ),
    Scenario(
        "at ten o'clock is the recipient's own, across the change of clocks",
        [
            campaign("c", {"event": "Ping"}, {"wait": {"for": "1d", "at": "10:00"}}, mail()),
            campaign("d", {"event": "Ping"}, {"wait": {"at": "02:30"}}, mail()),
        ],
        [
            track("29T06:00", None, timezone="Europe/Rome"),
            track("30T08:00", "Ping"),
            track("30T09:00", "Ping", "v"),
            track("30T09:01", "Ping", "w"),
        ],
        [
            "c/t email 31T08:00 accepted None",
            "d/t email 31T01:00 accepted None",
            "v: c/t email 31T10:00 accepted None",
            "v: d/t email 31T02:30 accepted None",
            "w: c/t email 31T10:00 accepted None",
            "w: d/t email 31T02:30 accepted None",
        ],
    ),
    Scenario(
        "a local time that occurs twice is the first one at or after the start",
        [campaign("c", {"event": "Ping"}, {"wait": {"at": "02:30"}}, mail())],
        [
            track("2024-10-26T22:00:00Z", "Ping"),
            track("2024-10-27T02:00:00Z", "Ping", "v"),
        ],
        ["c/t email 2024-10-27T00:30:00.000Z accepted None", "v: c/t email 2024-10-28T01:30:00.000Z accepted None"],
        policies={"zone": "Europe/Rome"},
        until="2024-10-30T00:00:00Z",
    ),
    Scenario(
        "wait until, plus and past",
        [
            campaign("c", {"event": "Ping"}, {"wait": {"until": moment("28T09:00"), "plus": "-1h", "past": "exit"}}, mail()),
            campaign("d", {"event": "Ping"}, {"wait": {"until": moment("28T06:30"), "plus": "2h"}}, mail()),
            campaign("e", {"event": "Ping"}, {"wait": {"until": moment("28T05:00")}}, mail()),
            campaign("f", {"event": "Ping"}, {"wait": {"until": moment("28T05:00"), "past": "exit"}}, mail()),
        ],
        [track("28T06:00", "Ping")],
        ["c/t email 28T08:00 accepted None", "d/t email 28T08:30 accepted None", "e/t email 28T06:00 accepted None"],
    ),
    # gates
    Scenario(
        "cap and quiet hours are solved together; expiry exactly at T ends the message as suppressed by that gate",
        [
            campaign("a", {"event": "Ping"}, text(expires="12h"), text("later", expires="12h")),
            campaign("b", {"event": "Pong"}, text("exactly", expires="11h"), text("longer", expires="12h"), mail("after")),
        ],
        [track("28T12:00", "Ping"), track("28T22:00", "Pong", "v")],
        [
            "a/t sms 28T12:00 accepted None",
            "a/later sms 28T12:00 suppressed cap",
            "v: b/exactly sms 28T22:00 suppressed quiet",
            "v: b/longer sms 28T22:00 accepted None",
            "v: b/after email 29T09:00 accepted None",
        ],
        policies={"caps": [{"at_most": 1, "per": "10h", "channel": "sms"}], "quiet": {"sms": "21:00-09:00", "email": "none"}},
    ),
    Scenario(
        "a message handed over at t counts for a cap in [t, t + per)",
        [campaign("c", {"event": "Ping"}, mail(expires="30m"))],
        [track("28T06:00", "Ping"), track("28T06:30", "Ping"), track("28T06:59:59.999", "Ping"), track("28T07:30", "Ping")],
        [
            "c/t email 28T06:00 accepted None",
            "c/t email 28T06:30 suppressed cap",
            "c/t email 28T06:59:59.999 accepted None",
            "c/t email 28T07:30 suppressed cap",
        ],
        policies={"caps": [{"at_most": 1, "per": "1h", "class": "marketing"}]},
    ),
    Scenario(
        "one cap slot goes by priority, then name; what follows at the instant is a second round",
        [
            campaign("b", {"event": "Ping"}, mail("b1"), mail("b2", expires="1h")),
            campaign("a", {"event": "Ping"}, mail("a1"), mail("a2", expires="1h")),
            campaign("z", {"event": "Ping"}, mail("z1"), mail("z2", expires="1h"), priority="high"),
            campaign("low", {"event": "Ping"}, mail("l1", expires="1h"), priority="low"),
        ],
        [track("28T06:00", "Ping")],
        [
            "z/z1 email 28T06:00 accepted None",
            "a/a1 email 28T06:00 accepted None",
            "b/b1 email 28T06:00 accepted None",
            "low/l1 email 28T06:00 accepted None",
            "z/z2 email 28T06:00 accepted None",
            "a/a2 email 28T06:00 suppressed cap",
            "b/b2 email 28T06:00 suppressed cap",
        ],
        policies={"caps": [{"at_most": 5, "per": "1d", "class": "marketing"}]},
    ),
    Scenario(
        "messages freed at one instant go by priority, campaign name, planned_at; the next waits on",
        [
            campaign("first", {"event": "Told"}, mail("f")),
            campaign("b", {"event": "Ping"}, mail("b", expires="5h"), mail("b-then", expires="1s")),
            campaign("a", {"event": "Ping"}, mail("a", expires="5h"), mail("a-then", expires="1s")),
            campaign("hi", {"event": "Pong"}, mail("h", expires="5h"), mail("h-then", expires="1s"), priority="high"),
        ],
        [track("28T06:00", "Told"), track("28T06:10", "Ping"), track("28T06:20", "Pong")],
        [
            "first/f email 28T06:00 accepted None",
            "hi/h email 28T06:20 accepted None",
            "hi/h-then email 28T08:00 suppressed cap",
            "a/a email 28T06:10 accepted None",
            "a/a-then email 28T10:00 suppressed cap",
            "b/b email 28T06:10 suppressed cap",
            "b/b-then email 28T10:00 suppressed cap",
        ],
        policies={"caps": [{"at_most": 1, "per": "2h", "class": "marketing"}]},
    ),
    Scenario(
        "only never tries the next channel; none at all shows the first one's reason",
        [
            campaign("a", {"event": "Ping"}, either("a"), topic="asked"),
            campaign("b", {"event": "Ping"}, either("b", expires="1h")),
            campaign("c", {"event": "Pong"}, either("c"), topic="asked"),
        ],
        [
            track("28T06:00", "Consent Given", topic="asked", channel="email"),
            track("28T06:00", "Ping"),
            track("28T06:10", "Consent Withdrawn", topic="asked"),
            track("28T06:20", "Pong"),
        ],
        [
            "a/a email 28T06:00 accepted None",
            "b/b sms 28T06:00 suppressed quiet",
            "c/c sms 28T06:20 suppressed consent",
        ],
        policies={"quiet": {"sms": "21:00-09:00", "email": "none"}},
    ),
    Scenario(
        "while a message waits, consent and channel are judged again at its T",
        [campaign("a", {"event": "Ping"}, either("a"), topic="asked")],
        [
            track("28T06:00", "Consent Given", topic="asked"),
            track("28T06:00", "Ping"),
            track("28T08:00", "Consent Withdrawn", topic="asked", channel="sms"),
        ],
        ["a/a email 28T06:00 accepted None"],
        policies={"quiet": {"sms": "21:00-09:00", "email": "none"}},
    ),
    Scenario(
        "an exit or a goal cancels a waiting message at once, while when it is judged again",
        [
            campaign("a", {"event": "Ping"}, text(), exit=[{"event": "Pong"}], goal={"event": "Pong"}),
            campaign("b", {"event": "Ping"}, text(), goal={"event": "Pong"}),
            campaign("c", {"event": "Ping"}, text(), **{"while": {"==": [feature("pongs"), 0]}}),
            campaign("d", {"event": "Ping"}, text(), goal={"event": "Pong", "stay": True}),
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Pong")],
        [
            "a/t sms 28T06:00 cancelled exit",
            "b/t sms 28T06:00 cancelled goal",
            "c/t sms 28T06:00 cancelled while",
            "d/t sms 28T06:00 accepted None",
        ],
        policies={"quiet": {"sms": "21:00-09:00"}},
        features={"pongs": {"count": "Pong"}},
    ),
    Scenario(
        "a waiting message shows the gate it waits for",
        [campaign("a", {"event": "Ping"}, text("x"), text("y"))],
        [track("28T12:00", "Ping"), track("28T22:00", "Ping", "v")],
        ["a/x sms 28T12:00 accepted None", "a/y sms 28T12:00 planned cap", "v: a/x sms 28T22:00 planned quiet"],
        policies={"caps": [{"at_most": 1, "per": "23h", "class": "marketing"}], "quiet": {"sms": "21:00-09:00"}},
        until="2024-03-28T23:00:00Z",
    ),
    Scenario(
        "quiet hours in the recipient's zone, days off whole",
        [campaign("a", {"event": "Ping"}, text("x"), text("y", expires="1s"))],
        [
            track("28T06:00", None, timezone="America/New_York"),
            track("28T12:00", "Ping"),
            track("28T12:00", "Ping", "v"),
            track("28T23:00", "Ping", "w"),
        ],
        [
            "a/x sms 28T12:00 accepted None",
            "a/y sms 28T13:00 accepted None",
            "v: a/x sms 28T12:00 accepted None",
            "v: a/y sms 28T12:00 accepted None",
            "w: a/x sms 28T23:00 suppressed quiet",
            "w: a/y sms 28T23:00 suppressed quiet",
        ],
        policies={"quiet": {"sms": "21:00-09:00", "days_off": "tables/off.csv"}, "zone": "Europe/Rome"},
        tables={"off": "date,what\n2024-03-29,rest\n"},
    ),
    Scenario(
        "a hold with for lasts until D after its condition became true, though it still is",
        [campaign("c", {"event": "Ping"}, mail()), campaign("d", {"event": "Ping"}, mail("spared"))],
        [
            track("28T06:00", "Rated", score=1),
            track("28T06:00", "Ping"),
            track("28T07:59:59.999", "Ping"),
            track("28T08:00", "Ping"),
            track("28T09:00", "Rated", score=9),
            track("28T09:30", "Rated", score=2),
            track("28T10:00", "Ping"),
        ],
        [
            "c/t email 28T06:00 suppressed hold",
            "c/t email 28T07:59:59.999 suppressed hold",
            "c/t email 28T08:00 accepted None",
            "c/t email 28T10:00 suppressed hold",
            *(f"d/spared email 28T{at} accepted None" for at in ("06:00", "07:59:59.999", "08:00", "10:00")),
        ],
        policies={"holds": {"h": {"if": {"<=": [feature("last", 10), 6]}, "for": "2h", "stops": ["news"], "except": ["d"]}}},
        features={"last": {"last": "properties.score", "of": "Rated"}},
    ),
    Scenario(
        "a hold without for stands while its condition is true",
        [campaign("c", {"event": "Ping"}, mail()), campaign("d", {"event": "Ping"}, mail(), topic="offers")],
        [
            track("28T06:00", "Opened", ticket="1"),
            track("28T07:00", "Ping"),
            track("28T08:00", "Closed", ticket="1"),
            track("28T09:00", "Ping"),
            track("28T08:00", "Opened", ticket="1", arrives="28T10:00"),
            track("28T11:00", "Ping"),
        ],
        [
            "c/t email 28T07:00 suppressed hold",
            *(f"c/t email 28T{at} accepted None" for at in ("09:00", "11:00")),
            *(f"d/t email 28T{at} accepted None" for at in ("07:00", "09:00", "11:00")),
        ],
        policies={"holds": {"h": {"if": {">": [feature("open"), 0]}, "stops": ["news"]}}},
        features={"open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"}},
    ),
    Scenario(
        "the latest word on consent by occurred_at and then by message id, however it arrives",
        [campaign("c", {"event": "Ping"}, mail(), topic="asked")],
        [
            track("28T06:00", "Consent Given", topic="asked", id="b"),
            track("28T07:00", "Ping"),
            track("28T05:00", "Consent Withdrawn", topic="asked", arrives="28T08:00"),
            track("28T09:00", "Ping"),
            track("28T06:00", "Consent Withdrawn", topic="asked", id="c", arrives="28T10:00"),
            track("28T11:00", "Ping"),
            track("28T06:00", "Consent Given", topic="asked", id="a", arrives="28T12:00"),
            track("28T13:00", "Ping"),
        ],
        [
            "c/t email 28T07:00 accepted None",
            "c/t email 28T09:00 accepted None",
            "c/t email 28T11:00 suppressed consent",
            "c/t email 28T13:00 suppressed consent",
        ],
    ),
    Scenario(
        "transactional messages neither use nor obey caps, holds, quiet hours, consent, holdout and control group",
        [
            campaign("t", {"event": "Ping"}, text("now"), text("again"), **{"class": "transactional"}),
            campaign("m", {"event": "Ping"}, text("sold")),
        ],
        [track("28T22:00", "Ping"), track("28T22:00", "Ping", CONTROL)],
        [
            "t/now sms 28T22:00 accepted None",
            "t/again sms 28T22:00 accepted None",
            "m/sold sms 28T22:00 accepted None",
            f"{CONTROL}: t/now sms 28T22:00 accepted None",
            f"{CONTROL}: t/again sms 28T22:00 accepted None",
        ],
        policies={
            "caps": [{"at_most": 1, "per": "7d", "class": "marketing"}],
            "quiet": {"sms": "21:00-09:00"},
            "control_group": "5%",
        },
    ),
    # runs
    Scenario(
        "a restart is possible until the first message is planned",
        [
            campaign(
                "c",
                {"event": "Carted", "key": "cart"},
                {"wait": "1h"},
                mail("x"),
                {"id": "w2", "wait": "1h"},
                mail("y"),
                again="restart",
            ),
        ],
        [
            track("28T06:00", "Carted", cart="a"),
            track("28T06:30", "Carted", cart="a"),
            track("28T07:30", "Carted", cart="a"),
            track("28T07:45", "Carted", cart="b"),
        ],
        [
            "c/x email 28T07:30 accepted None",
            "c/y email 28T08:30 accepted None",
            "c/x email 28T08:45 accepted None",
            "c/y email 28T09:45 accepted None",
        ],
    ),
    Scenario(
        "a restart asks if and while, not reentry; what they refuse changes nothing",
        [
            campaign(
                "c",
                {"event": "Carted", "key": "cart"},
                {"wait": "1h"},
                mail(),
                again="restart",
                reentry="once",
                **{"if": {">=": [{"var": "event.properties.total"}, 50]}},
            )
        ],
        [
            track("28T06:00", "Carted", cart="a", total=60),
            track("28T06:20", "Carted", cart="a", total=70),
            track("28T06:40", "Carted", cart="a", total=10),
        ],
        ["c/t email 28T07:20 accepted None"],
    ),
    Scenario(
        "within of a goal counts from entry, a restart is none",
        [
            campaign("c", {"event": "Ping"}, {"wait": "4h"}, mail(), again="restart", goal={"event": "Pong", "within": "3h"}),
        ],
        [track("28T06:00", "Ping"), track("28T08:00", "Ping"), track("28T09:00", "Pong")],
        ["c/t email 28T12:00 accepted None"],
    ),
    Scenario(
        "within of a goal counts from entry when a restart looks back, too",
        [
            campaign("c", {"event": "Ping"}, {"wait": "4h"}, mail(), again="restart", goal={"event": "Pong", "within": "3h"}),
        ],
        [
            track("28T06:00", "Ping"),
            track("28T10:00", "Pong", arrives="28T09:30"),
            track("28T09:20", "Ping", arrives="28T09:40"),
        ],
        ["c/t email 28T13:40 accepted None"],
    ),
    Scenario(
        "after D allows again from entry + D on, by key or by profile",
        [
            campaign("c", {"event": "Carted", "key": "cart"}, mail(), reentry={"after": "1h"}),
            campaign("d", {"event": "Carted", "key": "cart"}, mail(), reentry={"after": "1h", "per": "profile"}),
        ],
        [
            track("28T06:00", "Carted", cart="a"),
            track("28T06:10", "Carted", cart="b"),
            track("28T06:59:59.999", "Carted", cart="a"),
            track("28T07:00", "Carted", cart="a"),
        ],
        [
            *(f"c/t email 28T{at} accepted None" for at in ("06:00", "06:10", "07:00")),
            *(f"d/t email 28T{at} accepted None" for at in ("06:00", "07:00")),
        ],
    ),
    Scenario(
        "once is per key, and a trigger during a live run is ignored",
        [campaign("c", {"event": "Carted", "key": "cart"}, mail(), {"wait": "1h"}, mail("end"), reentry="once")],
        [
            track("28T06:00", "Carted", cart="a"),
            track("28T06:30", "Carted", cart="b"),
            track("28T08:00", "Carted", cart="a"),
            track("28T09:00", "Carted"),
        ],
        [
            "c/t email 28T06:00 accepted None",
            "c/end email 28T07:00 accepted None",
            "c/t email 28T06:30 accepted None",
            "c/end email 28T07:30 accepted None",
        ],
    ),
    Scenario(
        "a goal at exactly entry + within does not count",
        [campaign("c", {"event": "Ping"}, {"wait": "2h"}, mail(), goal={"event": "Pong", "within": "1h"})],
        [
            track("28T06:00", "Ping"),
            track("28T06:00", "Ping", "v"),
            track("28T06:59:59.999", "Pong", "v"),
            track("28T07:00", "Pong"),
        ],
        ["c/t email 28T08:00 accepted None"],
    ),
    Scenario(
        "one input may end a run and start the next one of the same campaign",
        [campaign("c", {"event": "Ping"}, {"wait": "1h"}, mail(), goal={"event": "Ping"})],
        [track("28T06:00", "Ping"), track("28T06:30", "Ping")],
        ["c/t email 28T07:30 accepted None"],
    ),
    Scenario(
        "a planned message keeps its run live: the trigger of that input is ignored",
        [campaign("c", {"event": "Ping"}, {"wait": "1h"}, mail())],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping"), track("28T07:00", "Ping")],
        ["c/t email 28T07:00 accepted None", "c/t email 28T08:00 accepted None"],
    ),
    Scenario(
        "each product is a run of its own, a product twice in one order one run",
        [
            campaign(
                "c",
                {"event": "Bought", "each": "product"},
                {"wait": "1h"},
                {"branch": [{"if": {"==": [{"var": "item.n"}, 1]}, "then": [mail("one")]}, {"else": [mail("more")]}]},
                goal={"event": "Bought", "key": "product"},
            )
        ],
        [
            track("28T06:00", "Bought", lines=[{"sku": "a", "n": 1}, {"sku": "b", "n": 2}, {"sku": "a", "n": 3}, {"n": 9}]),
            track("28T06:30", "Bought", lines=[{"sku": "b", "n": 5}, {"sku": None, "n": 9}]),
        ],
        ["c/one email 28T07:00 accepted None", "c/more email 28T07:30 accepted None"],
    ),
    Scenario(
        "without its key an event matches nothing; of several values one must be equal",
        [
            campaign(
                "c",
                {"event": "Bought", "each": "product"},
                {"wait": "1h"},
                mail(),
                exit=[{"event": "Bought", "key": "product"}],
            )
        ],
        [
            track("28T06:00", "Bought", lines=[{"sku": "a"}]),
            track("28T06:10", "Bought"),
            track("28T06:20", "Bought", "v", lines=[{"sku": "a"}]),
            track("28T06:30", "Bought", "v", lines=[{"sku": "b"}, {"sku": "a"}]),
        ],
        [
            "c/t email 28T07:00 accepted None",
            "v: c/t email 28T07:30 accepted None",
            "v: c/t email 28T07:30 accepted None",
        ],
    ),
    Scenario(
        "of several patterns in on the first that holds decides; one entry",
        [
            campaign(
                "c",
                [{"event": "Carted", "key": "cart", "if": {">": [{"var": "event.properties.total"}, 9]}}, {"event": "Carted"}],
                mail(),
                reentry="once",
            )
        ],
        [
            track("28T06:00", "Carted", cart="a", total=10),
            track("28T06:10", "Carted", cart="b", total=5),
            track("28T06:20", "Carted", cart="c", total=5),
        ],
        ["c/t email 28T06:00 accepted None", "c/t email 28T06:10 accepted None"],
    ),
    Scenario(
        "while is judged at entry and before each step, not in between",
        [campaign("c", {"event": "Ping"}, mail("x"), {"wait": "2h"}, mail("y"), **{"while": {"==": [feature("open"), 0]}})],
        [
            track("28T06:00", "Ping"),
            track("28T06:30", "Opened", ticket="1"),
            track("28T07:00", "Closed", ticket="1"),
            track("28T07:30", "Opened", "v", ticket="1"),
            track("28T07:30", "Ping", "v"),
            track("28T07:30", "Ping", "w"),
            track("28T08:30", "Opened", "w", ticket="1"),
        ],
        ["c/x email 28T06:00 accepted None", "c/y email 28T08:00 accepted None", "w: c/x email 28T07:30 accepted None"],
        features={"open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"}},
    ),
    Scenario(
        "holdout and control group take no step, and only after one consented channel exists",
        [campaign("c", {"event": "Ping"}, mail(), holdout="10%", topic="asked")],
        [
            track("28T06:00", "Ping", HELD),
            track("28T06:10", "Consent Given", HELD, topic="asked"),
            track("28T06:20", "Ping", HELD),
            track("28T06:10", "Consent Given", FREE, topic="asked"),
            track("28T06:20", "Ping", FREE),
        ],
        [f"{HELD}: c/t email 28T06:00 suppressed consent", f"{FREE}: c/t email 28T06:20 accepted None"],
    ),
    Scenario(
        "a held-out entry counts for reentry",
        [campaign("c", {"event": "Ping"}, mail(), holdout="10%", topic="asked", reentry={"after": "1h"})],
        [
            track("28T06:00", "Consent Given", HELD, topic="asked"),
            track("28T06:00", "Ping", HELD),
            track("28T06:20", "Consent Withdrawn", HELD, topic="asked"),
            track("28T06:30", "Ping", HELD),
        ],
        [],
    ),
    Scenario(
        "the control group is outside every marketing campaign",
        [campaign("c", {"event": "Ping"}, mail()), campaign("d", {"event": "Ping"}, mail())],
        [track("28T06:00", "Ping", CONTROL), track("28T06:00", "Ping", REST)],
        [f"{REST}: c/t email 28T06:00 accepted None", f"{REST}: d/t email 28T06:00 accepted None"],
        policies={"control_group": "5%"},
    ),
    Scenario(
        "a split follows the hash, shares in file order",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {
                    "split": "way",
                    "arms": {"left": {"weight": 30, "then": [mail("l")]}, "right": {"weight": 70, "then": [mail("r")]}},
                },
            )
        ],
        [track("28T06:00", "Ping", LEFT), track("28T06:00", "Ping", RIGHT)],
        [f"{LEFT}: c/l email 28T06:00 accepted None", f"{RIGHT}: c/r email 28T06:00 accepted None"],
    ),
    Scenario(
        "set is seen from the next step on",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"set": {"traits.flag": True}},
                {"branch": [{"if": {"==": [{"var": "profile.traits.flag"}, True]}, "then": [mail("flag")]}]},
                **{"if": {"==": [{"var": "profile.traits.flag"}, None]}},
            )
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping")],
        ["c/flag email 28T06:00 accepted None"],
    ),
    Scenario(
        "active is half-open",
        [campaign("c", {"event": "Ping"}, mail(), active={"from": moment("28T06:00"), "until": moment("28T07:00")})],
        [
            track("28T05:59:59.999", "Ping"),
            track("28T06:00", "Ping"),
            track("28T06:59:59.999", "Ping"),
            track("28T07:00", "Ping"),
        ],
        ["c/t email 28T06:00 accepted None", "c/t email 28T06:59:59.999 accepted None"],
    ),
    Scenario(
        "then when it was sent, else when nothing was, exit ends the run",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {**mail("x"), "then": [mail("sent")], "else": [mail("not"), "exit"]},
                mail("end"),
                topic="asked",
            )
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Consent Given", topic="asked"), track("28T08:00", "Ping")],
        [
            "c/x email 28T06:00 suppressed consent",
            "c/not email 28T06:00 suppressed consent",
            *(f"c/{name} email 28T08:00 accepted None" for name in ("x", "sent", "end")),
        ],
    ),
    # stages, inputs after inputs
    Scenario(
        "the start is no entry, a → a is one, the first transition that holds is the only one",
        [campaign("c", {"stage": "warm"}, mail()), campaign("d", {"stage": "new"}, mail("start"))],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping"), track("28T08:00", "Ping")],
        [f"c/t email 28T{at} accepted None" for at in ("06:00", "07:00", "08:00")],
        ["new→warm 28T06:00", "warm→warm 28T07:00", "warm→warm 28T08:00"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"event": "Ping"}},
                {"from": "warm", "to": "warm", "on": {"event": "Ping"}},
                {"from": "warm", "to": "hot", "on": {"event": "Ping"}},
            ]
        },
    ),
    Scenario(
        "turns are counted, previous is known, and both are read after the wheel",
        [
            campaign(
                "c",
                {"event": "Ping"},
                {"branch": [{"if": {"==": [{"var": "stage.turns"}, 1]}, "then": [mail("one")]}, {"else": [mail("other")]}]},
                **{"if": {"==": [{"var": "stage.previous"}, "warm"]}},
            )
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping"), track("28T08:00", "Ping")],
        ["c/one email 28T07:00 accepted None"],
        ["new→warm 28T06:00", "warm→new 28T07:00", "new→warm 28T08:00"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"event": "Ping"}},
                {"from": "warm", "to": "new", "on": {"event": "Ping"}, "turn": True},
            ]
        },
    ),
    Scenario(
        "a turn taken at the instant of another a → a is seen by the campaigns",
        [campaign("c", {"event": "Pong"}, mail(), **{"if": {"==": [{"var": "stage.turns"}, 1]}})],
        [track("28T06:00", "Ping"), track("28T07:00", "Pong")],
        ["c/t email 28T07:00 accepted None"],
        ["new→warm 28T06:00", "warm→warm 28T07:00", "warm→warm 28T07:00"],
        wheel={
            "transitions": [
                {"from": "new", "to": "warm", "on": {"event": "Ping"}},
                {"from": "warm", "to": "warm", "on": {"without": "Pong", "for": "1h"}},
                {"from": "warm", "to": "warm", "on": {"event": "Pong"}, "if": {">=": [feature("pings"), 1]}, "turn": True},
            ]
        },
        features={"pings": {"count": "Ping"}},
        until="2024-03-28T07:10:00Z",
    ),
    Scenario(
        "a stage-started run has the moving input as trigger, which never counts; later ones do",
        [campaign("c", {"stage": "warm"}, {"wait": "1h"}, mail(), goal={"event": "Ping"})],
        [
            track("28T06:00", "Ping"),
            track("28T06:30", "Ping", "v"),
            track("28T06:00", "Ping", "w", arrives="28T07:00"),
            track("28T06:00", "Ping", "w", arrives="28T07:30"),
        ],
        ["c/t email 28T07:00 accepted None", "v: c/t email 28T07:30 accepted None"],
        ["new→warm 28T06:00", "v: new→warm 28T06:30", "w: new→warm 28T07:00"],
        wheel={"transitions": [{"from": "new", "to": "warm", "on": {"event": "Ping"}}]},
    ),
    Scenario(
        "move_to is the next input and its one transition; to the current stage it is nothing",
        [
            campaign("a", {"event": "Ping"}, {"move_to": "hot"}, mail("moved")),
            campaign("b", {"stage": "hot"}, mail("hot"), {"move_to": "warm"}),
            campaign("c", {"stage": "warm"}, mail("warm")),
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping", "v"), track("28T07:00", "Told", "v")],
        [
            *(
                f"{who}{name} email 28T{at} accepted None"
                for who, at in (("", "06:00"), ("v: ", "07:00"))
                for name in ("a/moved", "b/hot", "c/warm")
            ),
        ],
        ["new→hot 28T06:00", "hot→warm 28T06:00", "v: new→hot 28T07:00", "v: hot→warm 28T07:00"],
    ),
    Scenario(
        "emit to another makes an input of theirs, after their own timers of that instant",
        [
            campaign("a", {"event": "Ping"}, {"emit": {"event": "Told", "to": {"var": "event.properties.friend"}}}),
            campaign("b", {"event": "Told"}, mail("told")),
            campaign("c", {"event": "Pong"}, {"wait": "1h"}, mail("own")),
        ],
        [track("28T06:00", "Pong", "f"), track("28T07:00", "Ping", friend="f"), track("28T08:00", "Ping", friend="new one")],
        [
            "f: c/own email 28T07:00 accepted None",
            "f: b/told email 28T07:00 suppressed cap",
            "new one: b/told email 28T08:00 accepted None",
        ],
        policies={"caps": [{"at_most": 1, "per": "2d", "class": "marketing"}]},
        counts={"events": 3, "profiles": 3},
    ),
    Scenario(
        "inputs follow inputs to a depth of 8",
        [
            campaign(f"c{number}", {"event": f"Link {number}"}, mail(f"t{number}"), {"emit": {"event": f"Link {number + 1}"}})
            for number in range(11)
        ],
        [track("28T06:00", "Link 0")],
        [f"c{number}/t{number} email 28T06:00 accepted None" for number in range(9)],
    ),
    Scenario(
        "a restarted run emits again",
        [
            campaign("a", {"event": "Ping"}, {"emit": {"event": "Told"}}, {"wait": "2h"}, mail("a"), again="restart"),
            campaign("b", {"event": "Told"}, mail("b")),
        ],
        [track("28T06:00", "Ping"), track("28T06:00", "Ping"), track("28T06:30", "Ping")],
        [*["b/b email 28T06:00 accepted None"] * 2, "b/b email 28T06:30 accepted None", "a/a email 28T08:30 accepted None"],
    ),
    Scenario(
        "depth counts inputs that follow at once: a freed message begins anew",
        [
            campaign(
                "a",
                [{"event": "Ping"}, {"event": "Told"}],
                mail(),
                {"wait": {"until": moment("01T00:00")}},
                {"emit": {"event": "Told"}},
            )
        ],
        [track("28T06:00", "Ping")],
        [*(f"a/t email 28T{hour:02}:00 accepted None" for hour in (6, *range(6, 18))), "a/t email 28T18:00 planned cap"],
        policies={"caps": [{"at_most": 1, "per": "1h"}]},
        until="2024-03-28T18:00:00Z",
    ),
    # features and segments
    Scenario(
        "a window is the current UTC day and those before it; above 32 days buckets that touch them",
        [
            campaign("c", {"event": "Pong"}, mail(), **{"if": {">": [feature("two"), 0]}}),
            campaign("d", {"event": "Pong"}, mail(), **{"if": {">": [feature("forty"), 0]}}),
        ],
        [
            track("2024-03-01T23:00:00Z", "Ping"),
            *(track(f"2024-{at}T01:00:00Z", "Pong") for at in ("03-02", "03-03", "04-08", "04-09", "04-10", "04-11")),
        ],
        [
            "c/t email 02T01:00 accepted None",
            *(f"d/t email 2024-{at}T01:00:00.000Z accepted None" for at in ("03-02", "03-03", "04-08", "04-09")),
        ],
        features={"two": {"count": "Ping", "over": "2d"}, "forty": {"count": "Ping", "over": "40d"}},
    ),
    Scenario(
        "features by occurred_at and message id, null absent, sums exact",
        [
            campaign(name, {"event": "Told"}, mail(), **{"if": {"==": [feature(name, -1), value]}})
            for name, value in {
                "first": 1.25,
                "last": 3.25,
                "least": 1.25,
                "most": 3.25,
                "mean": 2.25,
                "total": 6.75,
                "kinds": 3,
                "number": 4,
                "none": -1,
                "since": 1,
            }.items()
        ],
        [
            track("27T10:00", "Ping", amount=2.25, id="b"),
            track("27T10:00", "Ping", amount=1.25, id="a"),
            track("27T10:00", "Ping", amount=3.25, id="c"),
            track("27T11:00", "Ping", amount=None),
            track("28T06:00", "Told"),
        ],
        [
            f"{name}/t email 28T06:00 accepted None"
            for name in ("first", "last", "least", "most", "mean", "total", "kinds", "number", "none", "since")
        ],
        features={
            **{
                name: {kind: "properties.amount", "of": "Ping"}
                for name, kind in {
                    "first": "first",
                    "last": "last",
                    "least": "min",
                    "most": "max",
                    "mean": "mean",
                    "total": "sum",
                    "kinds": "distinct",
                }.items()
            },
            "number": {"count": "Ping"},
            "none": {"last": "properties.amount", "of": "Pong"},
            "since": {"days_since": "Ping"},
        },
    ),
    Scenario(
        "an open key with a tie is closed, by occurred_at whatever the order",
        [campaign("c", {"event": "Ping"}, mail(), **{"if": {"==": [feature("open"), 1]}})],
        [
            track("28T06:00", "Opened", ticket="1"),
            track("28T06:30", "Ping"),
            track("28T06:00", "Closed", ticket="1", arrives="28T07:00"),
            track("28T07:30", "Ping"),
            track("28T08:00", "Closed", ticket="2"),
            track("28T07:00", "Opened", ticket="2", arrives="28T08:10"),
            track("28T08:30", "Ping"),
            track("28T08:20", "Opened", ticket="2", arrives="28T09:00"),
            track("28T09:30", "Ping"),
        ],
        [f"c/t email 28T{at} accepted None" for at in ("06:30", "09:30")],
        features={"open": {"open": "Opened", "closed_by": "Closed", "key": "ticket"}},
    ),
    Scenario(
        "segments are read in conditions, after fold and wheel",
        [
            campaign("c", {"event": "Ping"}, mail(), **{"if": {"segment": "fans"}}),
            campaign("d", {"event": "Ping"}, mail(), **{"if": {"in": ["fans", {"var": "profile.segments"}]}}),
        ],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping")],
        ["c/t email 28T07:00 accepted None", "d/t email 28T07:00 accepted None"],
        ["new→warm 28T07:00"],
        wheel={"transitions": [{"from": "new", "to": "warm", "on": {"event": "Ping"}, "if": {"==": [feature("pings"), 2]}}]},
        features={"pings": {"count": "Ping"}},
        segments={"fans": {"if": [{"==": [{"var": "stage.current"}, "warm"]}, {">": [feature("pings"), 1]}]}},
    ),
    # lines
    Scenario(
        "duplicates and rejected lines are counted apart; a duplicate moves arrival, a rejected line does not",
        [campaign("c", {"event": "Ping"}, mail())],
        [
            track("28T06:00", "Ping", id="x"),
            track("28T07:00", "Ping", id="x"),
            track("28T06:30", "Ping", id="y"),
            track("28T09:00", "Rated", score="high"),
            "{not json",
            track("28T08:00", "Ping", user=None),
            track("28T07:30", "Ping", id="x", user="v"),
        ],
        ["c/t email 28T06:00 accepted None", "c/t email 28T07:00 accepted None", "v: c/t email 28T07:30 accepted None"],
        counts={"events": 3, "duplicates": 1, "rejected": 3, "profiles": 2},
    ),
    Scenario(
        "a duplicate is known for 30 days of the clock",
        [campaign("c", {"event": "Ping"}, mail())],
        [
            track("2024-02-01T06:00:00Z", "Ping", id="x"),
            track("2024-03-02T05:59:59.999Z", "Ping", id="x"),
            track("02T06:00", "Ping", id="x"),
        ],
        ["c/t email 2024-02-01T06:00:00.000Z accepted None", "c/t email 02T06:00 accepted None"],
        counts={"events": 2, "duplicates": 1},
    ),
    Scenario(
        "files are merged by arrival, ties in argument order, each one's own order kept",
        [campaign("c", {"event": "Ping"}, mail(), reentry="once", **{"if": {"==": [feature("pongs"), 1]}})],
        [track("28T06:00", "Ping"), track("28T07:00", "Ping"), track("28T06:00", "Ping", "v")],
        ["v: c/t email 28T07:00 accepted None"],
        more_logs=[[track("28T05:00", "Pong", "v"), track("28T07:00", "Pong")]],
        features={"pongs": {"count": "Pong"}},
    ),
    Scenario(
        "an anonymous profile that becomes known goes on as itself, under its known name",
        [
            campaign("c", {"event": "Ping"}, {"wait": "1h"}, mail(), reentry="once"),
            campaign("d", {"event": "Pong"}, mail(), **{"if": {"==": [feature("pings"), 2]}}),
        ],
        [
            track("28T06:00", "Ping", None, anonymous="a1"),
            track("28T06:30", "Told", "k", anonymous="a1"),
            track("28T06:40", "Ping", "k"),
            track("28T08:00", "Pong", None, anonymous="a1"),
        ],
        ["k: c/t email 28T07:00 accepted None", "k: d/t email 28T08:00 accepted None"],
        ["k: new→warm 28T06:00"],
        wheel={"transitions": [{"from": "new", "to": "warm", "on": {"event": "Ping"}}]},
        features={"pings": {"count": "Ping"}},
        counts={"profiles": 1},
    ),
]
