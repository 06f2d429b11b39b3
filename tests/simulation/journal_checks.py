"""Invariants of the durable record: each commit is met by a second engine that decides the journal again, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from orchestrator.domain import ledger
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import (
    Activation,
    Adopt,
    Announcement,
    Broadcast,
    Control,
    EndRuns,
    Event,
    HandOff,
    PartitionInput,
    ProfileInput,
    Receipt,
    Refusal,
    Timer,
)
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal
from orchestrator.domain.program import Program
from orchestrator.partition.engine import turned
from orchestrator.partition.partition import PARTITION_KEY, Decided
from orchestrator.partition.ports import JournalRow
from orchestrator.partition.standing import STANDING, standing_of
from tests.simulation.call_checks import CallChecks
from tests.simulation.disk import Commit, Part
from tests.simulation.edge_checks import EdgeChecks
from tests.simulation.message_checks import ADDRESS, MessageChecks
from tests.simulation.receipt_checks import ReceiptChecks
from tests.simulation.recipients import kind_of
from tests.simulation.round_checks import RoundChecks
from tests.simulation.violation import require

_given = msgspec.msgpack.Decoder(ProfileInput).decode
_around = msgspec.msgpack.Decoder(PartitionInput).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class JournalChecks:
    """Everything that is durable, and what must be true of it."""

    program: Program
    messages: MessageChecks
    calls: CallChecks
    wall: Callable[[], int]
    shadows: dict[int, Profile] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)
    """event id → its row"""
    buried: set[str] = field(default_factory=set)
    poisoned: dict[int, int] = field(default_factory=dict)
    """key → row of its newest dead letter"""
    emitted: set[str] = field(default_factory=set)
    """Events that durable decisions emitted and that no row has yet."""
    controls: Controls = field(default_factory=Controls)
    rows: int = 0
    last_of: dict[int, int] = field(default_factory=dict)
    clocks: dict[int, int] = field(default_factory=dict)
    latest_timer: int = 0
    edges: EdgeChecks = field(init=False)
    receipts: ReceiptChecks = field(init=False)
    live: tuple[str, str] = ("", "")
    """Program and engine that the file says are live."""
    rounds: RoundChecks = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = RoundChecks(self.program)
        self.edges = EdgeChecks(self.program)
        self.receipts = ReceiptChecks(self.messages)

    def durable(self, commit: Commit) -> None:
        """Meet one record of the log."""
        for part in commit.parts:
            self.messages.recipients.durable(part.listed, self.wall())
        rows = sorted((row[0], part.partition, JournalRow(*row)) for part in commit.parts for row in part.journal)
        dead = {one[0] for part in commit.parts for one in part.dead}
        for seq, partition, row in rows:
            if row.key == PARTITION_KEY:
                self._switched(row)
            else:
                self._row(partition, row, buried=seq in dead)
        require(not self.emitted, "I1", "emitted but never decided:", sorted(self.emitted))
        self._live(commit, [row for _, _, row in rows if row.key == PARTITION_KEY])
        for part in commit.parts:
            self._part(part)
        self.calls.committed(commit, self.shadows)
        self.rounds.committed(commit, self.shadows)

    def _live(self, commit: Commit, rows: list[JournalRow]) -> None:
        """What the file says is live went live in the same commit."""
        activated = any(isinstance(_around(row.given), Activation) for row in rows)
        noted = [standing_of(part.facts[STANDING]) for part in commit.parts if STANDING in part.facts]
        live = (noted[-1].program, noted[-1].engine) if noted else self.live
        require(activated == (live != self.live), "I7", live, "is noted as live after", self.live, "activated:", activated)
        self.live = live

    def _switched(self, row: JournalRow) -> None:
        given = _around(row.given)
        if isinstance(given, Control):
            self.controls = turned(self.controls, given)
        elif isinstance(given, Broadcast):
            self._begins(row, given)

    def _begins(self, row: JournalRow, given: Broadcast) -> None:
        event = given.event
        if event is not None:
            require(event.message_id not in self.decided, "I2", event.message_id, "decided again in row", row.seq)
            require(event.received_at >= self.latest_timer, "I5", event.message_id, "was overtaken by a timer")
            self.decided[event.message_id] = row.seq
        self.rounds.begins(given, row.clock, self.wall(), self.shadows)

    def _row(self, partition: int, row: JournalRow, *, buried: bool) -> None:
        given = _given(row.given)
        require(row.prev_seq == self.last_of.get(row.key, 0), "I7", "journal of", row.key, "has a gap before", row.seq)
        self.last_of[row.key] = row.seq
        self.rows += 1
        self._in_order(partition, row, given)
        shadow = self.shadows.get(row.key)
        if shadow is None:
            raw = raw_id(given) if isinstance(given, Event) else ""
            shadow = self.shadows[row.key] = newcomer(self.program, row.clock, raw)
        if buried or not row.decision:
            self._poison(row, given, buried=buried)
            return
        if isinstance(given, Event):
            require(given.message_id not in self.decided, "I2", given.message_id, "decided again in row", row.seq)
            self.decided[given.message_id] = row.seq
            self.emitted.discard(given.message_id)
            self.messages.wishes.heard(row.key, given)
        if isinstance(given, Adopt):
            self.messages.adopted(given.key, row.key)
            self.rounds.adopted(given.key, row.key)
            self.edges.adopted(given.key, row.key)
            self.calls.adopted(given.key, row.key)
            self.shadows.pop(given.key)
        if isinstance(given, Announcement):
            self.rounds.hears(row.key, given, row.clock, shadow)
        if isinstance(given, EndRuns):
            self.rounds.ends(row.key, given)
        if isinstance(given, HandOff):
            self._listed(given, shadow)
        self.edges.before(row.key, row.clock, given, shadow)
        meant = self.calls.before(given, shadow)
        decision = decide(self.program, self.controls, shadow, given, row.clock)[0]
        require(_encode(decision) == row.decision, "I7", "row", row.seq, "decided again differs:", given, decision)
        self._decided(row, shadow, decision)
        if isinstance(given, Receipt):
            self.receipts.heard(given, shadow, decision)
        self.calls.decided(Decided(row.key, row.clock, given, decision), shadow, self.controls, meant)
        self.rounds.changed(row.key, shadow, row.clock)
        self.edges.decided(row.key, row.clock, given, shadow, decision)

    def _decided(self, row: JournalRow, shadow: Profile, decision: Decision) -> None:
        self.emitted.update(one.message_id for one in decision.inputs if isinstance(one, Event))
        for change in decision.messages:
            self.messages.changed(row.key, change, row.clock, shadow, self.controls)
        self.messages.joins.decided(row.key, row.clock, shadow, decision)
        for attempt in decision.attempts:
            self.messages.leave_given(attempt, row.clock)

    def _listed(self, given: HandOff, shadow: Profile) -> None:
        """What the address list refuses stands in it."""
        message, verdict = shadow.message(given.message_id), given.verdict
        if message is not None and isinstance(verdict, Refusal) and verdict.gate == "suppression":
            address = shadow.traits.get(ADDRESS[message.channel])
            kind = kind_of(message.cls, message.topic, message.channel, shadow)
            self.messages.recipients.refused(message.channel, address, kind)

    def _in_order(self, partition: int, row: JournalRow, given: ProfileInput) -> None:
        require(row.clock >= self.clocks.get(partition, 0), "I5", "clock of partition", partition, "went back in row", row.seq)
        require(row.clock <= self.wall(), "I5", "row", row.seq, "is ahead of the wall clock:", row.clock, ">", self.wall())
        self.clocks[partition] = row.clock
        if isinstance(given, Timer):
            require(given.due <= row.clock, "I5", "timer", given.due, "fired at", row.clock)
            self.latest_timer = max(self.latest_timer, given.due)
        elif isinstance(given, Event):
            require(given.received_at >= self.latest_timer, "I5", given.message_id, "was overtaken by a timer")

    def _poison(self, row: JournalRow, given: ProfileInput, *, buried: bool) -> None:
        marked = isinstance(given, Event) and given.properties.get("poison")
        require(marked, "I10", "row", row.seq, "became a dead letter without being poison:", given)
        require(buried and not row.decision, "I10", "row", row.seq, "is a dead letter only by half")
        assert isinstance(given, Event)
        self.buried.add(given.message_id)
        self.poisoned[row.key] = row.seq

    def _part(self, part: Part) -> None:
        for key, _, sealed, last_seq, due in part.records:
            shadow = self.shadows.get(key)
            require(shadow is not None, "I7", "profile", key, "has no journal")
            assert shadow is not None
            poisoned = self.poisoned.get(key) == last_seq
            require(sealed == seal(shadow), "I10" if poisoned else "I7", "profile", key, "differs from its journal:", shadow)
            require(last_seq == self.last_of[key], "I7", "profile", key, "does not know its last row")
            _ledger(key, shadow)
            self.messages.exact_count(key, shadow, part.clock)
            _due(key, shadow, due)


def _ledger(key: int, profile: Profile) -> None:
    live = len(profile.messages)
    ended = sum(profile.tally.values())
    require(profile.planned == ended + live, "I3", "profile", key, "planned", profile.planned, "≠", profile.tally, "+", live)
    ids = [message.id for message in profile.messages]
    require(len(ids) == len(set(ids)), "I3", "profile", key, "holds one message twice:", ids)


def _due(key: int, profile: Profile, due: int | None) -> None:
    for message in profile.messages:
        if message.state == ledger.IN_DOUBT and message.due is None:
            continue
        require(message.state != ledger.CLEARED, "I9", "message", message.id, "is cleared for ever")
        require(message.due is not None, "I9", "message", message.id, message.state, "has no due")
        in_time = due is not None and due <= (message.due or 0)
        require(in_time, "I9", "profile", key, "is due", due, "but a message", message.due)
    waited = [call.due for call in profile.calls] + [task.due for task in profile.tasks if not task.overdue]
    late = [at for at in waited if due is None or at is None or due > at]
    require(not late, "I9", "profile", key, "is due", due, "but webhooks and tasks", late)
