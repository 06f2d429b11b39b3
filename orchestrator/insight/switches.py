"""What operators have told the engine: every switch that was turned, by whom, when and why, and those that stand.

Orders are inputs of the log, so this is read, never kept: the log is the audit trail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from orchestrator.delivery.breaker import open_in
from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Activation, Control
from orchestrator.insight.accepted import given_of_partition
from orchestrator.partition.mending import END, REDRIVE, SETTLE
from orchestrator.partition.ports import JournalRow

SUBJECTS = ("campaign", "channel", "profile", "provider")
APPROVE, PROGRAM = "approve", "program"
CHANNEL = "channel"
MENDED = (SETTLE, END, REDRIVE)
"""What was mended of one customer: no switch, and nothing stands of it."""


class Turned(NamedTuple):
    """One order; `subject` and `name`: of what, empty: of all.

    `switch`: kill, pause, approve, what was mended of a customer, program, which went live; breaker or throttle of a channel.
    """

    at: int
    switch: str
    on: bool
    subject: str = ""
    name: str = ""
    actor: str = ""
    reason: str = ""
    up_to: int = 0
    until: int = 0
    taken: bool = True
    """False: the engine has not taken it yet. It holds already where it stops something."""
    row: int = 0
    """Of the journal; 0 where it is not in it."""
    given: Control | None = None
    """The order itself; None of a program."""
    lacking: tuple[int, ...] = ()
    """Partitions of workers in which it was not met, or does not stand, while it does in others."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it turns."""
        return self.switch, self.subject, self.name

    def as_json(self) -> dict[str, Any]:
        """As the commands' JSON results have it."""
        told = self._asdict() | {"at": iso(self.at) if self.at else None}
        del told["row"], told["given"]
        told["until"] = iso(self.until) if self.until else None
        told["lacking"] = list(self.lacking)
        return told


def turned_by(control: Control, at: int, *, taken: bool = True, row: int = 0) -> Turned:
    """An order that was met at that time; it says itself when it was given, where that is known."""
    subject = next((word for word in SUBJECTS if getattr(control, word) is not None), "")
    name = str(getattr(control, subject)) if subject else ""
    its = (control.actor, control.reason, control.up_to, control.until)
    return Turned(control.at or at, control.switch, control.on, subject, name, *its, taken, row, control)


class Switched:
    """The switches that are on at some point of the log, with who turned them."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, str, str], Turned] = {}

    def take(self, one: Turned) -> None:
        """The next order."""
        self._on.pop(one.key, None)
        if one.on and one.switch not in MENDED:
            self._on[one.key] = one

    def holding(self, gate: str, campaign: str, channel: str, profile: str) -> Turned | None:
        """What holds a message back at that gate, kill or pause. Which channel leaves by which provider nobody noted."""
        if gate == "kill":
            return self._on.get(("kill", "", ""))
        named = [
            ("", ""),
            ("campaign", campaign),
            ("channel", channel),
            ("profile", f"u:{profile}"),
            ("profile", f"a:{profile}"),
        ]
        found = (self._on.get(("pause", *subject)) for subject in named)
        providers = (one for one in self._on.values() if (one.switch, one.subject) == ("pause", "provider"))
        return next((one for one in (*found, *providers) if one is not None), None)


def history(rows: Iterable[JournalRow], pending: Iterable[Control] = ()) -> list[Turned]:
    """All of them in their order: those of the log's rows of a whole partition, then those that nobody has taken yet."""
    found: list[Turned] = []
    for row in rows:
        given = given_of_partition(row.given)
        if isinstance(given, Control):
            found.append(turned_by(given, row.clock, row=row.seq))
        elif isinstance(given, Activation):
            found.append(Turned(row.clock, PROGRAM, on=True, name=given.program, actor=given.actor, row=row.seq))
    return [*found, *(turned_by(control, 0, taken=False) for control in pending)]


def standing(every: Sequence[Turned], now: int) -> list[Turned]:
    """The switches that are on and the approvals that last, the first turned first."""
    latest: dict[tuple[str, str, str], Turned] = {}
    for one in every:
        if one.switch not in (PROGRAM, *MENDED):
            latest.pop(one.key, None)
            latest[one.key] = one
    return [one for one in latest.values() if one.on and (one.switch != APPROVE or now < one.until)]


def shut(fact: bytes | None, now: int) -> list[Turned]:
    """Channels that an embedded engine leaves alone by itself: nobody turned that, and it ends by itself."""
    return [
        Turned(one.since, one.why, on=True, subject=CHANNEL, name=name, until=one.until)
        for name, one in open_in(fact, now).items()
    ]


def together(partitions: Sequence[Sequence[Turned]]) -> list[Turned]:
    """Those of all partitions as one list, in order of time; each says where it is missing.

    Every partition meets the same orders, each at its own time: one is known by what it says and by how often that was said.
    """
    if len(partitions) == 1:
        return list(partitions[0])
    found: dict[tuple[Turned, int], tuple[Turned, set[int]]] = {}
    for number, every in enumerate(partitions):
        said = Counter[Turned]()
        for one in every:
            what = one._replace(at=0, row=0, given=None)
            said[what] += 1
            found.setdefault((what, said[what]), (one, set()))[1].add(number)
    everywhere = set(range(len(partitions)))
    shown = [one._replace(lacking=tuple(sorted(everywhere - where))) for one, where in found.values()]
    return sorted(shown, key=lambda one: one.at)
