"""Walks over everyone, by key: after a change of surroundings, and of rounds through those known when they began.

How far each has come is committed with what it decided, so a crash neither leaves anybody out nor visits anybody twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec

from orchestrator.domain.input import Announcement, Broadcast, EndRuns, Visit
from orchestrator.partition.ports import Changes, Store

CURSORS, BROADCASTS = "broadcast", "broadcasts"
"""The names under which a file notes how far walks are, and the broadcasts that are not over."""
PAGE = 200
"""Profiles visited at a time where nothing else waits."""
BROADCASTS_A_WALK = 32
"""Broadcasts that one walk carries: each profile is read once for all of them."""
BROADCASTS_WAITING = 10_000
"""Broadcasts that are not over; what comes beyond goes to nobody, and is journalled so."""
ENDED = "operator_end"
"""The reason with which runs end that an operator has ended."""
Brought = Visit | Announcement | EndRuns
"""What a walk brings to one profile."""
BROADCASTS_BYTES = 4 << 20
"""What they may have together: their list is written again whenever one begins or ends, as one record of 8 MiB at most."""


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A walk under way: profiles up to the key `after` are visited. Without `broadcasts` it is a look at everyone.

    Who became `known` later (with a higher key) is not visited; None: everybody is.
    """

    after: int = 0
    known: int | None = None
    seen: list[str] = []
    """Versions of the steps that live runs were seen on; only a look keeps them."""
    broadcasts: list[str] = []

    def on(self, after: int, seen: AbstractSet[str] = frozenset()) -> Cursor:
        """The next page is done too."""
        return Cursor(after, self.known, sorted({*self.seen, *seen}), self.broadcasts)

    def will_visit(self, key: int) -> bool:
        return self.after < key and (self.known is None or key <= self.known)


class Page(NamedTuple):
    """The next profiles of a walk, and up to which key that is; `last`: there are no more."""

    keys: list[int]
    up_to: int
    last: bool


class Cursors:
    """Every walk under way. A look goes first; broadcasts follow in their order, some together."""

    def __init__(self, fact: Callable[[str], bytes | None]) -> None:
        cursors = cursors_of(fact(CURSORS))
        self.look = next((one for one in cursors if not one.broadcasts), None)
        self._walk = next((one for one in cursors if one.broadcasts), None)
        self._broadcasts = {one.id: one for one in broadcasts_of(fact(BROADCASTS))}
        self._said = {one.id: announcement(one) for one in self._broadcasts.values()}
        self._bytes = sum(len(_encode(one)) for one in self._broadcasts.values())
        self._noted = cursors
        self._changed = False

    @property
    def busy(self) -> bool:
        return self.look is not None or bool(self._broadcasts)

    @property
    def full(self) -> bool:
        return len(self._broadcasts) >= BROADCASTS_WAITING or self._bytes >= BROADCASTS_BYTES

    def begin_look(self, known: int) -> None:
        """Look at everyone known by now, from the first on."""
        self.look = Cursor(known=known)

    def begin(self, broadcast: Broadcast) -> None:
        """Take everyone known by now through this broadcast, after those that are under way."""
        self._broadcasts[broadcast.id] = broadcast
        self._said[broadcast.id] = announcement(broadcast)
        self._bytes += len(_encode(broadcast))
        self._changed = True

    def calls(self, pattern: str) -> bool:
        """Whether a schedule of this pattern is not over."""
        return any(one.event is None and pattern in one.patterns for one in self._broadcasts.values())

    def saw(self, versions: AbstractSet[str]) -> None:
        """A merge moved runs on these steps, perhaps to a profile that was looked at already."""
        if self.look is not None:
            self.look = self.look.on(self.look.after, versions)

    def next(self) -> Cursor:
        """The walk that goes on now; somebody has asked whether there is one."""
        if self.look is not None:
            return self.look
        if self._walk is None:
            carried = list(self._broadcasts)[:BROADCASTS_A_WALK]
            self._walk = Cursor(known=max(self._broadcasts[ident].known for ident in carried), broadcasts=carried)
        return self._walk

    def went_on(self, page: Page, seen: AbstractSet[str]) -> AbstractSet[str] | None:
        """The page is visited; where that ends a look, the versions of all steps that someone was seen on."""
        walk = self.next().on(page.up_to, seen)
        over = page.last or (walk.known is not None and page.up_to >= walk.known)
        if not walk.broadcasts:
            self.look = None if over else walk
            return frozenset(walk.seen) if over else None
        self._walk = walk
        if over:
            self._end(walk)
        return None

    def _end(self, walk: Cursor) -> None:
        for ident in walk.broadcasts:
            self._bytes -= len(_encode(self._broadcasts.pop(ident)))
            del self._said[ident]
        self._walk, self._changed = None, True

    def inputs(self, key: int) -> Iterator[Brought]:
        """What the walk that goes on now brings to the profile with this key."""
        walk = self.next()
        if not walk.broadcasts and walk.will_visit(key):
            yield Visit("visit")
        for ident in walk.broadcasts:
            if key <= self._broadcasts[ident].known:
                yield self._said[ident]

    def missed(self, theirs: int, ours: int) -> Iterator[Brought]:
        """What a profile that is adopted before it was visited would have got, and the one that takes it in will not."""
        if self.look is not None and self.look.will_visit(theirs) and not self.look.will_visit(ours):
            yield Visit("visit")
        for ident, broadcast in self._broadcasts.items():
            after = self._after(ident)
            if after < theirs <= broadcast.known and not after < ours <= broadcast.known:
                yield self._said[ident]

    def left_out(self, theirs: int) -> Iterator[Brought]:
        """What a profile that goes to another engine before it was visited would have got here."""
        if self.look is not None and self.look.will_visit(theirs):
            yield Visit("visit")
        for ident, broadcast in self._broadcasts.items():
            if self._after(ident) < theirs <= broadcast.known:
                yield self._said[ident]

    def _after(self, ident: str) -> int:
        """Up to which key the walk that carries this broadcast has come."""
        return self._walk.after if self._walk is not None and ident in self._walk.broadcasts else 0

    def notes(self) -> Iterator[tuple[str, bytes]]:
        """What the file must know anew, to be committed with what was decided."""
        cursors = [one for one in (self.look, self._walk) if one is not None]
        if cursors != self._noted:
            self._noted = cursors
            yield CURSORS, _encode_cursors(cursors)
        if self._changed:
            self._changed = False
            yield BROADCASTS, _encode(list(self._broadcasts.values()))


def announcement(broadcast: Broadcast) -> Announcement | EndRuns:
    """What each profile hears of it."""
    if broadcast.ends:
        return EndRuns(ENDED, broadcast.ends, broadcast.at)
    return Announcement(broadcast.id, broadcast.at, broadcast.patterns, broadcast.event)


def page_after(store: Store, changes: Sequence[Changes], after: int, most: int) -> Page:
    """The next profiles of the whole file after that key, whether committed or changed since."""
    stored = store.keys_after(after, most)
    last = len(stored) < most
    held = {key for one in changes for key in one.records if key > after and (last or key <= stored[-1])}
    gone = {key for one in changes for key in one.gone}
    keys = sorted(held.union(key for key in stored if key not in gone))
    return Page(keys, stored[-1] if not last else max(keys, default=after), last)


def cursors_of(fact: bytes | None) -> list[Cursor]:
    """What was under way at the last commit; earlier engines noted one look, or null."""
    found = [] if fact is None else _decode_cursors(fact)
    return [found] if isinstance(found, Cursor) else found or []


def broadcasts_of(fact: bytes | None) -> list[Broadcast]:
    """Broadcasts that were not over at the last commit, in their order."""
    return [] if fact is None else _decode(fact)


class Ending(NamedTuple):
    """How far the end of a campaign's runs has come: customers visited, of so many (by key)."""

    visited: int
    known: int


def endings(fact: Callable[[str], bytes | None]) -> dict[str, Ending]:
    """campaign → how far; of those whose runs are being ended, as a file has noted it."""
    walk = next((one for one in cursors_of(fact(CURSORS)) if one.broadcasts), Cursor())
    every = (one for one in broadcasts_of(fact(BROADCASTS)) if one.ends)
    return {one.ends: Ending(walk.after if one.id in walk.broadcasts else 0, one.known) for one in every}


_encode_cursors = msgspec.json.Encoder(order="sorted").encode
_decode_cursors = msgspec.json.Decoder(list[Cursor] | Cursor | None).decode
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Broadcast]).decode
