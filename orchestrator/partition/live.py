"""The live loop: what comes in is decided, made durable, acknowledged, and only then handed over.

    arrivals ─▶ feed ─▶ (nothing waits?) timers up to the wall clock ─▶ commit ─▶ acknowledge ─▶ hand over

It has no clock and no socket of its own: the shell brings the wall time and carries what it returns. So `serve` and the
simulation run this same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestrator.domain.input import Control, Event, Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing, describe
from orchestrator.domain.profile import Call, Message
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import Word
from orchestrator.metrics import Counts
from orchestrator.partition import counters
from orchestrator.partition.alarms import Tallies
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Passed
from orchestrator.partition.mending import END, mend
from orchestrator.partition.ports import Accounts, Record
from orchestrator.partition.standing import STANDING, Standing, noted, standing_of
from orchestrator.partition.traces import Traces

VISITS = 200
"""Profiles visited in one turn where nothing else waits, after a change of surroundings or for a broadcast."""
DECISIONS_A_VISIT = 4
"""Decisions of what waits for each visit beside them: walks get at most a fifth of the time."""
BATCH = 1_000
"""Decisions after which the work so far is committed."""


class Arrival(NamedTuple):
    """An event at the door; `token` is how its sender hears of it."""

    token: int
    event: Event


class Answered(NamedTuple):
    """What became of an attempt, or is said later of a message, for the profile with that key."""

    key: int
    outcome: Outcome | Receipt


@dataclass(slots=True)
class Turn:
    """What is durable now: acknowledgements to give, messages to hand over."""

    accepted: list[tuple[int, bool]] = field(default_factory=list)
    """(token, whether it was a duplicate)"""
    changed: list[bool] = field(default_factory=list)
    """Of each word whether the address list is another by it."""
    outgoing: list[Outgoing] = field(default_factory=list)
    taken: int = 0
    """So many arrivals are decided. Where a crowd of timers was due first, the others are to be given again."""
    answered: bool = False
    """Whether the answers are taken; else they are to be given again, all of them."""


@dataclass(slots=True)
class Outbox:
    """The wire of a live engine: keeps messages until the batch that gave them leave is durable."""

    waiting: list[Outgoing] = field(default_factory=list)

    def hand_over(self, program: Program, record: Record, message: Message | Call, not_after: int, now: int) -> Outcome | None:
        self.waiting.append(describe(program, record.profile, message, not_after, now, record.key))
        return None

    def take(self) -> list[Outgoing]:
        taken, self.waiting = self.waiting, []
        return taken


class Live:
    """One engine at work on what comes in. `counts` are the process's, for its page of metrics."""

    def __init__(self, engine: Engine, outbox: Outbox, accounts: Accounts | None = None, counts: Counts | None = None) -> None:
        self.engine, self.accounts = engine, accounts
        self.counts = Counts() if counts is None else counts
        self.traces: Traces | None = None
        self.outbox = outbox
        self.standing = standing_of(engine.fact(STANDING))
        engine.paced = True
        self.tallies = Tallies(engine.fact)
        self.tallies.lay(engine.around.program)
        counters.lay(self.counts, engine.around.program)

    def go_live(self, program: Program, standing: Standing, content: Callable[[], bytes], by: str = "") -> None:
        """Make a program the live one unless it is already, durably, as `by` wants; then everyone is looked at again."""
        if standing == self.standing:
            return
        self.engine.activate(program, content(), by)
        self.tallies.lay(program)
        counters.lay(self.counts, program)
        self._stand(standing)
        self.engine.begin_look()
        self.engine.commit()

    def control(self, given: Control, order: int | None = None) -> None:
        """Turn a switch or mend something of a customer, as that order of the file says, or the log.

        When a switch ends, what it held back is looked at again.
        """
        row = self.engine.control(given)
        if given.switch == END and given.profile is None and given.campaign is not None:
            self.engine.rounds.end_runs(given.campaign, row)
        if order is not None:
            self.engine.partitions[0].changes.obeyed.append(order)
        mend(self.engine, given, order or 0)
        if self.accounts is not None:
            self.accounts.told(given, max(self.engine.clock, self.engine.around.wall))
        if not given.on or given.switch == "approve":
            self.engine.begin_look()

    def reach(self, at: int, wall: int) -> int | None:
        """Come to the time of an operator's command, as an event would; gives the clock then.

        None where a crowd of timers is due first: a turn's worth of them is fired, and the command is to be given again.
        """
        self.engine.around.wall = wall
        now = max(self.engine.clock, min(at, wall))
        if self.engine.advance(now, BATCH) >= BATCH:
            return None
        self.engine.reach(now)
        return self.engine.clock

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        self.engine.note_fact(STANDING, noted(standing))

    def turn(
        self,
        arrivals: Sequence[Arrival | Passed],
        answers: Sequence[Answered],
        wall: int,
        *,
        caught_up: bool,
        words: Sequence[Word] = (),
    ) -> Turn:
        """Decide what came in; fire timers up to `wall` when nothing else waits; make it durable.

        What is due before an input comes first, but a turn fires no more than `BATCH`: a crowd of timers (a holiday's end, a
        worker that was away) takes several, each durable, and what came in after it waits (`taken`, `answered`).
        `words` about addresses come first: whatever this turn hands over meets them. `caught_up` says that everything
        accepted by `wall` is in `arrivals`: only then may time alone move the clock.
        """
        turn, left = Turn(), BATCH
        self.engine.around.wall = wall
        turn.changed = [self.engine.words.hear(word) for word in words]
        for arrival in arrivals:
            at = arrival.at if isinstance(arrival, Passed) else arrival.event.received_at
            now = max(self.engine.clock, min(at, wall))
            left -= self.engine.advance(now, left)
            if left <= 0:
                break
            self._arrive(turn, arrival, now)
        idle = caught_up and turn.taken == len(arrivals)
        if idle:
            left -= self.engine.advance(wall, left)
        if left > 0:
            turn.answered = True
            self._hear(answers, wall if idle else 0)
        if idle and left > 0:
            self.engine.advance(wall, left)
        self._visit(VISITS if idle else turn.taken // DECISIONS_A_VISIT)
        turn.outgoing = [one for one in self.outbox.take() if not self.engine.is_over(one.key, one.message_id)]
        turn.outgoing += self.engine.doubted()
        if self.traces is not None:
            for partition in self.engine.partitions:
                self.traces.note(partition, self.engine.around.program)
            turn.outgoing = self.traces.traced(turn.outgoing)
        self._account()
        self._count()
        self.engine.commit()
        return turn

    def _arrive(self, turn: Turn, arrival: Arrival | Passed, now: int) -> None:
        turn.taken += 1
        if isinstance(arrival, Passed):
            self.engine.receive(arrival, now)
            return
        decision = self.engine.feed(arrival.event, now)
        turn.accepted.append((arrival.token, decision is not None and decision.duplicate))

    def _hear(self, answers: Sequence[Answered], wall: int) -> None:
        """What became of attempts; it comes at that time."""
        for answer in answers:
            decision = self.engine.give(answer.key, answer.outcome, max(self.engine.clock, wall))
            if self.accounts is not None and decision is not None and decision.messages:
                self.accounts.hear_of(decision.messages[0], answer.outcome, max(self.engine.clock, self.engine.around.wall))

    def _account(self) -> None:
        """What a breaker switched, and what was counted, is durable with what was granted."""
        if self.accounts is not None:
            for control in self.accounts.take_trips():
                self.control(control)
            for name, value in self.accounts.notes():
                self.engine.note_fact(name, value)

    def _count(self) -> None:
        """What the alarms of campaigns look at is durable with what was decided; what the metrics tell is not."""
        decided = [one for partition in self.engine.partitions for one in partition.decided]
        counters.count(self.counts, decided)
        self.tallies.count(decided, max(self.engine.clock, self.engine.around.wall), self.engine.around.controls)
        for name, value in self.tallies.notes():
            self.engine.note_fact(name, value)

    def _visit(self, most: int) -> None:
        """Go on with what takes everyone through; how far it came is committed with what it decided."""
        if not (most and self.engine.cursors.busy):
            return
        seen = self.engine.visit(most)
        if seen is not None:
            self._stand(self.standing.kept(seen))
        self.engine.advance(self.engine.clock)

    @property
    def busy(self) -> bool:
        """Whether there is work that waits for no input and no timer."""
        return self.engine.cursors.busy

    def next_due(self) -> int | None:
        """When the next timer or schedule wants the loop."""
        return self.engine.next_due()
