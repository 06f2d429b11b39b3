"""Operators: they kill, pause and end runs now and then, some people's or a campaign's; they insist until it is durable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.domain.input import Control, EndRuns
from tests.simulation.programs import CARE, HOUR, MINUTE

if TYPE_CHECKING:
    from tests.simulation.world import World

Command = tuple[Control | EndRuns, Callable[[], None]]


class Operators:
    """`wanted`: commands not yet known to be durable. `killed_since`: from when on nothing may leave.

    `busy`: they do something in this world.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.wanted: list[Command] = []
        self.killed_since: int | None = None
        self.busy = False
        self.care = world.program.name == CARE

    def plan(self, start: int, end: int) -> None:
        """Up to three interventions, all over before the end."""
        rng, world = self.world.rng, self.world
        for _ in range(rng.choice((0, 0, 1, 3))):
            self.busy = True
            on = rng.randrange(start, end - HOUR // 2)
            off = min(end - 1, on + rng.choice((2_000, 10 * MINUTE, 3 * HOUR)))
            what = rng.choice(("kill", "governor", "pause", "campaign", "channel", "end runs", "profile", "provider"))
            world.at(on, lambda what=what: self._switch(what, on=True))
            world.at(off, lambda what=what: self._switch(what, on=False))

    def _switch(self, what: str, *, on: bool) -> None:
        self.world.note("operator:", what, "on" if on else "off")
        campaign = "coupon" if self.care else "basket"
        match what:
            case "kill" | "governor":
                self._kill(what, on=on)
            case "end runs":
                everybody = Control("end", on=True, campaign=campaign, at=self.world.now)
                self._command(EndRuns("operator") if on else everybody, lambda: None)
            case "campaign":
                self._command(Control("pause", on, campaign=campaign), lambda: None)
            case "channel":
                self._command(Control("pause", on, channel="webhook" if self.care else "email"), lambda: None)
            case "profile":
                self._command(Control("pause", on, profile="u:p0"), lambda: None)
            case "provider":
                self._command(Control("pause", on, provider="postman"), lambda: None)
            case _:
                self._command(Control("pause", on), lambda: None)

    def _kill(self, what: str, *, on: bool) -> None:
        """The governor hears at once; the engine's own switch holds from when it is durable."""
        world = self.world
        if not on:
            world.governor.killed = False
            self.killed_since = None
            self._command(Control("kill", on=False), self._alive)
        elif what == "governor":
            world.governor.killed, self.killed_since = True, world.now
        else:
            self._command(Control("kill", on=True), self._killed)

    def _alive(self) -> None:
        self.killed_since = None

    def _killed(self) -> None:
        self.killed_since = self.world.now

    def _command(self, given: Control | EndRuns, done: Callable[[], None]) -> None:
        def tell() -> None:
            self.wanted.remove(command)
            done()

        command: Command = (given, tell)
        self.wanted.append(command)
        if self.world.worker is not None:
            self.world.worker.commands.append(command)
            self.world.wake(self.world.now)
