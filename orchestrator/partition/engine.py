"""All partitions of one process behind one door: routing, identity, the order of time, and the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from zlib import crc32

from msgspec import structs

from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import Activation, Adopt, Control, Event, ProfileInput, Receipt, Release
from orchestrator.domain.ledger import IN_DOUBT
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import Heard, Reached, Texted
from orchestrator.partition.cursors import PAGE, Cursors, page_after
from orchestrator.partition.identities import Identities, Passed, housed, is_keyed, key_in, keyed, live_versions
from orchestrator.partition.partition import Decided, Partition, Surroundings
from orchestrator.partition.ports import Store
from orchestrator.partition.rounds import Rounds
from orchestrator.partition.words import Words

Watch = Callable[[Sequence[Decided]], None]
Elsewhere = Callable[[str], bool]
"""Whether the raw id's home is a partition of another engine."""


def home_of(raw: str, partitions: int) -> int:
    """The number of the partition that owns a raw id: fixed for life by its hash."""
    return crc32(raw.encode("utf-8", "surrogatepass")) % partitions


class Engine:
    """Feeds the partitions in the order of time. `advance`, `feed` and `give` change memory; `commit` makes it durable.

    Where time is virtual, a broadcast reaches everybody at its instant, and what that decides is committed page by page.
    """

    def __init__(
        self,
        stores: Sequence[Store],
        around: Surroundings,
        watch: Watch | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.around = around
        self._elsewhere = elsewhere
        self._passed: list[Passed] = []
        self._asked_again: list[tuple[int, str, int]] = []
        """(key, message, when its attempt began)"""
        around.controls = stores[0].controls() if around.controls == Controls() else around.controls
        self.partitions = [Partition(number, store, around) for number, store in enumerate(stores)]
        if around.controls != stores[0].controls():
            self.partitions[0].changes.controls = around.controls
        self._watch = watch
        self.dead = 0
        """Inputs that became dead letters since this engine started."""
        self.cursors = Cursors(stores[0].fact)
        self.identities = Identities(self.home, self._is_elsewhere, self.cursors, self._passed)
        self.paced = False
        """Whether the shell calls `visit` when there is time; otherwise time stands still until everyone is visited."""
        self.rounds = Rounds(self.partitions, around, self.cursors, self.note_fact)
        self.words = Words(self.partitions, around, self.home, self._is_elsewhere, self.feed, self._passed)

    @property
    def clock(self) -> int:
        return max(partition.clock for partition in self.partitions)

    def home(self, raw: str) -> Partition:
        """The partition that owns a raw id."""
        if len(self.partitions) == 1:
            return self.partitions[0]
        return self.partitions[home_of(raw, len(self.partitions))]

    def next_due(self) -> int | None:
        """When the earliest timer or schedule is due."""
        found = self._earliest()
        return _sooner(found[0][0] if found else None, self.rounds.next_call(self.clock))

    def _earliest(self) -> tuple[tuple[int, int], Partition] | None:
        """The earliest timer of all, and whose it is."""
        found: tuple[tuple[int, int], Partition] | None = None
        for partition in self.partitions:
            due = partition.next_due()
            if due is not None and (found is None or due < found[0]):
                found = due, partition
        return found

    def advance(self, until: int, most: int | None = None) -> int:
        """Fire timers and call schedules due by then (at the most so many), pass on what was emitted; says how many.

        All in the order of time: at one instant timers come before schedules, and both before what was emitted. Nothing
        emitted is left in memory when this returns, so the commit that follows holds all of it.
        """
        fired = 0
        while True:
            due, called = self._earliest(), self.rounds.next_call(until)
            first, forward = _sooner(due[0][0] if due else None, called), self._forwarding()
            if forward is not None and (first is None or first > forward.forwards[0][1]):
                event, now = forward.forwards.popleft()
                self._take(event, now)
                continue
            if self.cursors.busy and not self.paced:
                self.visit(PAGE)
                self.commit()
                continue
            enough = most is not None and fired >= most and forward is None
            if first is None or first > until or enough:
                return fired
            if due is not None and due[0][0] == first:
                due[1].fire()
            else:
                self.rounds.call()
            fired += 1

    def _forwarding(self) -> Partition | None:
        """The first partition with an event for another profile."""
        for partition in self.partitions:
            if partition.forwards:
                return partition
        return None

    def feed(self, event: Event, now: int) -> Decision | None:
        """One event at its time: timers due by then first."""
        self.advance(now)
        decision = self.rounds.announce(event, now) if about_a_thing(event) else self._take(event, now)
        self.advance(now)
        return decision

    def give(self, key: int, given: ProfileInput, now: int) -> Decision | None:
        """One input (an outcome, a receipt, a command) of a profile known by its key, or of who that has become part of."""
        self.advance(now)
        home = next((one for one in self.partitions if one.record(key) is not None), None)
        if home is not None:
            decision = home.take_key(key, given, now)
            self.advance(now)
            return decision
        name = keyed(key)
        known = next((raw for one in self.partitions if (raw := one.redirected(name)) != name), None)
        if known is not None and self._is_elsewhere(known):
            self._passed.append(Passed(known, given, now))
        elif known is not None and (found := self.home(known).find(known)) is not None:
            return self.give(found.key, given, now)
        return None

    def is_over(self, key: int, message_id: str) -> bool:
        """Whether what was attempted in this turn is settled in it: evidence of an earlier attempt has come meanwhile."""
        record = next((found for one in self.partitions if (found := one.record(key)) is not None), None)
        if record is None:
            return False
        profile = record.profile
        return profile.message(message_id) is None and profile.call(message_id) is None

    def ask_again(self, keys: Iterable[int]) -> None:
        """What these customers have in doubt is to be looked for once more: who looked before is gone."""
        for key in keys:
            record = next((found for one in self.partitions if (found := one.record(key)) is not None), None)
            for message in record.profile.messages if record is not None else ():
                if message.state == IN_DOUBT:
                    self._asked_again.append((key, message.id, message.cleared_at or self.clock))

    def doubted(self) -> list[Outgoing]:
        """Messages that came into doubt since the last commit and still are, or are to be looked for again."""
        asked, self._asked_again = self._asked_again, []
        every = (
            partition.described(one.key, change.id, one.now)
            for partition in self.partitions
            for one in partition.decided
            for change in one.decision.messages
            if change.state == IN_DOUBT
        )
        again = (partition.described(*one) for partition in self.partitions for one in asked)
        return [described for described in (*every, *again) if described is not None]

    def take_passed(self) -> list[Passed]:
        """What is for partitions of other engines, in order; whoever commits takes it along in the same transaction."""
        taken = self._passed.copy()
        self._passed.clear()
        return taken

    def receive(self, passed: Passed, now: int) -> None:
        """One input that another engine passed on to a raw id whose home is here."""
        self.advance(now)
        match passed.given:
            case Release():
                self.identities.release(passed.given, now)
            case Adopt():
                self.identities.adopt(passed.to, passed.given, now)
            case Event():
                self.feed(passed.given, now)
            case Receipt() if is_keyed(passed.to):
                self.give(key_in(passed.to), passed.given, now)
            case Reached(address, raw):
                self.partitions[0].changes.reached[address] = raw
            case Texted(address, event):
                self.words.hear_text(address, event, now)
            case Heard(entry):
                self.words.follow(entry, None if passed.to == housed(entry.address) else passed.to, now)
            case _:
                self.identities.follow(passed.to, passed.given, now)
        self.advance(now)

    def _take(self, event: Event, now: int) -> Decision | None:
        """Decide it where the home of its id is: here, or elsewhere, where an id may also have become part of another's."""
        raw = raw_id(event)
        if self._is_elsewhere(raw):
            self._passed.append(Passed(raw, event, now))
            return None
        anonymous = event.previous_id if event.type == "alias" else event.anonymous_id
        if event.user_id is not None and anonymous is not None:
            self.identities.unify(f"a:{anonymous}", raw, now)
        found = self.home(raw).redirected(raw) if raw.startswith("a:") else raw
        if self._is_elsewhere(found):
            self._passed.append(Passed(found, structs.replace(event, user_id=found[2:]), now))
            return None
        return self.home(found).take(found, event, now)

    def _is_elsewhere(self, raw: str) -> bool:
        return self._elsewhere is not None and self._elsewhere(raw)

    def control(self, given: Control) -> int:
        """Turn one of the operators' switches in every partition; it holds over a restart. Gives the number of a row of it."""
        self.around.controls = turned(self.around.controls, given)
        for partition in self.partitions:
            partition.changes.controls = self.around.controls
            row = partition.note(given)
        return row

    def reach(self, now: int) -> None:
        """What follows happens then: timers due by then come first."""
        self.advance(now)
        for partition in self.partitions:
            partition.clock = max(partition.clock, now)

    def activate(self, program: Program, content: bytes = b"", by: str = "") -> None:
        """Let a program go live, and keep its content: every decision from here on is its."""
        self.partitions[0].changes.programs[program.name] = content
        self.around.program = program
        self.rounds.activate()
        for partition in self.partitions:
            partition.note(Activation(program.name, by))

    def visit(self, most: int) -> AbstractSet[str] | None:
        """Go on with the walk that is first, by so many profiles; somebody has asked whether there is one.

        Where that ends a look at everyone: the versions of all steps that live runs were seen on.
        """
        walk = self.cursors.next()
        page = page_after(self.partitions[0].store, [p.changes for p in self.partitions], walk.after, most)
        seen: set[str] = set()
        for key in page.keys:
            home = next((p for p in self.partitions if p.record(key) is not None), None)
            if home is not None:
                for given in self.cursors.inputs(key):
                    home.take_key(key, given, self.clock)
                seen |= self._steps_of(home, key) if not walk.broadcasts else frozenset()
        return self.cursors.went_on(page, seen)

    def begin_look(self) -> None:
        """Everyone known by now is to be visited, because their surroundings have changed."""
        self.cursors.begin_look(self.partitions[0].store.last_key())

    def _steps_of(self, partition: Partition, key: int) -> set[str]:
        record = partition.record(key)
        return live_versions(record.profile) if record is not None else set()

    def fact(self, name: str) -> bytes | None:
        """What the file has noted under that name."""
        return self.partitions[0].store.fact(name)

    def note_fact(self, name: str, value: bytes) -> None:
        """Note something small under a name; durable with the next commit."""
        self.partitions[0].changes.facts[name] = value

    def commit(self) -> None:
        """Make everything since the last commit durable, atomically."""
        self.words.tell_reached()
        if self._watch is not None:
            decided = [one for partition in self.partitions for one in partition.decided]
            self._watch(decided)
        for name, value in self.cursors.notes():
            self.note_fact(name, value)
        changes = [partition.drain() for partition in self.partitions]
        self.dead += sum(len(one.dead) for one in changes)
        self.partitions[0].store.commit([one for one in changes if not one.empty])
        if self.around.addresses is not None:
            self.around.addresses.fresh.clear()


def _sooner(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def turned(controls: Controls, given: Control) -> Controls:
    """The switches after this command; an approval is none."""
    if given.switch not in ("kill", "pause"):
        return controls
    if given.switch == "kill":
        return replace(controls, kill=given.on)
    for kind in ("campaign", "channel", "profile", "provider"):
        name = getattr(given, kind)
        if name is not None:
            named = getattr(controls, f"{kind}s")
            return replace(controls, **{f"{kind}s": named | {name} if given.on else named - {name}})
    return replace(controls, paused=given.on)
