"""Two ids of one customer become one profile: an anonymous one becomes part of a known one, once and for good.

    event that names both ─▶ link, at the known one's home ─▶ release, at the anonymous one's ─▶ adopt, at the known one's

Where both are at home in one engine, that is one step of one transaction and nobody waits. Where they are not, each step is in
the transaction of the partition that takes it, and what it sends to the next goes with it: nothing is lost in a crash, and as
ids remember how far they are, nothing that comes twice is done twice.

Redirects lead from an anonymous id to a known one and never on, so a chain has one link. Of two known ones that claim the same
anonymous id, the one whose release is first in the log of its home has it, and the other is told so: crossing claims end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from orchestrator.domain.input import Adopt, Link, ProfileInput, Receipt, Release
from orchestrator.domain.limits import LINK_HOLD_MS
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.suppression import Heard, Reached, Texted
from orchestrator.partition.cursors import Cursors
from orchestrator.partition.partition import Partition
from orchestrator.partition.ports import Record


class Passed(NamedTuple):
    """An input on its way to the home of a raw id in another engine; `at` is its time where it comes from."""

    to: str
    given: ProfileInput | Release | Reached | Heard | Texted
    at: int


class Addressed(NamedTuple):
    """A receipt, and where its profile was when its message left: a partition, and the key there."""

    home: int
    key: int
    receipt: Receipt


class Identities:
    """What the ids of one engine's profiles become."""

    def __init__(
        self, home: Callable[[str], Partition], elsewhere: Callable[[str], bool], cursors: Cursors, passed: list[Passed]
    ) -> None:
        self._home, self._elsewhere, self._cursors, self._passed = home, elsewhere, cursors, passed

    def unify(self, old: str, new: str, now: int) -> None:
        """Make an anonymous id part of a known one that is at home here, unless it is one's already."""
        known = self._home(new)
        if self._elsewhere(old):
            if known.redirected(old) == old:
                known.changes.redirects[old] = new
                known.take(new, Link(old, now + LINK_HOLD_MS), now)
                self._passed.append(Passed(old, Release(old, new), now))
            return
        anonymous = self._home(old)
        if anonymous.redirected(old) != old:
            return
        theirs = self._let_go(anonymous, old, new)
        if theirs is None:
            return
        if known.find(new) is None:
            known.install(theirs, new)
        else:
            self._take_in(known, theirs, new, now)

    def _let_go(self, home: Partition, old: str, new: str) -> Record | None:
        home.changes.redirects[old] = new
        return home.release(old)

    def _take_in(self, home: Partition, theirs: Record, new: str, now: int) -> None:
        home.take(new, Adopt(theirs.sealed, theirs.key), now)
        self._cursors.saw(live_versions(theirs.profile))
        ours = home.find(new)
        if ours is None:
            return
        _leave_word(home, theirs, new)
        for given in self._cursors.missed(theirs.key, ours.key):
            home.take_key(ours.key, given, now)

    def release(self, given: Release, now: int) -> None:
        """At the home of an anonymous id: let go of it for who asks first, and tell others whose it is."""
        home = self._home(given.raw)
        home.clock = max(home.clock, now)
        owner = home.redirected(given.raw)
        if owner == given.to:
            return
        if owner != given.raw:
            self._passed.append(Passed(given.to, Adopt(b"", 0, given.raw, owner), now))
            return
        theirs = self._let_go(home, given.raw, given.to)
        home.note(given)
        answer = Adopt(b"", 0, given.raw, given.to) if theirs is None else Adopt(theirs.sealed, theirs.key, given.raw, given.to)
        self._passed.append(Passed(given.to, answer, now))
        if theirs is not None:
            self._passed.extend(Passed(given.to, one, now) for one in self._cursors.left_out(theirs.key))
            _leave_word(home, theirs, given.to)

    def adopt(self, to: str, given: Adopt, now: int) -> None:
        """At the known one's home: take it in, once; `ids` remembers that."""
        home = self._home(to)
        if given.to != to:
            home.changes.redirects[given.raw] = given.to
        ours = home.find(to)
        if ours is None or home.holds(given.raw) or not (given.state or given.raw in ours.profile.links):
            return
        if home.take(to, given, now) is not None and given.state:
            home.changes.ids[given.raw] = ours.key
            self._cursors.saw(live_versions(unseal(given.state)))

    def follow(self, to: str, given: ProfileInput, now: int) -> None:
        """What was meant for a profile that has become part of this one."""
        ours = self._home(to).find(to)
        if ours is not None:
            self._home(to).take_key(ours.key, given, now)


def keyed(key: int) -> str:
    """How a profile is named that is known by its key alone: answers and receipts bring nothing else."""
    return f"k:{key}"


def is_keyed(raw: str) -> bool:
    return raw.startswith("k:")


def key_in(raw: str) -> int:
    """The key that `keyed` has put there."""
    return int(raw[2:])


def housed(address: bytes) -> str:
    """How an address is named, so that it has a home: by its hash."""
    return f"@:{address.hex()}"


def _leave_word(home: Partition, theirs: Record, new: str) -> None:
    """What is still to be said of their messages finds the known one, also after a restart."""
    if _is_spoken_of(theirs.profile):
        home.changes.redirects[keyed(theirs.key)] = new


def _is_spoken_of(profile: Profile) -> bool:
    return bool(profile.calls or profile.sent) or any(message.attempted for message in profile.messages)


def live_versions(profile: Profile) -> set[str]:
    """Versions of the steps that this profile's live runs are on."""
    return {run.version for run in profile.runs if not run.ended}
