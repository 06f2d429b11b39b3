"""A compiled campaign: who starts it, what its steps do, what ends it.

Durations and instants are integer milliseconds; shares are basis points (1/100 of a per cent).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from rules import Condition

Class = Literal["marketing", "transactional"]

LATER = {"later": True}
"""Metadata of a field that came after programs were first named by their content: at its default it is no part of the name.

So people in flight stay on their steps through an upgrade. Every field added to a compiled class carries it.
"""


@dataclass(frozen=True, slots=True)
class Dated:
    """A date that a profile holds, and when it comes: each year or month, or once."""

    path: tuple[str, ...]
    """Where it stands under `profile`: ("traits", "birthday")."""
    every: Literal["year", "month"] | None = None
    at: int | None = None
    """Minutes of the local day; None: the date's own time, for a plain date midnight."""
    offset: int = 0
    """Milliseconds after it, before it where negative."""
    zone: str | None = None
    """None: the recipient's."""

    @property
    def name(self) -> str:
        """What two patterns share that wait for the same instants."""
        return f"{'.'.join(self.path)} {self.every} {self.at} {self.offset} {self.zone}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something comes, in `zone`: by the five fields of cron, or once `at` an instant. Exactly one of the two is set."""

    zone: str
    cron: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """The one pattern of the grammar: exactly one of `event`, `stages`, `without`, `segment`, `left`, `date`, `schedule` or
    `broadcast`.

    `id` is stable between programs and names the pattern in state ("win-back/on/0").
    """

    id: str
    event: str | None = None
    stages: tuple[str, ...] = ()
    without: str | None = None
    duration: int = 0
    """`for:` of a `without` pattern."""
    key: str | None = None
    each: str | None = None
    of: str | None = None
    """The id of the send step whose message this answers."""
    condition: Condition | None = None
    segment: str | None = field(default=None, metadata=LATER)
    """Entered."""
    left: str | None = field(default=None, metadata=LATER)
    """A segment that was left."""
    date: Dated | None = field(default=None, metadata=LATER)
    schedule: Schedule | None = field(default=None, metadata=LATER)
    broadcast: str | None = field(default=None, metadata=LATER)
    """The event about a thing."""
    to: str | None = field(default=None, metadata=LATER)
    """The segment that a schedule or a broadcast reaches."""

    @property
    def watches(self) -> str | None:
        """The segment whose crossing it waits for."""
        return self.segment if self.segment is not None else self.left

    @property
    def brings(self) -> str | None:
        """The event that conditions and steps read where the pattern holds."""
        return self.event if self.event is not None else self.broadcast

    @property
    def called(self) -> bool:
        """Whether a broadcast meets it, which reaches the people of a segment one after the other."""
        return self.schedule is not None or self.broadcast is not None


@dataclass(frozen=True, slots=True)
class Goal:
    pattern: Pattern
    within: int | None = None
    value: tuple[str, ...] | None = None
    stay: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """Something authored that is a constant or a JSON-Logic expression: exactly one of the two is set."""

    constant: Any = None
    expression: Condition | None = None


@dataclass(frozen=True, slots=True)
class Send:
    template: str
    channels: tuple[str, ...]
    expires: int | None = None
    given: dict[str, Value] = field(default_factory=dict)
    """`with:` what the template's inputs get."""
    survey: str | None = field(default=None, metadata=LATER)
    merge: int | None = field(default=None, metadata=LATER)
    """For how long the first message waits for others of this step, to go out with them as one."""


@dataclass(frozen=True, slots=True)
class Wait:
    """At least `duration`; then, with `at` (minutes of the local day), the next such local time. `until` is an instant."""

    duration: Value | None = None
    """Milliseconds."""
    at: int | None = None
    until: Value | None = None
    """A date-time, RFC 3339, or a date."""
    plus: int = 0
    past: Literal["continue", "exit"] = "continue"


@dataclass(frozen=True, slots=True)
class WaitFor:
    patterns: tuple[Pattern, ...]
    within: int


@dataclass(frozen=True, slots=True)
class Branch:
    """The first condition that holds leads to its node; otherwise `Node.otherwise`."""

    ways: tuple[tuple[Condition, int], ...]


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    up_to: int
    """Cumulative share in basis points, exclusive."""
    node: int


@dataclass(frozen=True, slots=True)
class Split:
    name: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class SetTraits:
    traits: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Emit:
    event: str
    to: Value | None = None
    properties: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoveTo:
    stage: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a person does, within `due` milliseconds. The run waits for it where its outcomes lead to two places."""

    queue: str
    """The sender with `task` settings whose people do it."""
    title: str
    due: int
    shows: tuple[str, ...] = ()
    """Properties of the event that the person sees, as dotted paths."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A question to another system, asked until it is answered, at most `within` milliseconds."""

    to: str
    """The sender with `webhook` settings."""
    send: Any = None
    """The body: JSON whose leaves are `Value`s."""
    save: str | None = None
    """Under which name of the run the answer is kept."""
    within: int = 0


@dataclass(frozen=True, slots=True)
class Exit:
    pass


Verb = Send | Wait | WaitFor | Branch | Split | SetTraits | Emit | MoveTo | Task | Webhook | Exit

END = -1
"""The node after the last step."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step with its continuations, as indexes into `Campaign.nodes`; `END` ends the run.

    `then` is the way on, and the first of two outcomes; `otherwise` the second (`else:`), equal to the way on where
    the author wrote none.
    """

    id: str
    verb: Verb
    then: int = END
    otherwise: int = END
    answer_of: int | None = None
    """The innermost `wait_for` whose `then` holds this step: inside it, `event` is the answer."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A campaign's steps, pinned for people in flight by the hash of their content. `first` is the entry node."""

    version: str
    nodes: tuple[Node, ...]
    first: int = END


@dataclass(frozen=True, slots=True)
class Reentry:
    """`after` None: once; 0: always; otherwise again from entry + `after` on. Counted per key or per profile."""

    after: int | None = None
    per_profile: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A campaign sends `over` messages within `within` milliseconds by itself; for more another person must say yes."""

    over: int
    within: int = 24 * 3_600_000


SENDS, TRIGGERS = "sends", "triggers"


@dataclass(frozen=True, slots=True)
class Expected:
    """How many within any `per` milliseconds are as they should be: at least so many, and at most.

    With `times`, as many as so many times its busiest span before are fine too, though they be more than `at_most`.
    """

    per: int
    at_least: int | None = None
    at_most: int | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is told where a campaign does otherwise: messages that its provider took, and runs that began."""

    sends: Expected | None = None
    triggers: Expected | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    name: str
    stage: str
    steps: Steps
    on: tuple[Pattern, ...]
    cls: Class = "marketing"
    topic: str | None = None
    priority: int = 1
    """0 high, 1 normal, 2 low."""
    active_from: int | None = None
    active_until: int | None = None
    condition: Condition | None = None
    while_: Condition | None = None
    restart: bool = False
    reentry: Reentry = Reentry()
    holdout: int = 0
    goal: Goal | None = None
    exits: tuple[Pattern, ...] = ()
    approval: Approval | None = field(default=None, metadata=LATER)
    """What it may send by itself, where it is another amount than the policies say."""
    alarm: Alarm | None = field(default=None, metadata=LATER)

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that its steps may send through, in order of appearance."""
        found = (channel for node in self.steps.nodes if isinstance(node.verb, Send) for channel in node.verb.channels)
        return tuple(dict.fromkeys(found))
