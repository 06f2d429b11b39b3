"""A second implementation of the journey semantics, written from the specification alone: the oracle of the first.

It is slow and plain on purpose: dictionaries, every event kept, everything computed anew. It imports nothing of the engine.
`CHOICES.md` lists where the text left it a choice.
"""

from tests.conformance.reference.engine import replay
from tests.conformance.reference.reading import read_lines
from tests.conformance.reference.workspace import load

__all__ = ["load", "read_lines", "replay"]
