"""Bounds of the history, each with its unit."""

DAY_MS = 86_400_000
BATCH_ROWS = 4_000
"""Journal rows that one transaction of the follower takes in."""
REST_S = 1.0
"""How long a follower that has everything waits before it looks again."""
SEGMENT_ROWS = 250_000
"""Events after which a segment is written."""
STRING_CHARS = 4_096
"""Of a text in an event: only so many count for its mark."""
PROPERTIES = 64
"""Numbers, truths and texts of one event that are kept."""
DEPTH = 4
"""Objects inside one another of which these are taken."""
PAGE_MAX = 500
"""Messages on a page."""
OCTAVE = 8
"""Steps in which a doubling of a stay's length is counted: a median is told within 9 %."""
FAULT_CHARS = 80
"""Of the kind of fault that a dead letter died of."""
