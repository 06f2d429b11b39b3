"""People at the desk: they look at the list of open tasks now and then, and say that one is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.domain.input import Event
from orchestrator.domain.tasks import DONE
from tests.simulation.emitters import Sending

if TYPE_CHECKING:
    from tests.simulation.world import World

LOOKS = 12


class Desk:
    """Looks a few times before the end; what it says is an event like others, and some say it twice."""

    def __init__(self, world: World) -> None:
        self.world = world

    def plan(self, start: int, end: int) -> None:
        for number in range(LOOKS):
            self.world.at(self.world.rng.randrange(start, end), lambda number=number: self._look(number))

    def _look(self, number: int) -> None:
        world, tasks = self.world, self.world.checks.calls.tasks
        if not tasks:
            return
        ident = world.rng.choice(sorted(tasks))
        key, task = tasks[ident]
        profile = world.checks.shadows[key]
        who = {"user_id": profile.user_id} if profile.user_id else {"anonymous_id": profile.anonymous_ids[0]}
        named = {"task": ident} if world.rng.random() < 0.7 else {"campaign": task.campaign, "step": task.step}
        done = Event(f"done{number}", world.now, name=DONE, source="desk", properties=named, **who)
        sending = Sending(world.now, done)
        world.plan.append(sending)
        world._emit(sending)
