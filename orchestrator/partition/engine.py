"""All partitions of one process behind one door: routing, identity, the order of time, and the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Activation, Adopt, Control, Event, ProfileInput, Visit
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided, Partition, Surroundings
from orchestrator.partition.ports import Store

Watch = Callable[[Sequence[Decided]], None]


class Engine:
    """Feeds the partitions in the order of time. `advance`, `feed` and `give` change memory; `commit` makes it durable."""

    def __init__(self, stores: Sequence[Store], around: Surroundings, watch: Watch | None = None) -> None:
        self.around = around
        around.controls = stores[0].controls() if around.controls == Controls() else around.controls
        self.partitions = [Partition(number, store, around) for number, store in enumerate(stores)]
        if around.controls != stores[0].controls():
            self.partitions[0].changes.controls = around.controls
        self._watch = watch
        self._adopted: dict[int, int] = {}
        """key of a profile that became part of another with attempts under way → the other's: answers follow it."""
        self._moved: set[str] = set()
        """Versions of steps whose runs merges moved to another profile since `versions_of` was asked last."""
        self.dead = 0
        """Inputs that became dead letters since this engine started."""

    @property
    def clock(self) -> int:
        return max(partition.clock for partition in self.partitions)

    def home(self, raw: str) -> Partition:
        """The partition that owns a raw id: fixed for life by its hash."""
        if len(self.partitions) == 1:
            return self.partitions[0]
        return self.partitions[crc32(raw.encode("utf-8", "surrogatepass")) % len(self.partitions)]

    def next_due(self) -> int | None:
        """When the earliest timer is due."""
        found = self._earliest()
        return None if found is None else found[0][0]

    def _earliest(self) -> tuple[tuple[int, int], Partition] | None:
        """The earliest timer of all, and whose it is."""
        found: tuple[tuple[int, int], Partition] | None = None
        for partition in self.partitions:
            due = partition.next_due()
            if due is not None and (found is None or due < found[0]):
                found = due, partition
        return found

    def advance(self, until: int, most: int | None = None) -> int:
        """Fire timers due by then (at the most so many), pass on what they emitted, in the order of time; says how many.

        Nothing emitted is left in memory when this returns, so the commit that follows holds all of it.
        """
        fired = 0
        while True:
            due = self._earliest()
            forward = next((p for p in self.partitions if p.forwards), None)
            if forward is not None and (due is None or due[0][0] > forward.forwards[0][1]):
                event, now = forward.forwards.popleft()
                self._take(event, now)
                continue
            enough = most is not None and fired >= most and forward is None
            if due is None or due[0][0] > until or enough:
                return fired
            due[1].fire()
            fired += 1

    def feed(self, event: Event, now: int) -> Decision | None:
        """One event at its time: timers due by then first."""
        self.advance(now)
        decision = self._take(event, now)
        self.advance(now)
        return decision

    def give(self, key: int, given: ProfileInput, now: int) -> Decision | None:
        """One input (an outcome, a command) of a profile known by its key."""
        self.advance(now)
        while key in self._adopted:
            key = self._adopted[key]
        for partition in self.partitions:
            if partition.record(key) is not None:
                decision = partition.take_key(key, given, now)
                self.advance(now)
                return decision
        return None

    def _take(self, event: Event, now: int) -> Decision | None:
        anonymous = event.previous_id if event.type == "alias" else event.anonymous_id
        if event.user_id is not None and anonymous is not None:
            self._unify(f"a:{anonymous}", f"u:{event.user_id}", now)
        raw = self._resolve(raw_id(event))
        return self.home(raw).take(raw, event, now)

    def _resolve(self, raw: str) -> str:
        """Where a redirect leads: an anonymous id that turned out to be a known person's."""
        return self.home(raw).redirected(raw) if raw.startswith("a:") else raw

    def _unify(self, old: str, new: str, now: int) -> None:
        """Make an anonymous id part of a known one, once; two known ids are never merged."""
        if self._resolve(old) != old:
            return
        source, target = self.home(old), self.home(new)
        source.changes.redirects[old] = new
        theirs = source.release(old)
        if theirs is None:
            return
        if target.find(new) is None:
            target.install(theirs, new)
        else:
            target.take(new, Adopt(theirs.sealed, theirs.key), now)
            self._moved |= live_versions(theirs.profile)
            ours = target.find(new)
            if ours is not None and any(message.attempted for message in theirs.profile.messages):
                self._adopted[theirs.key] = ours.key

    def control(self, given: Control) -> None:
        """Turn one of the operators' switches in every partition; it holds over a restart."""
        self._seal()
        self.around.controls = turned(self.around.controls, given)
        for partition in self.partitions:
            partition.changes.controls = self.around.controls
            partition.note(given)

    def _seal(self) -> None:
        """What was decided so far was decided in these surroundings."""
        for partition in self.partitions:
            partition.seal()

    def activate(self, program: Program, content: bytes = b"") -> None:
        """Let a program go live, and keep its content: every decision from here on is its."""
        self._seal()
        self.partitions[0].changes.programs[program.name] = content
        self.around.program = program
        for partition in self.partitions:
            partition.note(Activation(program.name))

    def visit(self, after: int, most: int, cause: str) -> list[int]:
        """Look at the next profiles, by key, after their surroundings changed; gives their keys, none at the end."""
        keys = self.partitions[0].store.keys_after(after, most)
        for key in keys:
            self.give(key, Visit(cause), self.clock)
        return keys

    def versions_of(self, keys: Sequence[int]) -> set[str]:
        """Versions of the steps that live runs of these profiles are on, or that have moved since this was asked last."""
        found, self._moved = self._moved, set()
        records = (partition.record(key) for key in keys for partition in self.partitions)
        return found.union(*(live_versions(record.profile) for record in records if record is not None))

    def fact(self, name: str) -> bytes | None:
        """What the file has noted under that name."""
        return self.partitions[0].store.fact(name)

    def note_fact(self, name: str, value: bytes) -> None:
        """Note something small under a name; durable with the next commit."""
        self.partitions[0].changes.facts[name] = value

    def commit(self) -> None:
        """Make everything since the last commit durable, atomically."""
        if self._watch is not None:
            decided = [one for partition in self.partitions for one in partition.decided]
            self._watch(decided)
        changes = [partition.drain() for partition in self.partitions]
        self.dead += sum(len(one.dead) for one in changes)
        self.partitions[0].store.commit([one for one in changes if not one.empty])


def live_versions(profile: Profile) -> set[str]:
    """Versions of the steps that this profile's live runs are on."""
    return {run.version for run in profile.runs if not run.ended}


def turned(controls: Controls, given: Control) -> Controls:
    """The switches after this command."""
    if given.switch == "kill":
        return replace(controls, kill=given.on)
    if given.campaign is not None:
        names = controls.campaigns | {given.campaign} if given.on else controls.campaigns - {given.campaign}
        return replace(controls, campaigns=names)
    if given.channel is not None:
        names = controls.channels | {given.channel} if given.on else controls.channels - {given.channel}
        return replace(controls, channels=names)
    return replace(controls, paused=given.on)
