"""In which surroundings each row of a journal was decided: the program that was live, the operators' switches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from orchestrator.domain.campaign import Steps
from orchestrator.domain.input import Activation, Control
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of_partition
from orchestrator.insight.switches import Switched, Turned, turned_by
from orchestrator.partition.engine import turned
from orchestrator.partition.mending import REDRIVE
from orchestrator.partition.ports import JournalRow
from orchestrator.partition.standing import Standing

Compile = Callable[[str], Program | None]
"""The program of that name, compiled; None where nothing is known of it."""


class SurroundingsThen:
    """Asked in the order of rows. Where nothing was noted (a replay's journal), the program given holds."""

    def __init__(self, program: Program, rows: Iterable[JournalRow], controls: Controls, compiled: Compile) -> None:
        self.program, self.controls = program, controls
        self._given, self._compiled = program, compiled
        self._rows = deque(rows)
        self._standing = Standing()
        self._earlier: dict[str, Steps] = {}
        self.since: int | None = None
        """Since when this program is live; 0: since the file began, None where that was not noted."""
        self.live_since: dict[str, int] = {}
        """campaign → since when it is live without a break."""
        self.switched = Switched()
        self._redriven: list[tuple[bytes, Turned]] = []
        """Dead letters that somebody had decided again: the input, and their word."""
        self.horizon: int | None = None
        """Until when switches are followed; None: to the end."""

    def at(self, seq: int) -> None:
        """Go on to that row."""
        while self._rows and self._rows[0].seq < seq:
            row = self._rows.popleft()
            given = given_of_partition(row.given)
            if isinstance(given, Control):
                self.controls = turned(self.controls, given)
                one = turned_by(given, row.clock)
                if self.horizon is None or one.at <= self.horizon:
                    self.switched.take(one)
                if given.switch == REDRIVE:
                    self._redriven.append((given.given, one))
            elif isinstance(given, Activation):
                self._activate(given.program, row.clock)

    def holding(self, gate: str, campaign: str, channel: str, profile: str) -> Turned | None:
        """The switch that holds a message of that customer at that gate, kill or pause.

        Who gives leave may refuse it a moment before the switch is noted here: then it is the next one.
        """
        found = self.switched.holding(gate, campaign, channel, profile)
        return found or next((one for one in self._coming() if one.switch == gate and one.on), None)

    def redriven(self, given: bytes) -> Turned | None:
        """Whose word it was that this input, met now, is decided again; None where it came by itself. Asked once."""
        found = next((one for one in self._redriven if one[0] == given), None)
        if found is None:
            return None
        self._redriven.remove(found)
        return found[1]

    def _coming(self) -> Iterator[Turned]:
        given = ((given_of_partition(row.given), row.clock) for row in self._rows)
        return (turned_by(one, clock) for one, clock in given if isinstance(one, Control))

    def _activate(self, name: str, now: int) -> None:
        program = self._given if name == self._given.name else self._compiled(name)
        if program is None:
            return
        self.since = now
        self.live_since = {campaign: self.live_since.get(campaign, now) for campaign in program.campaigns}
        self._standing = self._standing.followed_by(program, "", now)
        self.program = replace(program, pinned=dict(self._earlier), live_since=self._standing.live_since)
        self._earlier |= {campaign.steps.version: campaign.steps for campaign in program.campaigns.values()}
