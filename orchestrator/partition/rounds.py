"""How a round begins: a schedule's time has come, something has happened to a thing, an operator ends a campaign's runs.

A round is one `Broadcast` in the log, of the first partition, for the whole file; a walk of `Cursors` then visits everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import structs

from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import with_mark
from orchestrator.domain.input import Broadcast, Event
from orchestrator.domain.limits import THINGS_KEPT
from orchestrator.partition.cursors import Cursors
from orchestrator.partition.partition import Partition, Surroundings
from orchestrator.partition.schedules import CALLED, Schedules, called_noted, called_of

THINGS = "things"
"""The name under which a file notes which events about things it has seen."""


class Rounds:
    """The rounds of one engine's partitions. `note` keeps something small under a name, durable with the next commit."""

    def __init__(
        self, partitions: Sequence[Partition], around: Surroundings, cursors: Cursors, note: Callable[[str, bytes], None]
    ) -> None:
        self._partitions, self._around, self._cursors, self._note = partitions, around, cursors, note
        store = partitions[0].store
        self._things = store.fact(THINGS) or b""
        self._called = called_of(store.fact(CALLED))
        self._schedules: Schedules | None = None

    def activate(self) -> None:
        """Another program is live: its schedules count from the last call on."""
        self._schedules = None

    def next_call(self, now: int) -> int | None:
        """When a schedule comes next. In a new file they count from its first input on."""
        if not self._around.program.index.by_schedule:
            return None
        if self._schedules is None:
            if self._called is None and (begun := self._clock() or now):
                self._note_called(begun)
            if self._called is None:
                return None
            self._schedules = Schedules(self._around.program, self._called)
        return self._schedules.next_due()

    def _note_called(self, at: int) -> None:
        self._called = at
        self._note(CALLED, called_noted(at))

    def call(self) -> None:
        """The earliest schedules' time has come: a round begins, unless it comes too late or the one before still runs."""
        assert self._schedules is not None  # noqa: S101 - its only caller has asked when
        oldest = self._oldest()
        at, patterns = self._schedules.take(oldest)
        self._note_called(at)
        late = at < oldest
        names = [self._around.program.index.called_as(pattern) for pattern in patterns]
        running = [name for name in names if not late and self._cursors.calls(name)]
        called = [name for name in names if name not in running]
        for idents, stopped in ((called, "age" if late else ""), (running, "running")):
            if idents:
                self._begin(Broadcast(id_of("schedule", str(at), *idents), at, idents, stopped=stopped), at)

    def _oldest(self) -> int:
        """The earliest time that may still start something."""
        return max(self._clock(), self._around.wall) - self._around.program.policies.trigger_max_age

    def announce(self, event: Event, now: int) -> Decision:
        """An event about a thing: a round begins for every campaign that broadcasts it."""
        partition, policies = self._partitions[0], self._around.program.policies
        partition.clock = max(partition.clock, now)
        seen = with_mark(self._things, event, now, THINGS_KEPT)
        if seen is None:
            return Decision(duplicate=True)
        self._things = seen
        self._note(THINGS, seen)
        patterns = self._around.program.index.by_broadcast.get(event.name, ())
        late = event.backfill or now - event.occurred_at > policies.trigger_max_age
        stopped = "age" if late else "" if patterns else "unheard"
        ident = id_of("thing", event.source, event.message_id)
        self._begin(Broadcast(ident, event.occurred_at, list(patterns), event=event, stopped=stopped), now)
        return Decision()

    def end_runs(self, campaign: str, row: int) -> None:
        """A round begins that ends the campaign's runs that have begun by now, whosever they are, by the word of that row."""
        now = self._clock()
        self._begin(Broadcast(id_of("end", campaign, str(row)), now, ends=campaign), now)

    def _begin(self, broadcast: Broadcast, now: int) -> None:
        """Note the round once for the whole file; who is known by now will be visited."""
        partition = self._partitions[0]
        partition.clock = max(self._clock(), now)
        stopped = broadcast.stopped or ("full" if self._cursors.full else "")
        known = partition.store.last_key()
        broadcast = structs.replace(broadcast, known=known, stopped=stopped)
        partition.note(broadcast)
        if not stopped:
            self._cursors.begin(broadcast)

    def _clock(self) -> int:
        return max(partition.clock for partition in self._partitions)
