"""The loop of one partition: the only writer of its profiles.

    clock ─▶ due timers ─▶ inputs ─▶ decide, one profile at a time ─▶ commit (journal, profiles, due-index) ─▶ hand off

The clock is monotone and is the time of the last input; timers never overtake the backlog.
"""

from __future__ import annotations

import logging
import traceback
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Adopt, Event, HandOff, Look, Move, Outcome, PartitionInput, ProfileInput, Refusal, Timer
from orchestrator.domain.ledger import IN_DOUBT
from orchestrator.domain.limits import AGAIN_MS
from orchestrator.domain.moment import Controls, Witness
from orchestrator.domain.outgoing import Outgoing, describe
from orchestrator.domain.profile import Call, Message, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow, Permits, Record, Store, Wire

RECORDS_CACHED = 50_000
"""Profiles kept in memory between batches."""
DUE_PAGE = 10_000
"""Timers read from the store at a time."""
CAUSE_CHARS = 4_000
PARTITION_KEY = 0
"""The journal key of inputs that concern no single profile."""

_log = logging.getLogger(__name__)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Surroundings:
    """What every partition of one engine shares: the live program, the switches, the governor and the wire."""

    program: Program
    permits: Permits
    wire: Wire
    controls: Controls = field(default_factory=Controls)
    witness: Witness | None = None
    wall: int = 0
    """The shell's time in this turn; 0 where time is virtual."""
    addresses: AddressList | None = None
    """None where nothing leaves."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """channel → the adapter by which it leaves."""


class Decided(NamedTuple):
    """One decision as it is told to whoever watches."""

    key: int
    now: int
    given: ProfileInput
    decision: Decision


class Partition:
    """One partition. Feed it inputs in order; nothing is durable until `commit`."""

    def __init__(self, number: int, store: Store, around: Surroundings) -> None:
        self.number = number
        self.store = store
        self.around = around
        self.clock = store.clock()
        self.changes = Changes(number, self.clock)
        self.forwards: deque[tuple[Event, int]] = deque()
        """Events for other profiles, with their time, in order."""
        self.decided: list[Decided] = []
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._keys: dict[str, int] = {}
        """raw id → key of the profiles in `_records`."""
        self._heap: list[tuple[int, int]] = []
        self._due: dict[int, int] = {}
        self._loaded: tuple[int, int] | None = (-1, -1)
        """Timers up to here are in the heap; None: all are."""

    # ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def next_due(self) -> tuple[int, int] | None:
        """The earliest timer, as (due, key)."""
        while True:
            while self._heap:
                due, key = self._heap[0]
                if self._due.get(key) == due:
                    if self._loaded is not None and (due, key) > self._loaded:
                        break
                    return due, key
                heappop(self._heap)
            if self._loaded is None:
                return None
            self._load_timers()

    def _load_timers(self) -> None:
        assert self._loaded is not None  # noqa: S101 - its only caller tests it
        page = self.store.due_after(*self._loaded, DUE_PAGE)
        for due, key in page:
            changed = self.changes.records.get(key)
            if key not in self.changes.gone and (changed is None or changed.due == due):
                self._due[key] = due
                heappush(self._heap, (due, key))
        self._loaded = page[-1] if len(page) == DUE_PAGE else None

    def _schedule(self, record: Record, due: int | None) -> None:
        if record.due == due:
            return
        record.due = due
        if due is None:
            self._due.pop(record.key, None)
            return
        self._due[record.key] = due
        heappush(self._heap, (due, record.key))

    def fire(self) -> None:
        """Decide the earliest timer at its own time."""
        found = self.next_due()
        assert found is not None  # noqa: S101 - callers look first
        due, key = found
        record = self.record(key)
        if record is None or record.due != due:  # another owner has it, or has had it: this one is about to hear so
            self._due.pop(key, None)
            return
        self.clock = max(self.clock, due)
        self._step(record, Timer(due))
        if record.due is not None and record.due <= due:
            self._bury(record, Timer(due), RuntimeError("a timer that leaves itself due would fire for ever"))

    # ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, raw: str, given: ProfileInput, now: int) -> Decision | None:
        """Decide one input of the profile that `raw` names; None where it became a dead letter."""
        self.clock = max(self.clock, now)
        record = self.find(raw)
        if record is None:
            record = self._newcomer(raw)
        return self._step(record, given)

    def take_key(self, key: int, given: ProfileInput, now: int) -> Decision | None:
        """Decide one input of a profile known by its key; nothing where it is gone."""
        self.clock = max(self.clock, now)
        record = self.record(key)
        return None if record is None else self._step(record, given)

    def find(self, raw: str) -> Record | None:
        key = self._key(raw)
        return None if key is None else self.record(key)

    def holds(self, raw: str) -> bool:
        """Whether the raw id is one of a profile's here: its own, or one that it has taken in from elsewhere."""
        return self._key(raw) is not None

    def _key(self, raw: str) -> int | None:
        key = self._keys.get(raw)
        if key is not None:
            return key
        return self.changes.ids[raw] if raw in self.changes.ids else self.store.find(raw)

    def record(self, key: int) -> Record | None:
        known = self._records.get(key)
        if known is not None:
            self._records.move_to_end(key)
            return known
        stored = None if key in self.changes.gone else self.store.read(key)
        if stored is None:
            return None
        record = Record(key, stored.raw, None, stored.sealed, stored.last_seq, stored.due)
        self._keep(record)
        return record

    def _keep(self, record: Record) -> None:
        self._records[record.key] = record
        self._keys[record.raw] = record.key

    def _newcomer(self, raw: str) -> Record:
        sealed = seal(newcomer(self.around.program, self.clock, raw))
        record = Record(self.store.next_key(), raw, None, sealed)
        self._keep(record)
        self.changes.ids[raw] = record.key
        self.changes.records[record.key] = record
        return record

    def _step(self, record: Record, given: ProfileInput) -> Decision | None:
        """One input and what follows from it at once for the same profile: hand-offs first, then what steps emitted."""
        first = self._decide(record, given)
        hand_offs: deque[str] = deque(first.cleared if first else ())
        follow: deque[Event | Move | Look] = deque(first.inputs if first else ())
        while hand_offs or follow:
            if hand_offs:
                decision = self._hand_off(record, hand_offs.popleft())
            else:
                what = follow.popleft()
                if isinstance(what, Event) and not self._is_own(record, what):
                    self.forwards.append((what, self.clock))
                    continue
                decision = self._decide(record, what)
            if decision is not None:
                hand_offs.extend(decision.cleared)
                follow.extend(decision.inputs)
        record.seal()
        return first

    def _is_own(self, record: Record, event: Event) -> bool:
        own = record.profile.user_id
        return event.user_id == own if event.user_id is not None else event.anonymous_id in record.profile.anonymous_ids

    def _hand_off(self, record: Record, message_id: str) -> Decision | None:
        message = record.profile.message(message_id) or record.profile.call(message_id)
        if message is None:
            return None
        addresses = self.around.addresses
        address = addresses.of(record.profile, message) if addresses is not None else None
        now = max(self.clock, self.around.wall)
        over = Refusal("expiry") if self.around.wall >= message.expires_at else None  # its deadline passed in a downtime
        listed = None
        if addresses is not None and address is not None:
            listed = addresses.refuses(address, record.profile, message, now)
        paused = self._paused(message.channel)
        verdict = over or listed or paused or self.around.permits.ask(message, self.clock, self.around.wall)
        decision = self._decide(record, HandOff(message_id, verdict))
        for attempt in decision.attempts if decision is not None else ():
            if addresses is not None and addresses.key and address is not None:
                self.changes.reached[address] = record.raw
            outcome = self._hand_over(record, message, attempt.not_after)
            if outcome is not None:
                return self._decide(record, outcome)
        return decision

    def _paused(self, channel: str) -> Refusal | None:
        """Leave is not even asked for while the provider is paused."""
        return Refusal("pause") if self.around.providers.get(channel) in self.around.controls.providers else None

    def _hand_over(self, record: Record, message: Message | Call, not_after: int) -> Outcome | None:
        try:
            return self.around.wire.hand_over(self.around.program, record, message, not_after, self.clock)
        except Exception as error:  # noqa: BLE001 - a message that cannot be described is refused, and nothing else suffers
            return Outcome(message.id, "refused", kind="reject", detail="".join(traceback.format_exception_only(error)).strip())

    def described(self, key: int, message_id: str, now: int) -> Outgoing | None:
        """A message in doubt as it would be sent now, to be recognised by; None where it is in doubt no more."""
        record = self.record(key)
        message = record.profile.message(message_id) if record is not None else None
        if record is None or message is None or message.state != IN_DOUBT:
            return None
        try:
            found = describe(self.around.program, record.profile, message, 0, now, key)
        except Exception:  # noqa: BLE001 - then nobody looks for it, and it ends by its time
            return None
        return msgspec.structs.replace(found, doubted=now, begun=0 if message.moved else message.cleared_at or 0)

    def _decide(self, record: Record, given: ProfileInput) -> Decision | None:
        around = self.around
        try:
            decision, encoded, due = decide(around.program, around.controls, record.profile, given, self.clock, around.witness)
        except Exception as error:  # noqa: BLE001 - a poison input becomes a dead letter, and nothing else suffers
            self._bury(record, given, error)
            return None
        if decision.passed_by:
            return decision
        if not decision.duplicate:
            record.since.append((given, self.clock))
            self._journal(record, given, encoded)
        if decision.tasks or isinstance(given, Adopt):
            self.changes.tasks.add(record.key)
        self.changes.records[record.key] = record
        self._schedule(record, due)
        self.decided.append(Decided(record.key, self.clock, given, decision))
        return decision

    def _journal(self, record: Record, given: ProfileInput, decision: bytes) -> int:
        seq = self.store.next_seq()
        row = JournalRow(seq, record.key, record.last_seq, self.clock, _encode(given), decision)
        self.changes.journal.append(row)
        record.last_seq = seq
        return seq

    def note(self, given: PartitionInput) -> int:
        """Journal an input of the whole partition; key 0 stands for it. Gives the row's number."""
        row = JournalRow(self.store.next_seq(), PARTITION_KEY, 0, self.clock, _encode(given), b"")
        self.changes.journal.append(row)
        return row.seq

    def _bury(self, record: Record, given: ProfileInput, error: Exception) -> None:
        """Restore the profile as it was before, keep the input with its cause, and journal that."""
        record.unsealed = unseal(record.sealed)
        for earlier, clock in record.since:
            decide(self.around.program, self.around.controls, record.profile, earlier, clock)
        cause = "".join(traceback.format_exception(error))[-CAUSE_CHARS:]
        seq = self._journal(record, given, b"")
        its = {"seq": seq, "error": type(error).__qualname__}
        _log.error("an input could not be decided and was put aside", extra=its)
        self.changes.dead.append(DeadLetter(seq, record.key, self.clock, _encode(given), cause))
        self.changes.records[record.key] = record
        if isinstance(given, Timer):
            self._schedule(record, self.clock + AGAIN_MS)

    # ── identity ────────────────────────────────────────────────────────────────────────────────────────────────────

    def release(self, raw: str) -> Record | None:
        """Let go of a profile that becomes part of another one."""
        record = self.find(raw)
        if record is None:
            return None
        self.changes.gone.add(record.key)
        self.changes.ids[raw] = None
        self.changes.records.pop(record.key, None)
        self.changes.tasks.discard(record.key)
        self._records.pop(record.key, None)
        self._keys.pop(raw, None)
        self._due.pop(record.key, None)
        return record

    def redirected(self, raw: str) -> str:
        """The id that `raw` now leads to: itself, unless it became part of another profile."""
        return self.changes.redirects.get(raw) or self.store.redirect(raw) or raw

    def install(self, record: Record, raw: str) -> None:
        """Take over a whole profile from another partition under a new id."""
        due, record.raw, record.due = record.due, raw, None
        self._keep(record)
        self.changes.gone.discard(record.key)
        self.changes.records[record.key] = record
        self.changes.ids[raw] = record.key
        if record.profile.tasks:
            self.changes.tasks.add(record.key)
        self._schedule(record, due)

    # ── durability ──────────────────────────────────────────────────────────────────────────────────────────────────

    def drain(self) -> Changes:
        """What has changed since the last time, to be committed; the partition goes on with a clean sheet."""
        changes, self.changes = self.changes, Changes(self.number, self.clock)
        changes.clock = self.clock
        self.decided = []
        while len(self._records) > RECORDS_CACHED:
            _, evicted = self._records.popitem(last=False)
            del self._keys[evicted.raw]
        return changes
