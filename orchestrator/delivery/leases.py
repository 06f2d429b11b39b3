"""A worker's leave to send: what the governor has granted it, for as long as that is good.

    message ─▶ ask ─▶ (nothing granted) a slot to come back in ─▶ question to the governor
                  └▶ leave ─▶ commit ─▶ holds? ─▶ socket

Without a governor nothing is granted, and nothing leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.delivery.limits import (
    ASK_MS,
    HEARTBEAT_MS,
    LAG_MS,
    LEASE_MS,
    MARKETING_SHARE,
    RATE,
    SILENT_MS,
    SLOT_MS,
    SPARE_MS,
    WINDOW_MS,
)
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, answer, encode
from orchestrator.delivery.turns import Turns
from orchestrator.domain.input import Permit, Refusal
from orchestrator.domain.profile import Call, Message

AHEAD = 2
"""Slots for which leave is wanted before they come."""
BEHIND = WINDOW_MS // SLOT_MS
"""Slots after which a message that has not come back is wanted no more."""


@dataclass(slots=True)
class _Granted:
    """Leave of one kind, by the question that it answers: (until when it holds, how many are left)."""

    leases: deque[tuple[int, int]] = field(default_factory=deque)
    taken: deque[int] = field(default_factory=deque)
    """When leave was taken, lately: as much is wanted again."""

    def take(self, now: int, spare: int) -> int | None:
        """Use up one that holds longer than so many milliseconds; gives until when."""
        while self.leases:
            until, count = self.leases.popleft()
            if until - now > spare:
                if count > 1:
                    self.leases.appendleft((until, count - 1))
                self.taken.append(now)
                return until
        return None

    def held(self, now: int) -> int:
        """How many are still good by the next question's answer."""
        return sum(count for until, count in self.leases if until - now > SPARE_MS)

    def lately(self, now: int) -> int:
        """How many were taken in the last slots, as many as are asked for ahead."""
        while self.taken and self.taken[0] <= now - AHEAD * SLOT_MS:
            self.taken.popleft()
        return len(self.taken)


@dataclass(frozen=True, slots=True)
class _Leave:
    """One message's: `until` when its lease holds, and `given` when the message got it."""

    kind: Kind
    until: int
    given: int


@dataclass(slots=True)
class Leases:
    """The permits of all engines of one worker. `clock` is monotone, in milliseconds, and goes on while the machine sleeps."""

    worker: str
    clock: Callable[[], int]
    rates: Mapping[str, int] = field(default_factory=dict)
    """channel → messages a second of all workers together: it only spreads what waits."""
    killed: bool = False
    """What the governor said last."""
    _number: int = 0
    _asked: dict[int, int] = field(default_factory=dict)
    """question → when it was asked; the oldest first."""
    _last: int | None = None
    _heard: int = 0
    _granted: dict[Kind, _Granted] = field(default_factory=dict)
    _queues: dict[Kind, Turns] = field(default_factory=dict)
    _leave: dict[str, _Leave] = field(default_factory=dict)
    """message id → its leave."""

    def __post_init__(self) -> None:
        self._heard = self.clock()

    # ── the engines' side ───────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, message: Message | Call, now: int, wall: int) -> Permit | Refusal:
        """Leave at the partition's time `now`, or when to come back; an engine's own switch tells of a kill."""
        late, clock = wall - now > LAG_MS, self.clock()
        slot = clock // SLOT_MS + late
        kind = Kind(message.channel, message.cls != "transactional")
        queue = self._queue(kind)
        has_come = 0 < queue.turns.get(message.id, 0) <= slot  # also where a slow worker missed its slot
        turn = slot if has_come else queue.turn(message.id, slot)
        if turn == slot and not late:
            until = self._of(kind).take(clock, SPARE_MS)
            if until is not None:
                queue.turns.pop(message.id, None)
                self._leave[message.id] = _Leave(kind, until, clock)
                return Permit(now + LEASE_MS)
            turn = queue.turn(message.id, slot + 1)
        queue.turns[message.id] = turn
        return Refusal("permit", max(now, wall) + turn * SLOT_MS - clock)

    def holds(self, message_id: str) -> bool:
        """Whether the message may still leave: looked at just before the socket. A slow commit may take a newer lease."""
        now, leave = self.clock(), self._leave.get(message_id)
        if leave is None or now - leave.given >= LEASE_MS:
            return False
        if now < leave.until:
            return True
        until = self._of(leave.kind).take(now, 0)
        if until is not None:
            self._leave[message_id] = _Leave(leave.kind, until, leave.given)
        return until is not None

    def _of(self, kind: Kind) -> _Granted:
        return self._granted.setdefault(kind, _Granted())

    def _queue(self, kind: Kind) -> Turns:
        a_second = self.rates.get(kind.channel, RATE) * (MARKETING_SHARE if kind.marketing else 1)
        return self._queues.setdefault(kind, Turns(max(1, int(a_second * SLOT_MS / 1_000))))

    # ── the governor's side ─────────────────────────────────────────────────────────────────────────────────────────

    def request(self) -> bytes | None:
        """The question to ask now, if any. It counts as asked from here on: it may be sent late, or be lost."""
        now = self.clock()
        self._forget(now)
        wants = list(self._wants(now, now // SLOT_MS))
        if self._last is not None and now - self._last < (ASK_MS if wants else HEARTBEAT_MS):
            return None
        self._number, self._last = self._number + 1, now
        self._asked[self._number] = now
        return encode(Ask(self.worker, self._number, wants))

    def _wants(self, now: int, slot: int) -> Iterator[Count]:
        for kind, queue in self._queues.items():
            granted = self._of(kind)
            due = sum(slot - BEHIND <= turn <= slot + AHEAD for turn in queue.turns.values())
            wanted = max(due, granted.lately(now)) - granted.held(now)
            if wanted > 0:
                yield Count(kind, wanted)

    def _forget(self, now: int) -> None:
        """Drop what has run out."""
        self._asked = {number: at for number, at in self._asked.items() if now - at < LEASE_MS}
        self._leave = {ident: one for ident, one in self._leave.items() if now - one.given < LEASE_MS}

    def hear(self, said: bytes) -> None:
        """Take what an answer grants this worker: until a lease's life after the question, and once."""
        heard: Answer = answer(said)
        self.killed = heard.killed
        if heard.killed:
            self._granted.clear()
            self._leave.clear()
        for lease in heard.leases:
            asked = self._asked.pop(lease.number, None) if lease.worker == self.worker else None
            if asked is not None:
                self._heard = asked
                for each in lease.granted:
                    self._of(each.kind).leases.append((asked + LEASE_MS, each.count))

    @property
    def answered(self) -> bool:
        """Whether there is a governor, as far as is known: a question that was asked lately has an answer."""
        return self.clock() - self._heard < SILENT_MS
