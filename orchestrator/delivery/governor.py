"""Permits: kill switch and rates are one thing, asked just before a message leaves. Fails closed.

Channels, accounts and senders have rates. A message that finds the second full gets a second of its own in the queue and comes
back then, once: were it told "soon", every waiting message would ask again each second, and a long queue would leave no time
for anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.delivery.breaker import BREAKERS, Breakers, Open, noted
from orchestrator.delivery.limits import LAG_MS, LEASE_MS
from orchestrator.delivery.rates import Rate, Rates, sender_is_bounded
from orchestrator.delivery.turns import Turns
from orchestrator.delivery.volume import Volume
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Control, Outcome, Permit, Receipt, Refusal
from orchestrator.domain.ledger import NOT_THERE
from orchestrator.domain.profile import Call, Message

SECOND_MS = 1_000


def went_badly(given: Outcome | Receipt) -> bool:
    """Whether a message was refused for what it is or whom it is for, came back, or was complained of."""
    if isinstance(given, Receipt):
        return given.word in ("bounced", "complained")
    return given.result == "refused" and given.kind not in NOT_THERE


@dataclass(slots=True)
class OpenGovernor:
    """Grants everything: for replays, where nothing leaves."""

    def ask(self, _message: Message | Call, now: int, _wall: int) -> Permit | Refusal:
        return Permit(now + LEASE_MS)


@dataclass(slots=True)
class _Second:
    """What a rate has granted in the latest second in which it did; what was too much counts in the seconds after it."""

    second: int = 0
    marketing: int = 0
    others: int = 0

    def come(self, second: int, rate: Rate) -> None:
        """The seconds since then have made room."""
        gone, self.second = max(0, second - self.second), max(second, self.second)
        self.marketing = max(0, self.marketing - gone * rate.marketing)
        self.others = max(0, self.others - gone * rate.most)

    def free(self, rate: Rate, *, marketing: bool) -> int:
        """The first second with room; marketing's debts leave the others their part of each."""
        kept = min(self.marketing, rate.marketing)
        full = max(0, kept + self.others - rate.most + 1)
        wait = -(-full // rate.most)
        return self.second + (max(wait, self.marketing // rate.marketing) if marketing else wait)

    def add(self, count: int, *, marketing: bool) -> None:
        if marketing:
            self.marketing += count
        else:
            self.others += count


@dataclass(slots=True)
class Governor:
    """The governor of an embedded engine: a kill switch, and at most so many messages a second on a channel."""

    killed: bool = False
    rates: dict[str, int] = field(default_factory=dict)
    """What is bounded → so many a second: see `Rates`."""
    volume: Volume = field(default_factory=Volume)
    breakers: Breakers = field(default_factory=Breakers)
    granted: int = 0
    """Permits since it began."""
    open: dict[str, Open] = field(default_factory=dict)
    """Breakers that are open, as the file knows it."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    senders: Mapping[str, str] = field(default_factory=dict)
    bounds: Rates = field(init=False)
    _granted: dict[str, _Second] = field(default_factory=dict)
    """By the name of a rate."""
    _queues: dict[tuple[str, bool, str], Turns] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bounds = Rates(self.rates, self.adapters, self.senders)

    def ask(self, message: Message | Call, now: int, wall: int) -> Permit | Refusal:
        """Leave at the partition's time `now`, or why not and when to come back.

        A clock that lags behind `wall` (an outage, a switch that ended) gives none: the leave would be over before the message
        could go, and at `wall` the gates may say otherwise.
        """
        if self.killed:
            return Refusal("kill")
        room = self.volume.room(message.campaign, now) if isinstance(message, Message) else None
        if room is not None and not room.count:
            return room.refusal
        sender, marketing = self.bounds.sender(message), message.cls != "transactional"
        rates = self.bounds.of(message.channel, sender)
        queue = self._queue(message.channel, sender, rates, marketing=marketing)
        shut = self.breakers.lets(message, max(now, wall))
        if shut is not None:
            turn = queue.turn(message.id, shut[0] // SECOND_MS + 1)
            queue.turns[message.id] = turn
            return Refusal("permit", turn * SECOND_MS, shut[1])
        late = wall - now > LAG_MS
        second = self._come((wall // SECOND_MS) + 1 if late else now // SECOND_MS, rates)
        weight = self.bounds.weight(message)
        turn = queue.turn(message.id, second, weight=weight)
        if turn == second and not late:
            free = max(self._granted[rate.name].free(rate, marketing=marketing) for rate in rates)
            if free <= second:
                self.granted += 1
                self._add(rates, weight, marketing=marketing)
                self.bounds.counts(message.id, weight)
                if room is not None:
                    self.volume.grant(message.campaign, 1, now)
                self.breakers.goes(message, max(now, wall))
                return Permit(now + LEASE_MS)
            turn = queue.turn(message.id, free, weight=weight)
        queue.turns[message.id] = turn
        return Refusal("permit", turn * SECOND_MS)

    # ── what becomes of it ──────────────────────────────────────────────────────────────────────────────────────────

    def told(self, control: Control, now: int) -> None:
        """An operator's command."""
        self.volume.hear(control, now)

    def hear_of(self, change: MessageChange, given: Outcome | Receipt, now: int) -> None:
        """What became of a message, or is said of it later."""
        if went_badly(given):
            self.volume.saw(change.campaign)
        self.breakers.heard(change.channel, given, now)
        more = self.bounds.more(change, given)
        if more:
            rates = self.bounds.of(change.channel, self.senders.get(change.template, ""))
            self._come(now // SECOND_MS, rates)
            self._add(rates, more, marketing=change.cls != "transactional")

    def take_trips(self) -> list[Control]:
        """Switches that a breaker has turned since the last time."""
        return self.volume.take_trips()

    def notes(self) -> Iterable[tuple[str, bytes]]:
        """What the file must know anew."""
        yield from self.volume.notes()
        found = self.breakers.open()
        if found != self.open:
            self.open = found
            yield BREAKERS, noted(found)

    def _come(self, second: int, rates: tuple[Rate, ...]) -> int:
        """The second that it is for all of these: none goes back."""
        for rate in rates:
            granted = self._granted.setdefault(rate.name, _Second(second))
            granted.come(second, rate)
            second = max(second, granted.second)
        return second

    def _add(self, rates: tuple[Rate, ...], count: int, *, marketing: bool) -> None:
        for rate in rates:
            self._granted[rate.name].add(count, marketing=marketing)

    def _queue(self, channel: str, sender: str, rates: tuple[Rate, ...], *, marketing: bool) -> Turns:
        most = min(rate.marketing if marketing else rate.most for rate in rates)
        return self._queues.setdefault((channel, marketing, sender if sender_is_bounded(rates) else ""), Turns(most))
