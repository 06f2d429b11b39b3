"""What can happen to a profile: the closed set of inputs that `decide` takes.

Every input is one entry of the partition's ordered log. Times are integer milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="input", tag="event", omit_defaults=True):
    """A customer's event, normalised at the edge from the Segment shape.

    `name` is the event as its emitter names it ("Order Completed"); empty for identify, group and alias.
    `user_id` and `anonymous_id` never hold values that do not identify (`null`, `0`, `undefined`, `test`).
    """

    message_id: str
    occurred_at: int
    type: str = "track"
    name: str = ""
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    received_at: int = 0
    original_at: int | None = None
    """What the sender's clock said, where that differs from `occurred_at`."""
    source: str = ""
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    backfill: bool = False
    """History that must start nothing; it still corrects features, segments and stage."""
    depth: int = 0
    """How many `emit`, `move_to` and `set` steps led here."""


class Timer(msgspec.Struct, frozen=True, tag_field="input", tag="timer"):
    """Everything of one profile that is due at one instant."""

    due: int


class Permit(msgspec.Struct, frozen=True, tag_field="input", tag="permit"):
    """Leave to hand one message over, valid until `not_after`."""

    not_after: int


class Refusal(msgspec.Struct, frozen=True, tag_field="input", tag="refusal", omit_defaults=True):
    """No leave now: `gate` is `kill`, `pause` or `permit`; `retry_at` where it is known.

    Of the gate `expiry` its time is over by the wall clock, which the partition's may lag behind.

    Of the gate `suppression` it is for good on this channel: its address is listed, as `why` (stop, bounce, …), or a safe
    list does not name it.
    """

    gate: str
    retry_at: int | None = None
    why: str = ""


class HandOff(msgspec.Struct, frozen=True, tag_field="input", tag="hand_off"):
    """The owner is about to hand a cleared message to its channel; the governor's verdict travels inside."""

    message_id: str
    verdict: Permit | Refusal


class Outcome(msgspec.Struct, frozen=True, tag_field="input", tag="outcome", omit_defaults=True):
    """What became of an attempt: `accepted`, `refused`, `not_sent` or `in_doubt` (see `delivery.channel`)."""

    message_id: str
    result: str
    provider_id: str | None = None
    kind: str = ""
    detail: str = ""
    retry_at: int | None = None
    answer: dict[str, Any] | None = None
    """What a webhook that accepted said."""
    segments: int = 1
    """Of an SMS that has left: as how many it was sent."""


class Receipt(msgspec.Struct, frozen=True, tag_field="input", tag="receipt", omit_defaults=True):
    """What a provider says later of a message that it was handed. `word` is one of `receipts.WORDS`, `id` the provider's.

    Nothing in it names a person: it finds its profile by the key that travelled with the message.
    """

    message_id: str
    id: str
    word: str
    occurred_at: int
    channel: str
    provider: str = ""
    provider_id: str | None = None
    code: str = ""
    url: str = ""
    machine: bool = False
    """No person did it."""
    received_at: int = 0


class Move(msgspec.Struct, frozen=True, tag_field="input", tag="move", omit_defaults=True):
    """A campaign's `move_to`, or an operator's: put the profile into a stage."""

    stage: str
    cause: str
    depth: int = 0
    occurred_at: int | None = None


class Look(msgspec.Struct, frozen=True, tag_field="input", tag="look", omit_defaults=True):
    """Something else than an event or a timer may have brought the profile across an edge that patterns wait for."""

    cause: str
    depth: int = 0


class EndRuns(msgspec.Struct, frozen=True, tag_field="input", tag="end_runs", omit_defaults=True):
    """An operator ends this profile's live runs, of one campaign or of all.

    With `began_by` it is one of everybody's, ended together: only runs that had begun by then, and who has none is passed by.
    """

    reason: str
    campaign: str | None = None
    began_by: int | None = None


class Visit(msgspec.Struct, frozen=True, tag_field="input", tag="visit"):
    """A look at a profile after its surroundings changed: a program went live, a pause or the kill switch ended."""

    cause: str


class Link(msgspec.Struct, frozen=True, tag_field="input", tag="link"):
    """An anonymous id (`raw`) whose home is another partition's is this customer's: marketing waits for it until then."""

    raw: str
    until: int


class Release(msgspec.Struct, frozen=True, tag_field="input", tag="release"):
    """To the home of an anonymous id (`raw`): let go of it for the known one (`to`), and send there what it holds."""

    raw: str
    to: str


class Adopt(msgspec.Struct, frozen=True, tag_field="input", tag="adopt", omit_defaults=True):
    """A known profile takes in what an anonymous one held: its record's bytes, and its key in the journal.

    From another partition it says which id that was (`raw`) and whose it is now (`to`); there is no state where nothing
    was known of that id, or where it is somebody else's.
    """

    state: bytes
    key: int
    raw: str = ""
    to: str = ""


class Announcement(msgspec.Struct, frozen=True, tag_field="input", tag="announcement", omit_defaults=True):
    """What a broadcast brings to one profile when it is visited: a schedule's time has come, or a thing's event.

    `at` is the schedule's time or when the event occurred, `patterns` those of the program by which it was called.
    """

    broadcast: str
    at: int
    patterns: list[str]
    event: Event | None = None


class Broadcast(msgspec.Struct, frozen=True, tag_field="input", tag="broadcast", omit_defaults=True):
    """A round begins, noted once for the whole file: everyone `known` by then (profile keys up to it) is visited.

    What it brings is an announcement, or the end of the runs of the campaign that `ends` names. `stopped` says why it goes
    to nobody: `age`, `running` (the round before of the same schedule), `full` or `unheard`.
    """

    id: str
    at: int
    patterns: list[str] = []
    known: int = 0
    event: Event | None = None
    stopped: str = ""
    ends: str = ""


class Activation(msgspec.Struct, frozen=True, tag_field="input", tag="activation", omit_defaults=True):
    """A program goes live in this partition, by the name of its content. `actor`: who let it, where that was said."""

    program: str
    actor: str = ""


class Control(msgspec.Struct, frozen=True, tag_field="input", tag="control", omit_defaults=True):
    """An operator's word to a whole partition: `kill`, `pause` or their end, or `approve`; with who and why.

    A pause is of everything, or of the one thing that is named. `settle`, `end` and `redrive` mend something of one customer
    (`partition.mending`): the word stands beside the input that follows from it. `end` of a campaign alone begins a round.
    """

    switch: str
    on: bool
    campaign: str | None = None
    channel: str | None = None
    actor: str = ""
    reason: str = ""
    profile: str | None = None
    """A raw id, `u:…` or `a:…`."""
    provider: str | None = None
    """An adapter: every channel that leaves by it."""
    up_to: int = 0
    """Of `approve`: so many messages of the campaign may go until `until`, beside what goes by itself."""
    until: int = 0
    at: int = 0
    """When it was said, by the clock of whoever did; 0: nobody noted that."""
    message: str | None = None
    """Of `settle`: the message in doubt, which counts from now on `way` (`receipts.WAYS`)."""
    way: str = ""
    letter: int = 0
    """Of `redrive`: the dead letter by its row in the journal, with the profile's key and the input itself."""
    key: int = 0
    given: bytes = b""


ProfileInput = Event | Timer | HandOff | Outcome | Receipt | Move | Look | EndRuns | Visit | Link | Adopt | Announcement
"""What `decide` takes."""

PartitionInput = Activation | Control | Broadcast | Release
"""What concerns every profile in a partition."""
