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
from orchestrator.domain.profile import Message
from orchestrator.domain.program import Program
from orchestrator.partition.engine import Engine
from orchestrator.partition.ports import Record
from orchestrator.partition.standing import BROADCAST, STANDING, Broadcast, Standing, broadcast_of, noted, standing_of

VISITS = 200
"""Profiles looked at in one turn after their surroundings changed."""
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

    def hand_over(self, program: Program, record: Record, message: Message, not_after: int, now: int) -> Outcome | None:
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
        self._broadcast = broadcast_of(engine.fact(BROADCAST))
        """Goes on where the last life's last commit left it; None: none is under way."""

    def go_live(self, standing: Standing, content: Callable[[], bytes]) -> None:
        """Make the engine's program the live one unless it is already, durably; then everyone is looked at again."""
        if standing == self.standing:
            return
        self.engine.activate(self.engine.around.program, content())
        self._stand(standing)
        self._look(Broadcast())
        self.engine.commit()

    def control(self, given: Control) -> None:
        """Turn a switch; when one ends, what it held back is looked at again."""
        self.engine.control(given)
        if not given.on:
            self._look(Broadcast())

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        self.engine.note_fact(STANDING, noted(standing))

    def _look(self, broadcast: Broadcast | None) -> None:
        self._broadcast = broadcast
        self.engine.note_fact(BROADCAST, noted(broadcast))

    def turn(self, arrivals: Sequence[Arrival], answers: Sequence[Answered], wall: int, *, caught_up: bool) -> Turn:
        """Decide what came in; fire timers up to `wall` when nothing else waits; make it durable.

        `caught_up` says that everything accepted by `wall` is in `arrivals`: only then may time alone move the clock.
        """
        turn = Turn()
        self.engine.around.wall = wall
        for arrival in arrivals:
            now = max(self.engine.clock, min(arrival.event.received_at, wall))
            decision = self.engine.feed(arrival.event, now)
            turn.accepted.append((arrival.token, decision is not None and decision.duplicate))
        for answer in answers:
            self.engine.give(answer.key, answer.outcome, max(self.engine.clock, wall if caught_up else 0))
        if caught_up:
            self.engine.advance(wall, BATCH)
            self._visit()
        self._note_moved()
        self.engine.commit()
        turn.outgoing = self.outbox.take()
        return turn

    def _visit(self) -> None:
        """Go on with the look at everyone, a bounded share of the turn; how far it came is committed with what it decided."""
        under_way = self._broadcast
        if under_way is None:
            return
        keys = self.engine.visit(under_way.after, VISITS, "visit")
        seen = self.engine.versions_of(keys)
        if keys:
            self._look(under_way.on(keys[-1], seen))
        else:
            self._stand(self.standing.kept(seen.union(under_way.seen)))
            self._look(None)

    def _note_moved(self) -> None:
        """Steps of runs that a merge moved to a profile visited already: seen, and committed with the merge."""
        moved = self.engine.versions_of(()) if self._broadcast is not None else None
        if moved and self._broadcast is not None:
            self._look(self._broadcast.on(self._broadcast.after, moved))

    @property
    def busy(self) -> bool:
        """Whether there is work that waits for no input and no timer."""
        return self._broadcast is not None

    def next_due(self) -> int | None:
        """When the next timer wants the loop."""
        return self.engine.next_due()
