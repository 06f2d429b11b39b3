"""Which message of one workspace is which of the other, and what became of it: gained, lost, moved, unchanged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.insight.diff.side import Mail

Kind = Literal["gained", "lost", "moved", "unchanged"]
KINDS: tuple[Kind, ...] = ("gained", "lost", "moved", "unchanged")


@dataclass(frozen=True, slots=True)
class Change:
    """One intent in both workspaces; at least one of the two was sent."""

    kind: Kind
    old: Mail | None
    new: Mail | None

    @property
    def mail(self) -> Mail:
        """What counts: the new message, or the old one where that was lost."""
        found = self.old if self.kind == "lost" else self.new
        assert found is not None  # noqa: S101 - by construction: what was sent is there
        return found


def changes(old: Sequence[Mail], new: Sequence[Mail]) -> Iterator[Change]:
    """Compare one customer's messages.

    Two are the same intent if the same step of the same campaign planned them for a run that began at the same instant
    (so an entry that one workspace leaves out shifts nothing), else if they have the same id.
    """
    for before, after in _paired(old, new):
        if before is not None and before.sent and after is not None and after.sent:
            yield Change("unchanged" if _alike(before, after) else "moved", before, after)
        elif before is not None and before.sent:
            yield Change("lost", before, after)
        elif after is not None and after.sent:
            yield Change("gained", before, after)


def _alike(one: Mail, other: Mail) -> bool:
    return (one.at, one.channel, one.template) == (other.at, other.channel, other.template)


def _paired(old: Sequence[Mail], new: Sequence[Mail]) -> Iterator[tuple[Mail | None, Mail | None]]:
    left, right = list(old), list(new)
    for key in (_exactly, _by_run, _by_id):
        yield from _matched(left, right, key)
    yield from ((mail, None) for mail in left)
    yield from ((None, mail) for mail in right)


def _exactly(mail: Mail) -> Hashable:
    return mail.id, mail.begun


def _by_run(mail: Mail) -> Hashable:
    return mail.campaign, mail.step, mail.begun


def _by_id(mail: Mail) -> Hashable:
    return mail.id


def _matched(left: list[Mail], right: list[Mail], key: Callable[[Mail], Hashable]) -> Iterator[tuple[Mail, Mail]]:
    """Take out of both lists those that agree, in their order."""
    waiting: defaultdict[Hashable, list[Mail]] = defaultdict(list)
    for mail in reversed(right):
        waiting[key(mail)].append(mail)
    rest: list[Mail] = []
    taken: set[int] = set()
    for mail in left:
        found = waiting.get(key(mail))
        if not found:
            rest.append(mail)
            continue
        other = found.pop()
        taken.add(id(other))
        yield mail, other
    left[:] = rest
    right[:] = [mail for mail in right if id(mail) not in taken]
