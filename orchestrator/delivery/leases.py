"""A worker's leave to send: what the governor has granted it, for as long as that is good.

    message ─▶ ask ─▶ (nothing granted) a slot to come back in ─▶ question to the governor
                  └▶ leave ─▶ commit ─▶ holds? ─▶ socket

Without a governor nothing is granted, and nothing leaves. What ran out before a message came is given back: a campaign that
may send so many may then send them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from orchestrator.delivery.breaker import Breakers
from orchestrator.delivery.governor import went_badly
from orchestrator.delivery.limits import (
    ASK_MS,
    BACK_MS,
    HEARTBEAT_MS,
    LAG_MS,
    LATE_A_SLOT,
    LEASE_MS,
    SILENT_MS,
    SLOT_MS,
    SPARE_MS,
    WINDOW_MS,
)
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Rails, Unused, Want, answer, encode
from orchestrator.delivery.rates import Rates, sender_is_bounded
from orchestrator.delivery.turns import Turns
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Control, Outcome, Permit, Receipt, Refusal
from orchestrator.domain.profile import Call, Message

AHEAD = 2
"""Slots for which leave is wanted before they come."""
NO_GOVERNOR = "governor"
"""Why nothing is granted where nobody answers."""
BEHIND = WINDOW_MS // SLOT_MS
"""Slots after which a message that has not come back is wanted no more."""


class _Lease(NamedTuple):
    """Leave for so many messages: until when it holds, the question that it answers, for how many each was counted."""

    until: int
    left: int
    number: int
    weight: int


@dataclass(slots=True)
class _Granted:
    """Leave of one kind. `weight` is for how many the latest message that asked counts."""

    weight: int = 1
    leases: deque[_Lease] = field(default_factory=deque)
    taken: deque[int] = field(default_factory=deque)
    """When leave was taken, lately: as much is wanted again."""
    unused: list[tuple[int, int]] = field(default_factory=list)
    """(question, how many) of what nobody will take any more."""

    def take(self, now: int, spare: int) -> _Lease | None:
        """Use up one that holds longer than so many milliseconds."""
        self.drop(now, spare)
        if not self.leases:
            return None
        lease = self.leases.popleft()
        if lease.left > 1:
            self.leases.appendleft(lease._replace(left=lease.left - 1))
        self.taken.append(now)
        return lease

    def drop(self, now: int, spare: int = 0) -> None:
        """Let go of what holds no longer than that."""
        while self.leases and self.leases[0].until - now <= spare:
            lease = self.leases.popleft()
            self.unused.append((lease.number, lease.left))

    def held(self, now: int) -> int:
        """How many are still good by the next question's answer."""
        return sum(lease.left for lease in self.leases if lease.until - now > SPARE_MS)

    def lately(self, now: int) -> int:
        """How many were taken in the last slots, as many as are asked for ahead."""
        while self.taken and self.taken[0] <= now - AHEAD * SLOT_MS:
            self.taken.popleft()
        return len(self.taken)


@dataclass(slots=True)
class _Unused:
    """Leave that nobody will use: since when there is some, how many in all, of how many the governor knows."""

    at: int
    count: int = 0
    noted: int = 0


@dataclass(frozen=True, slots=True)
class _Question:
    """One that was asked: when, what it said, for how many messages of each kind were to count."""

    at: int
    unused: list[Unused]
    badly: dict[str, int]
    more: Counter[Kind]
    weights: dict[Kind, int]


@dataclass(frozen=True, slots=True)
class _Leave:
    """One message's: `until` when its lease holds, `given` when the message got it, the question that it answers.

    `looked`: somebody was told that it holds, so the message may have left.
    """

    kind: Kind
    until: int
    given: int
    number: int
    looked: bool = False


@dataclass(slots=True)
class Leases:
    """The permits of all engines of one worker. `clock` is monotone, in milliseconds, and goes on while the machine sleeps."""

    worker: str
    clock: Callable[[], int]
    rates: Mapping[str, int] = field(default_factory=dict)
    """What is bounded → so many a second of all workers together: they only spread what waits."""
    killed: bool = False
    """What the governor said last."""
    breakers: Breakers = field(default_factory=Breakers)
    rails: Rails | None = None
    """Those of a program that is live here, for a governor that knows none."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    bounds: Rates = field(init=False)
    _lacks_rails: bool = False
    _number: int = 0
    _asked: dict[int, _Question] = field(default_factory=dict)
    """Questions without an answer, the oldest first."""
    _last: int | None = None
    _heard: int = 0
    _granted: dict[Kind, _Granted] = field(default_factory=dict)
    _queues: dict[tuple[str, bool, str, str], Turns] = field(default_factory=dict)
    """(channel, marketing, sender where it has a rate, campaign where it has no room) → who comes back when."""
    _due: dict[Kind, Counter[int]] = field(default_factory=dict)
    """How many of its messages come back in which slot."""
    _full: dict[str, tuple[int, str]] = field(default_factory=dict)
    """campaign → (until when it has no room, why)."""
    _freed: int = 0
    """When a command or a program came that may have made room."""
    _unused: dict[tuple[int, Kind], _Unused] = field(default_factory=dict)
    """By the question and the kind that they were granted."""
    _badly: Counter[str] = field(default_factory=Counter)
    """campaign → how many of its messages went badly here."""
    _told: dict[str, int] = field(default_factory=dict)
    """The same, as the governor has noted it."""
    _more: Counter[Kind] = field(default_factory=Counter)
    """How much more than they were counted for texts of a kind were."""
    _leave: dict[str, _Leave] = field(default_factory=dict)
    """message id → its leave."""

    def __post_init__(self) -> None:
        self._heard, self.bounds = self.clock(), Rates(self.rates, self.adapters)

    # ── the engines' side ───────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, message: Message | Call, now: int, wall: int) -> Permit | Refusal:
        """Leave at the partition's time `now`, or when to come back; an engine's own switch tells of a kill."""
        late, clock, kind = wall - now > LAG_MS, self.clock(), kind_of(message, self.bounds)
        slot, at = clock // SLOT_MS + late, max(now, wall)
        first, why, full = self._stopped(message, kind, slot, at, clock)
        queue, granted = self._queue(kind, full=full), self._of(kind)
        given = self._withdraw(kind, message.id, queue)
        granted.weight = self.bounds.weight(message)
        if why:
            turn = queue.turn(message.id, first)
        else:
            has_come = 0 < given <= slot and not late  # also where a slow worker missed its slot
            turn = slot if has_come else queue.turn(message.id, slot, LATE_A_SLOT if late else None, granted.weight)
            if turn == slot and not late:
                taken = granted.take(clock, SPARE_MS)
                if taken is not None:
                    queue.turns.pop(message.id, None)
                    self._let_go(message.id)
                    self._leave[message.id] = _Leave(kind, taken.until, clock, taken.number)
                    self.breakers.goes(message, at)
                    self.bounds.counts(message.id, taken.weight)
                    return Permit(now + LEASE_MS)
                turn = queue.turn(message.id, slot + 1, None, granted.weight)
        queue.turns[message.id] = turn
        self._due.setdefault(kind, Counter())[turn] += 1
        return Refusal("permit", at + turn * SLOT_MS - clock, why or ("" if self.answered else NO_GOVERNOR))

    def _stopped(self, message: Message | Call, kind: Kind, slot: int, at: int, clock: int) -> tuple[int, str, bool]:
        """(slot from which on it may ask, why not before, whether for its campaign); no reason where it may ask now."""
        shut = self.breakers.lets(message, at)
        if shut is not None:
            return slot + (shut[0] - at) // SLOT_MS + 1, shut[1], False
        full = self._full.get(kind.campaign)
        if full is not None and full[0] > clock and not self._of(kind).held(clock):
            return full[0] // SLOT_MS + 1, full[1], True
        return slot, "", False

    def _withdraw(self, kind: Kind, ident: str, queue: Turns) -> int:
        """The turn that it had, 0 for none; in another queue than this it has it no more."""
        given = 0
        for full in (False, True):
            each = self._queues.get(self._key(kind, full=full))
            slot = each.turns.pop(ident, 0) if each is not None else 0
            if slot:
                given, due = slot, self._due.get(kind)
                if due is not None and due[slot]:
                    due[slot] -= 1
                if each is queue:
                    queue.turns[ident] = slot
        return given

    def holds(self, message_id: str) -> bool:
        """Whether the message may still leave: looked at just before the socket. A slow commit may take a newer lease."""
        now, leave = self.clock(), self._leave.get(message_id)
        if leave is None or now - leave.given >= LEASE_MS:
            return False
        if now >= leave.until:
            taken = self._of(leave.kind).take(now, 0)
            if taken is None:
                return False
            self._let_go(message_id)
            leave = replace(leave, until=taken.until)
        self._leave[message_id] = replace(leave, looked=True)
        return True

    def _let_go(self, message_id: str) -> None:
        """It will not leave by what it has: that was not used, where nobody was told that it holds."""
        leave = self._leave.pop(message_id, None)
        if leave is not None and not leave.looked:
            self._of(leave.kind).unused.append((leave.number, 1))

    def told(self, control: Control, _now: int) -> None:
        """Operators' commands reach the governor by its own log. What an approval frees asks again."""
        if control.campaign is not None:
            self._open(control.campaign)
            self._freed = self.clock()

    def goes_live(self, rails: Rails, senders: Mapping[str, str]) -> None:
        """Another program is live in a partition; `senders` are its templates'."""
        self.rails, self._freed = rails, self.clock()
        self.bounds.senders = senders
        for campaign in list(self._full):
            self._open(campaign)

    def take_trips(self) -> list[Control]:
        """What a worker hears switches nothing for the others."""
        return []

    def notes(self) -> Iterable[tuple[str, bytes]]:
        """A breaker is learnt anew."""
        return ()

    def hear_of(self, change: MessageChange, given: Outcome | Receipt, now: int) -> None:
        """What became of a message."""
        if went_badly(given):
            self._badly[change.campaign] += 1
        self.breakers.heard(change.channel, given, now)
        more = self.bounds.more(change, given)
        if more:
            sender = self.bounds.senders.get(change.template, "")
            self._more[Kind(change.channel, change.cls != "transactional", sender=sender)] += more

    def _of(self, kind: Kind) -> _Granted:
        return self._granted.setdefault(kind, _Granted())

    def _queue(self, kind: Kind, *, full: bool) -> Turns:
        """Who waits for a turn of its rate; those of a campaign without room wait apart, so that others come by."""
        key = self._key(kind, full=full)
        queue = self._queues.get(key)
        if queue is None:
            rates = self.bounds.of(kind.channel, kind.sender)
            a_second = min(rate.marketing if kind.marketing else rate.most for rate in rates)
            queue = self._queues[key] = Turns(max(1, int(a_second * SLOT_MS / 1_000)))
        return queue

    def _key(self, kind: Kind, *, full: bool) -> tuple[str, bool, str, str]:
        apart = sender_is_bounded(self.bounds.of(kind.channel, kind.sender))
        return kind.channel, kind.marketing, kind.sender if apart else "", kind.campaign if full else ""

    # ── the governor's side ─────────────────────────────────────────────────────────────────────────────────────────

    def request(self) -> bytes | None:
        """The question to ask now, if any. It counts as asked from here on: it may be sent late, or be lost."""
        now = self.clock()
        self._forget(now)
        wants = list(self._wants(now // SLOT_MS, now))
        unused = [Unused(*key, one.count) for key, one in self._unused.items() if one.count > one.noted]
        badly = {campaign: total for campaign, total in self._badly.items() if total != self._told.get(campaign)}
        says = wants or unused or badly or self._more or self._lacks_rails
        if self._last is not None and now - self._last < (ASK_MS if says else HEARTBEAT_MS):
            return None
        self._last = now
        if self._lacks_rails and self.rails is not None:
            self._lacks_rails = False
            return encode(self.rails)
        self._number += 1
        more, self._more = self._more, Counter()
        self._asked[self._number] = _Question(now, unused, badly, more, {want.kind: want.weight for want in wants})
        counts = [Count(kind, count) for kind, count in more.items()]
        return encode(Ask(self.worker, self._number, wants, unused, badly, counts))

    def _wants(self, slot: int, now: int) -> Iterator[Want]:
        for kind, due in list(self._due.items()):
            for turn in [turn for turn, count in due.items() if turn < slot - BEHIND or not count]:
                del due[turn]
            granted = self._of(kind)
            waiting = sum(count for turn, count in due.items() if turn <= slot + AHEAD)
            lately, held = granted.lately(now), granted.held(now)
            wanted = max(waiting, lately) - held
            if wanted > 0:
                yield Want(kind, wanted, max(0, waiting - held), granted.weight)
            elif not (due or lately or granted.leases):
                del self._due[kind], self._granted[kind]

    def _forget(self, now: int) -> None:
        """Drop what has run out, and note what is to be given back."""
        for number in [number for number, one in self._asked.items() if now - one.at >= BACK_MS]:
            self._more += self._asked.pop(number).more
        for ident in [ident for ident, one in self._leave.items() if now - one.given >= LEASE_MS]:
            self._let_go(ident)
        self._full = {campaign: full for campaign, full in self._full.items() if full[0] > now}
        self._unused = {key: one for key, one in self._unused.items() if now - one.at < BACK_MS}
        for kind, granted in self._granted.items():
            granted.drop(now)
            for number, count in granted.unused if kind.campaign else ():
                self._unused.setdefault((number, kind), _Unused(now)).count += count
            granted.unused.clear()

    def hear(self, said: bytes) -> None:
        """Take what an answer grants this worker: until a lease's life after the question, and once."""
        heard: Answer = answer(said)
        self.killed, self._lacks_rails = heard.killed, not heard.rails
        if heard.killed:
            for granted in self._granted.values():
                granted.unused += [(lease.number, lease.left) for lease in granted.leases]
                granted.leases.clear()
            for ident in list(self._leave):
                self._let_go(ident)
        for lease in heard.leases:
            asked = self._asked.pop(lease.number, None) if lease.worker == self.worker else None
            if asked is not None:
                self._answered(asked, heard)
                for each in lease.granted:
                    self._open(each.kind.campaign)
                    weight = asked.weights.get(each.kind, 1)
                    self._of(each.kind).leases.append(_Lease(asked.at + LEASE_MS, each.count, lease.number, weight))

    def _answered(self, asked: _Question, heard: Answer) -> None:
        """A question of ours: what it said is noted, and it met every command that was known here when it was asked."""
        self._heard = max(self._heard, asked.at)
        self._told |= asked.badly
        for one in asked.unused:
            known = self._unused.get((one.number, one.kind))
            if known is not None:
                known.noted = max(known.noted, one.count)
        if asked.at >= self._freed:
            now = self.clock()
            for shut in heard.shut:
                self._shut(shut.campaign, now + shut.wait_ms, shut.why)

    def _open(self, campaign: str) -> None:
        """There may be room: who waited for it to come far ahead need not."""
        self._full.pop(campaign, None)
        for key, queue in self._queues.items():
            if campaign and key[-1] == campaign:
                queue.begin_anew()

    def _shut(self, campaign: str, until: int, why: str) -> None:
        """There is no room until then."""
        known = self._full.get(campaign)
        if known is not None and until < known[0]:
            self._open(campaign)
        self._full[campaign] = until, why

    @property
    def answered(self) -> bool:
        """Whether there is a governor, as far as is known: a question that was asked lately has an answer."""
        return self.clock() - self._heard < SILENT_MS


def kind_of(message: Message | Call, bounds: Rates) -> Kind:
    """What it needs leave of. How much a campaign may send is about messages; webhooks reach machines."""
    campaign = message.campaign if isinstance(message, Message) else ""
    return Kind(message.channel, message.cls != "transactional", campaign, bounds.sender(message))
