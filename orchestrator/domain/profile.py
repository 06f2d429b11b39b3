"""The hot record of one customer. Mutable inside one decision, sealed as bytes between decisions.

Outbox, send ledger, timers, duplicate detection and run state are fields here; whatever stands beside is derived.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Part(msgspec.Struct, omit_defaults=True):
    """What one run puts into a message that joins several: what the run's own message would have read."""

    enrolment: str
    event: dict[str, Any] | None = None
    item: Any = None
    given: dict[str, Any] = {}


class Message(msgspec.Struct, omit_defaults=True):
    """A planned message until it ends. `state`: planned, cleared, attempting, in_doubt or an end state.

    `cleared` (all gates passed, hand-off not decided yet) is shown to the world as planned.
    """

    id: str
    enrolment: str
    campaign: str
    step: str
    template: str
    cls: str
    channels: list[str]
    planned_at: int
    expires_at: int
    order: int
    topic: str | None = None
    priority: int = 1
    state: str = "planned"
    channel: str = ""
    gate: str | None = None
    due: int | None = None
    """When it is judged again, or when an attempt without an answer becomes in doubt."""
    cleared_at: int | None = None
    attempted: bool = False
    moved: bool = False
    """Its attempt began in another profile, so perhaps elsewhere: who hands over here knows nothing of it."""
    event: dict[str, Any] | None = None
    item: Any = None
    given: dict[str, Any] = {}
    survey: str | None = None
    barred: list[str] = []
    """Channels on which the address list has refused it."""
    resent: int = 0
    """How often it was sent again after a doubt that no evidence settled."""
    parts: list[Part] = []
    """With `merge`: all that it joins, in order; `enrolment`, `event`, `item` and `given` are those of the first."""

    @property
    def enrolments(self) -> list[str]:
        """The runs whose message this is."""
        return [part.enrolment for part in self.parts] or [self.enrolment]


class Call(msgspec.Struct, omit_defaults=True):
    """A webhook that is being asked, until it is answered or its time is over. `state`: planned, cleared, attempting."""

    id: str
    enrolment: str
    campaign: str
    step: str
    to: str
    cls: str
    planned_at: int
    expires_at: int
    body: Any = None
    save: str | None = None
    state: str = "planned"
    channel: str = "webhook"
    gate: str | None = None
    due: int | None = None
    """When it is asked again, when an attempt counts as unanswered, at the latest when its time is over."""
    tries: int = 0


class OpenTask(msgspec.Struct, omit_defaults=True):
    """A task until it is done or withdrawn. `overdue`: its due instant has passed."""

    id: str
    enrolment: str
    campaign: str
    step: str
    queue: str
    title: str
    opened_at: int
    due: int
    overdue: bool = False
    shows: dict[str, Any] = {}


class Run(msgspec.Struct, omit_defaults=True):
    """One enrolment of this profile in a campaign.

    `state`: at (about to take `node`), wait, wait_for, task, webhook, send (its message decides), paused. `ended` names the
    reason of the end; an ended run stays as long as its goal is measured.
    """

    campaign: str
    version: str
    enrolment: str
    entered_at: int
    trigger_at: int
    trigger_id: str
    trigger_seq: int
    node: int
    key: list[str] = []
    keys: dict[str, list[str]] = {}
    event: dict[str, Any] | None = None
    item: Any = None
    state: str = "at"
    due: int | None = None
    message: str | None = None
    """Id of the message, task or call that decides how it goes on."""
    planned: bool = False
    """It has acted: no restart any more."""
    held: bool = False
    converted: bool = False
    ended: str = ""
    goal_until: int | None = None
    arms: dict[str, str] = {}
    answers: dict[int, dict[str, Any]] = {}
    answered: list[str] = []
    sent: dict[str, str] = {}
    """step id → id of its message."""
    depth: int = 0
    """How many `emit` and `move_to` steps led here without a wait between."""
    saved: dict[str, dict[str, Any]] = {}
    """What webhooks answered, by the name under which it is kept."""


class Entries(msgspec.Struct, omit_defaults=True):
    """How often and when a profile entered a campaign, held-out entries included."""

    count: int = 0
    last: int = 0
    keys: dict[str, int] = {}


class Recent(msgspec.Struct, omit_defaults=True):
    """An event kept for looking back. `seq` is the profile's input count when it was processed."""

    id: str
    name: str
    at: int
    seq: int
    event: dict[str, Any]
    keys: dict[str, list[str]] = {}


class Counted(msgspec.Struct, array_like=True):
    """A marketing message that caps count, from reservation on."""

    id: str
    at: int
    channel: str
    topic: str | None


class Sent(msgspec.Struct, array_like=True):
    """A message that has left and has ended, of which its provider may still speak. `state` is where it stands now."""

    id: str
    campaign: str
    step: str
    channel: str
    template: str
    cls: str
    planned_at: int
    state: str
    heard: list[str]
    """What receipts said so far, each once."""


class Consent(msgspec.Struct, array_like=True):
    given: bool
    at: int
    id: str


class Snooze(msgspec.Struct, array_like=True):
    """Until when this customer wants no marketing, and the word that says so."""

    until: int
    at: int
    id: str


class HoldState(msgspec.Struct, array_like=True):
    true: bool
    since: int | None


class Membership(msgspec.Struct, array_like=True):
    """Whether the profile is in a segment, by that definition of it."""

    definition: str
    inside: bool


class Kept(msgspec.Struct, array_like=True):
    """A date that patterns wait for: by which occasion, what the profile holds, which round is over, and when one comes next.

    `done`: the last one that is over for this value, `came`: the last one that came, for whatever value.
    """

    token: str
    value: str
    done: int
    came: int
    next: int | None = None


class Linked(msgspec.Struct, array_like=True):
    """An anonymous id that this profile waits for: since when, until when marketing does, and whether it began with that."""

    at: int
    until: int
    first: bool


class Profile(msgspec.Struct, omit_defaults=True):
    """Everything that deciding needs to know of one customer, bounded by `limits`."""

    born: int
    stage: str
    since: int
    user_id: str | None = None
    anonymous_ids: list[str] = []
    previous: str | None = None
    turns: int = 0
    stages: list[tuple[str, int]] = []
    seq: int = 0
    traits: dict[str, Any] = {}
    trait_at: dict[str, tuple[int, str]] = {}
    consents: dict[str, dict[str, Consent]] = {}
    folds: dict[str, Any] = {}
    last: dict[str, int] = {}
    """event → its latest occurrence, where something counts from it."""
    holds: dict[str, HoldState] = {}
    runs: list[Run] = []
    entries: dict[str, Entries] = {}
    fired: dict[str, int] = {}
    """id of a `without` pattern → the anchor it last fired or lapsed for."""
    messages: list[Message] = []
    counted: list[Counted] = []
    ready: list[str] = []
    """Enrolments whose message is settled and that wait for the rest of their round."""
    planned: int = 0
    tally: dict[str, int] = {}
    """end state → messages; with the live ones it adds up to `planned`."""
    recent: list[Recent] = []
    tasks: list[OpenTask] = []
    calls: list[Call] = []
    suppressed: dict[str, str] = {}
    """channel → why nothing may be sent there."""
    seen: bytes = b""
    announced: bytes = b""
    """Marks of the newest broadcasts that it heard, 8 bytes each."""
    digest: bytes = b""
    memberships: dict[str, Membership] = {}
    """segment → whether inside, of those that patterns wait for."""
    dates: dict[str, Kept] = {}
    """name of an occasion (`ProgramIndex.dates`) → what has been of it."""
    links: dict[str, Linked] = {}
    """anonymous raw id → what is known of it until its home has answered."""
    asked: dict[str, dict[str, Consent]] = {}
    """topic with double opt-in → channel → what was given and is not confirmed yet."""
    snooze: Snooze | None = None
    sent: list[Sent] = []
    """The newest messages that have left, by their end."""

    @property
    def name(self) -> str:
        """The first known user id, else the first anonymous one: how reports and chance name this profile."""
        return self.user_id if self.user_id is not None else (self.anonymous_ids[0] if self.anonymous_ids else "")

    @property
    def raws(self) -> list[str]:
        """Every raw id that it is known by."""
        known = [] if self.user_id is None else [f"u:{self.user_id}"]
        return [*known, *(f"a:{each}" for each in self.anonymous_ids)]

    def run(self, enrolment: str) -> Run | None:
        """The run of that enrolment, where it is still kept."""
        return next((run for run in self.runs if run.enrolment == enrolment), None)

    def message(self, message_id: str) -> Message | None:
        """The message of that id, where it has not ended."""
        return next((message for message in self.messages if message.id == message_id), None)

    def has_sent(self, message_id: str) -> Sent | None:
        """The message of that id among the newest that have left."""
        return next((sent for sent in reversed(self.sent) if sent.id == message_id), None)

    def call(self, call_id: str | None) -> Call | None:
        """The call of that id, where it has not ended."""
        return next((call for call in self.calls if call.id == call_id), None)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Profile)

seal = _ENCODER.encode
"""A profile as bytes: the same profile always gives the same bytes."""
unseal = _DECODER.decode
