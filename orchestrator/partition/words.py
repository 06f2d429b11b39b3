"""What is said of addresses, and from them: how it reaches the customer who was written to there last, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import structs

from orchestrator.domain.input import Event
from orchestrator.domain.suppression import Heard, Listed, Reached, Word, follows, withdrawn
from orchestrator.partition.identities import Passed, housed
from orchestrator.partition.partition import Partition, Surroundings

Homes = Callable[[str], Partition]
Elsewhere = Callable[[str], bool]
Feed = Callable[[Event, int], object]


class Words:
    """The words that one engine hears. What is for another's customer goes to `passed`; events are fed."""

    def __init__(
        self,
        partitions: Sequence[Partition],
        around: Surroundings,
        home: Homes,
        elsewhere: Elsewhere,
        feed: Feed,
        passed: list[Passed],
    ) -> None:
        self._partitions, self._around, self._home = partitions, around, home
        self._elsewhere, self._feed, self._passed = elsewhere, feed, passed

    def hear(self, word: Word) -> bool:
        """Note what was said of an address; says whether it changes anything.

        What it does to its customer's consents is decided in the same commit. It holds at once, and moves no clock: what waits
        was before it.
        """
        addresses = self._around.addresses
        now = max(one.clock for one in self._partitions)
        assert addresses is not None  # noqa: S101 - whoever hears words has a list
        entries = follows(word, addresses.known(word.address))
        for entry in entries:
            addresses.fresh[entry.name] = self._partitions[0].changes.listed[entry.name] = entry
            self.follow(entry, None, now)
        return bool(entries)

    def follow(self, entry: Listed, raw: str | None, now: int) -> None:
        """What an entry does to that customer's consents, here or at their home; None: of who was written to there last."""
        raw = self._written_to(entry.address) if raw is None else raw
        if raw is None:
            return
        found = self._now(raw)
        if self._elsewhere(found):
            self._passed.append(Passed(found, Heard(entry), now))
            return
        record = self._home(found).find(found)
        for event in withdrawn(entry, record.profile, self._around.program.policies, now) if record is not None else ():
            self._feed(event, now)

    def hear_text(self, address: bytes, event: Event, now: int) -> None:
        """What somebody has written to us, as an event of the customer who was written to there last."""
        raw = self._written_to(address)
        if raw is not None:
            kind, ident = (found := self._now(raw))[:2], found[2:]
            who = {"user_id": ident} if kind == "u:" else {"anonymous_id": ident}
            self._feed(structs.replace(event, **who), now)

    def _now(self, raw: str) -> str:
        """The raw id that this one has become part of, as far as that is known here."""
        return raw if self._elsewhere(raw) else self._home(raw).redirected(raw)

    def _written_to(self, address: bytes) -> str | None:
        """The raw id of who was written to there last."""
        just = (one.changes.reached[address] for one in self._partitions if address in one.changes.reached)
        return next(just, None) or self._partitions[0].store.reached(address)

    def tell_reached(self) -> None:
        """Who was written to is kept at the home of the address: what is written back from there comes in there."""
        for partition in self._partitions:
            reached = partition.changes.reached
            for address in [one for one in reached if self._elsewhere(housed(one))]:
                self._passed.append(Passed(housed(address), Reached(address, reached.pop(address)), partition.clock))
