"""Whose turn comes when: messages that find their time full wait in a queue, and come back once."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Turns:
    """Which slot of time is whose, for one class of messages on one channel; slots are given out in order."""

    most: int
    """Turns in a slot."""
    last: int = 0
    """The latest slot given out."""
    used: int = 0
    turns: dict[str, int] = field(default_factory=dict)
    """message id → its slot, the earliest first."""

    def begin_anew(self) -> None:
        """Slots far ahead were given out for a reason that is over: the next one asked for is free."""
        self.last = self.used = 0

    def turn(self, ident: str, slot: int, most: int | None = None, weight: int = 1) -> int:
        """The slot in which this message may leave: the one it was given, else the next with room from `slot` on.

        `most` is how many there is room for, where that is fewer than usual; it takes as much of it as it weighs.
        """
        given = self.turns.pop(ident, 0)
        if given >= slot:
            return given
        while self.turns and self.turns[oldest := next(iter(self.turns))] < slot:
            del self.turns[oldest]  # it was cancelled meanwhile
        if self.last < slot:
            self.last, self.used = slot, 0
        if self.used >= min(self.most, self.most if most is None else most):
            self.last, self.used = self.last + 1, max(0, self.used - self.most)
        self.used += weight
        return self.last
