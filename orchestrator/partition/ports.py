"""What a partition needs from outside: a store for its record, leave to send, and a wire to hand messages to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from orchestrator.domain.input import Outcome, Permit, ProfileInput, Refusal
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Call, Message, Profile
from orchestrator.domain.program import Program


@dataclass(slots=True)
class Record:
    """One profile as its partition holds it: its bytes, what was decided since they were made, its place in the journal."""

    key: int
    raw: str
    profile: Profile
    sealed: bytes
    last_seq: int = 0
    due: int | None = None
    since: list[tuple[ProfileInput, int]] = field(default_factory=list)
    """(input, clock) decided since `sealed`, in order."""


class Stored(NamedTuple):
    """A profile as the store holds it."""

    raw: str
    sealed: bytes
    last_seq: int
    due: int | None


class JournalRow(NamedTuple):
    """One decided input. `prev_seq` is the row before it of the same profile (0: none)."""

    seq: int
    key: int
    prev_seq: int
    clock: int
    given: bytes
    decision: bytes


class DeadLetter(NamedTuple):
    """An input that could not be decided, with its cause; `seq` is its row in the journal."""

    seq: int
    key: int
    clock: int
    given: bytes
    cause: str


@dataclass(slots=True)
class Changes:
    """Everything that one batch changed; committed whole or not at all."""

    partition: int
    clock: int = 0
    ids: dict[str, int | None] = field(default_factory=dict)
    """raw id → profile key; None: it belongs to no profile here any more."""
    records: dict[int, Record] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    """anonymous raw id → the known one it became part of."""
    gone: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)
    """Keys of profiles whose open tasks may have changed: the list of tasks beside the profiles follows."""
    journal: list[JournalRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    controls: Controls | None = None
    facts: dict[str, bytes] = field(default_factory=dict)
    """What the whole file notes under a name."""
    programs: dict[str, bytes] = field(default_factory=dict)
    """name → content of a program that goes live."""

    @property
    def empty(self) -> bool:
        changed = self.journal or self.ids or self.redirects or self.gone or self.records or self.controls
        return not (changed or self.facts or self.programs)


class Store(Protocol):
    """One partition's durable record. `commit` is atomic and durable when it returns."""

    def clock(self) -> int: ...

    def controls(self) -> Controls: ...

    def fact(self, name: str) -> bytes | None:
        """What the whole file has noted under that name."""
        ...

    def find(self, raw: str) -> int | None: ...

    def redirect(self, raw: str) -> str | None: ...

    def read(self, key: int) -> Stored | None: ...

    def due_after(self, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        """The next (due, key) pairs strictly after the given one, in order."""
        ...

    def keys_after(self, key: int, limit: int) -> list[int]:
        """The next profile keys of the whole file after the given one, in order."""
        ...

    def last_key(self) -> int:
        """The highest profile key of the whole file, one that is not committed yet included."""
        ...

    def next_key(self) -> int: ...

    def next_seq(self) -> int: ...

    def commit(self, changes: list[Changes]) -> None: ...


class Permits(Protocol):
    """The governor as a partition sees it."""

    def ask(self, message: Message | Call, now: int, wall: int) -> Permit | Refusal:
        """Leave to hand this message over at the partition's `now`, or why not.

        `wall` is the shell's time; 0 where time is virtual.
        """
        ...


class Wire(Protocol):
    """Where messages with leave go."""

    def hand_over(self, program: Program, record: Record, message: Message | Call, not_after: int, now: int) -> Outcome | None:
        """Take the message; it may leave only once the batch is durable. An outcome that is known at once is returned."""
        ...
