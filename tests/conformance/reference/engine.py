"""Replay in virtual time: arrivals drive the clock, timers due at T are decided before an input of time T."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from tests.conformance.reference.facts import name_of
from tests.conformance.reference.journey import Journey
from tests.conformance.reference.times import DAY, iso

DEPTH = 8
KNOWN_FOR = 30 * DAY
KNOWN_IDS = 256


class Replay:
    """Profiles by identity, their timers, and the inputs that follow from inputs."""

    def __init__(self, workspace: dict[str, Any]) -> None:
        self.workspace = workspace
        self.journey = Journey(workspace)
        self.profiles: list[dict[str, Any]] = []
        self.by_id: dict[tuple[str, str], dict[str, Any]] = {}
        self.due: list[tuple[int, int]] = []
        self.clock = 0
        self.counts: Counter[str] = Counter()

    def line(self, arrival: int, event: dict[str, Any] | None) -> None:
        """One line of a file."""
        if event is None:
            self.counts["rejected"] += 1
            return
        self.advance(arrival)
        profile = self._whose(event["user"], event["anonymous"])
        if profile is not None and self._duplicate(profile, event["id"]):
            self.counts["duplicates"] += 1
            return
        profile = self._identify(event["user"], event["anonymous"])
        profile["seen"].pop(event["id"], None)
        profile["seen"][event["id"]] = self.clock
        self.counts["events"] += 1
        self._deliver([(profile, {"event": event}, 0)])

    def advance(self, until: int) -> None:
        """Fire every timer due at or before `until`, in order of time."""
        while self.due and self.due[0][0] <= until:
            at, number = heapq.heappop(self.due)
            profile = self.profiles[number]
            if self.journey.next_due(profile) == at:
                self.clock = at
                self._deliver([(profile, {}, 0)])
        self.clock = max(self.clock, until)

    def _deliver(self, inputs: list[tuple[dict[str, Any], dict[str, Any], int]]) -> None:
        """Decide inputs at the clock, and after each what it emits or moves, to a depth of 8."""
        queue = deque(inputs)
        while queue:
            profile, given, depth = queue.popleft()
            if given:
                self._timers_first(profile, queue)
            outbox = self.journey.decide(profile, self.clock, **given)
            self._arm(profile)
            queue.extend(self._addressed(profile, made, depth + 1) for made in outbox if depth < DEPTH)

    def _timers_first(self, profile: dict[str, Any], queue: deque[Any]) -> None:
        """A timer due at T is decided before an input of time T."""
        while (due := self.journey.next_due(profile)) is not None and due <= self.clock:
            outbox = self.journey.decide(profile, self.clock)
            queue.extend(self._addressed(profile, made, 1) for made in outbox)

    def _addressed(self, profile: dict[str, Any], made: dict[str, Any], depth: int) -> Any:
        """An input that a step made, and whose it is."""
        to = made.pop("to", None)
        return profile if to is None else self._identify(str(to), None), made, depth

    def _arm(self, profile: dict[str, Any]) -> None:
        due = self.journey.next_due(profile)
        if due is not None:
            heapq.heappush(self.due, (due, profile["number"]))

    def _duplicate(self, profile: dict[str, Any], message_id: str) -> bool:
        """Known for 30 days of the clock or the newest 256 of the profile, whichever ends first."""
        newest = list(profile["seen"].items())[-KNOWN_IDS:]
        return any(known == message_id and self.clock < at + KNOWN_FOR for known, at in newest)

    def _whose(self, user: str | None, anonymous: str | None) -> dict[str, Any] | None:
        """The profile that an identity already has. An anonymous one becomes known once; two known ids are never one."""
        known = self.by_id.get(("user", user)) if user is not None else None
        visitor = self.by_id.get(("anonymous", anonymous)) if anonymous is not None else None
        if known is None and visitor is not None and (user is None or visitor["user"] is None):
            return visitor
        return known

    def _identify(self, user: str | None, anonymous: str | None) -> dict[str, Any]:
        """The profile of an identity, made if there is none; it is known by these ids from now on."""
        profile = self._whose(user, anonymous) or self._new()
        if user is not None:
            profile["user"] = profile["user"] or user
            self.by_id.setdefault(("user", user), profile)
        if anonymous is not None and ("anonymous", anonymous) not in self.by_id:
            profile["anonymous"] = profile["anonymous"] or anonymous
            self.by_id[("anonymous", anonymous)] = profile
        return profile

    def _new(self) -> dict[str, Any]:
        profile = {
            "number": len(self.profiles),
            "user": None,
            "anonymous": None,
            "first_seen": None,
            "events": [],
            "traits": {},
            "stage": None,
            "since": None,
            "previous": None,
            "turns": 0,
            "transitions": [],
            "holds": {},
            "armed": {},
            "runs": [],
            "entries": [],
            "messages": [],
            "handed": [],
            "seen": {},
            "now": None,
        }
        self.profiles.append(profile)
        return profile


def replay(
    workspace: dict[str, Any], lines: Iterable[tuple[int, dict[str, Any] | None]], until: int | None = None
) -> dict[str, Any]:
    """Rows of messages.jsonl (without message_id) and transitions.jsonl, and the counts."""
    running = Replay(workspace)
    for arrival, event in lines:
        if until is not None and arrival > until:
            continue
        running.line(arrival, event)
    running.advance(running.clock if until is None else max(until, running.clock))
    profiles = [profile for profile in running.profiles if profile["first_seen"] is not None]
    wheel = workspace["wheel"]
    stages = Counter(dict.fromkeys([*wheel["stages"], *(wheel.get("outside") or [])], 0))
    stages.update(profile["stage"] for profile in profiles)
    return {
        "events": running.counts["events"],
        "duplicates": running.counts["duplicates"],
        "rejected": running.counts["rejected"],
        "profiles": len(profiles),
        "stages": dict(stages),
        "messages": [_row(profile, message) for profile in profiles for message in profile["messages"]],
        "transitions": [
            {"profile": name_of(profile), "at": iso(at), "from": source, "to": target}
            for profile in profiles
            for at, source, target in profile["transitions"]
        ],
    }


def _row(profile: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    names = ("campaign", "step", "channel", "template", "class", "state", "reason")
    return {"profile": name_of(profile), "planned_at": iso(message["planned_at"])} | {name: message[name] for name in names}
