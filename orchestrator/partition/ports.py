"""What a partition needs from outside: a store for its record, leave to send, and a wire to hand messages to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Control, Outcome, Permit, ProfileInput, Receipt, Refusal
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Call, Message, Profile, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import Listed


@dataclass(slots=True)
class Record:
    """One profile as its partition holds it: its bytes, what was decided since they were made, its place in the journal.

    Between inputs it is bytes: many small objects that nobody touched for a while cost more to go through than to make anew.
    """

    key: int
    raw: str
    unsealed: Profile | None = field(compare=False)
    sealed: bytes
    last_seq: int = 0
    due: int | None = None
    since: list[tuple[ProfileInput, int]] = field(default_factory=list)
    """(input, clock) decided since `sealed`, in order."""

    @property
    def profile(self) -> Profile:
        """The profile to read and change, until `seal`."""
        if self.unsealed is None:
            self.unsealed = unseal(self.sealed)
        return self.unsealed

    def seal(self) -> None:
        """Bring the bytes up to date, and let go of everything else."""
        if self.since:
            self.sealed = seal(self.profile)
            self.since.clear()
        self.unsealed = None


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
    listed: dict[bytes, Listed] = field(default_factory=dict)
    """name → entry of the address list that is new or changed."""
    reached: dict[bytes, str] = field(default_factory=dict)
    """hash of an address → raw id of the customer who was written to there last."""

    obeyed: list[int] = field(default_factory=list)
    """Operators' orders that were taken, by their number in the file."""
    redriven: list[int] = field(default_factory=list)
    """Dead letters that are decided again, by their row in the journal."""

    @property
    def empty(self) -> bool:
        changed = self.journal or self.ids or self.redirects or self.gone or self.records or self.controls
        return not (changed or self.facts or self.programs or self.listed or self.reached or self.obeyed)


class Store(Protocol):
    """One partition's durable record. `commit` is atomic and durable when it returns."""

    def clock(self) -> int: ...

    def controls(self) -> Controls: ...

    def fact(self, name: str) -> bytes | None:
        """What the whole file has noted under that name."""
        ...

    def listed(self, address: bytes) -> list[Listed]:
        """What the address list knows of an address, by its hash."""
        ...

    def reached(self, address: bytes) -> str | None:
        """Who was written to there last, where that is kept."""
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


class Accounts(Protocol):
    """Whoever gives leave, as it hears what became of that. How much each campaign may send is kept with what it sent."""

    def told(self, control: Control, now: int) -> None:
        """An operator's command."""
        ...

    def hear_of(self, change: MessageChange, given: Outcome | Receipt, now: int) -> None:
        """What became of a message, or is said of it later."""
        ...

    def take_trips(self) -> list[Control]:
        """Switches that a breaker has turned since the last time."""
        ...

    def notes(self) -> Iterable[tuple[str, bytes]]:
        """What the file must know anew, to be committed with what was granted."""
        ...


class Wire(Protocol):
    """Where messages with leave go."""

    def hand_over(self, program: Program, record: Record, message: Message | Call, not_after: int, now: int) -> Outcome | None:
        """Take the message; it may leave only once the batch is durable. An outcome that is known at once is returned."""
        ...
