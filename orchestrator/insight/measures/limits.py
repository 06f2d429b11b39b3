"""Bounds of what is told of a measure, each with its unit."""

COHORTS = 24
"""Months of first events that a table of cohorts shows, the newest."""
COHORT_STEPS = 12
"""Times 30 days after the first event that it looks ahead."""
POINTS = 62
"""Calendar periods of a value over time, about: the finest period of which there are no more is taken."""
MEMBERS_AT_ONCE = 50_000
"""Memberships of segments that are handed to DuckDB in one piece."""
