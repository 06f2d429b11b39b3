"""The live loop: what comes in is decided, made durable, acknowledged, and only then handed over.

    arrivals ─▶ feed ─▶ (nothing waits?) timers up to the wall clock ─▶ commit ─▶ acknowledge ─▶ hand over

It has no clock and no socket of its own: the shell brings the wall time and carries what it returns. So `serve` and the
simulation run this same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.domain.outgoing import Outgoing, describe
from orchestrator.domain.profile import Call, Message
from orchestrator.domain.program import Program
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Passed
from orchestrator.partition.ports import Record
from orchestrator.partition.standing import STANDING, Standing, noted, standing_of

VISITS = 200
"""Profiles visited in one turn where nothing else waits, after a change of surroundings or for a broadcast."""
DECISIONS_A_VISIT = 4
"""Decisions of what waits for each visit beside them: walks get at most a fifth of the time."""
BATCH = 1_000
"""Decisions after which the work so far is committed."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event at the door; `token` is how its sender hears of it."""

    token: int
    event: Event


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an attempt for the profile with that key."""

    key: int
    outcome: Outcome


@dataclass(slots=True)
class Turn:
    """What is durable now: acknowledgements to give, messages to hand over."""

    accepted: list[tuple[int, bool]] = field(default_factory=list)
    """(token, whether it was a duplicate)"""
    outgoing: list[Outgoing] = field(default_factory=list)


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
    """One engine at work on what comes in."""

    def __init__(self, engine: Engine, outbox: Outbox) -> None:
        self.engine = engine
        self.outbox = outbox
        self.standing = standing_of(engine.fact(STANDING))
        engine.paced = True

    def go_live(self, program: Program, standing: Standing, content: Callable[[], bytes]) -> None:
        """Make a program the live one unless it is already, durably; then everyone is looked at again."""
        if standing == self.standing:
            return
        self.engine.activate(program, content())
        self._stand(standing)
        self.engine.begin_look()
        self.engine.commit()

    def control(self, given: Control) -> None:
        """Turn a switch; when one ends, what it held back is looked at again."""
        self.engine.control(given)
        if not given.on:
            self.engine.begin_look()

    def reach(self, at: int, wall: int) -> int:
        """Come to the time of an operator's command, as an event would; gives the clock then."""
        self.engine.around.wall = wall
        self.engine.reach(max(self.engine.clock, min(at, wall)))
        return self.engine.clock

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        self.engine.note_fact(STANDING, noted(standing))

    def turn(self, arrivals: Sequence[Arrival | Passed], answers: Sequence[Answered], wall: int, *, caught_up: bool) -> Turn:
        """Decide what came in; fire timers up to `wall` when nothing else waits; make it durable.

        `caught_up` says that everything accepted by `wall` is in `arrivals`: only then may time alone move the clock.
        """
        turn = Turn()
        self.engine.around.wall = wall
        for arrival in arrivals:
            if isinstance(arrival, Passed):
                self.engine.receive(arrival, max(self.engine.clock, min(arrival.at, wall)))
                continue
            now = max(self.engine.clock, min(arrival.event.received_at, wall))
            decision = self.engine.feed(arrival.event, now)
            turn.accepted.append((arrival.token, decision is not None and decision.duplicate))
        for answer in answers:
            self.engine.give(answer.key, answer.outcome, max(self.engine.clock, wall if caught_up else 0))
        if caught_up:
            self.engine.advance(wall, BATCH)
        self._visit(VISITS if caught_up else len(arrivals) // DECISIONS_A_VISIT)
        self.engine.commit()
        turn.outgoing = self.outbox.take()
        return turn

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
