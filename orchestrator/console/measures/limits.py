"""Bounds of the console's measures, each with its unit."""

MEMORY_MAX_BYTES = 512 * 2**20
"""What DuckDB may hold, or a quarter of the machine or container; more goes to its scratch files."""
PROCESS_MAX_BYTES = 2 * 2**30
"""What the whole process may hold, or half of the machine or container: beyond it a measure fails, and says so."""
MEASURE_MAX_S = 180
"""One measure; then its process is ended, and a new one does the next."""
LIFE_S = 120
"""A process looks at the history as it was when it began: after so long a new one begins, with what came since."""
REST_S = 15
"""So long it waits for another question."""
FRESH_MS = 60_000
"""An answer counts as new for so long, …"""
FRESH_TIMES = 20
"""… or for so many times as long as it took: at most a twentieth of a core works on measures that somebody looks at."""
ANSWERS_KEPT = 300
"""Answers that are remembered; the one that was looked at longest ago is forgotten."""
WANTED_MAX = 200
"""Questions that wait; what was asked longest ago is dropped, and asked again by whoever still looks."""
GROUPS_SHOWN = 400
"""Groups of one measure that a page and its download have."""
