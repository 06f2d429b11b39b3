"""Numbers in one file of what several partitions count each for itself: every partition has those that leave its own rest.

Keys of profiles and rows of the journal go the same way there and back, whatever comes first, so nothing has to be remembered.
Row 0 is none; key 0, which stands for a whole partition, becomes the partition's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

FACT = "spread"
"""The name under which a file notes that its numbers are spread, and over how many partitions."""


class Own(NamedTuple):
    """A number as its partition has it."""

    partition: int
    number: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Over so many partitions."""

    partitions: int

    def key(self, partition: int, own: int) -> int:
        """The key of a partition's profile in the file."""
        return own * self.partitions + partition

    def row(self, partition: int, own: int) -> int:
        """The row of a partition's journal in the file."""
        return own * self.partitions + partition if own else 0

    def own(self, number: int) -> Own:
        """Whose key or row that is, and what it is there."""
        return Own(number % self.partitions, number // self.partitions)
