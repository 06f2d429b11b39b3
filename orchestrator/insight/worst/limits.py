"""Bounds of the search for the worst week."""

from __future__ import annotations

INPUTS = 15_000
"""Decided inputs that the search may cost: about two seconds on one core, and the same result on every machine."""
SHRINKING = 200
"""Sequences that are tried to leave something out of the one found."""
EVENTS = 24
"""Events of one sequence."""
WIDTH = 10
"""Sequences that are kept to go on from."""
EACH = 8
"""Ways on from each of them that are tried."""
ALIKE = 2
"""Of these, how many may have the same runs under way."""
REACH = 8
"""Runs under way that count for how promising a life is."""
LETTERS = 24
"""Contents that are tried of one kind of event."""
BEGINNINGS = 24
"""Customers that sequences begin with."""
NAMES = 64
"""Ids among which customers are sought that no holdout leaves out."""
HARVEST_DAYS = 8
"""How long a sequence is followed after its last event."""
