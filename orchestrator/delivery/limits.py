"""Bounds of permits, with their units."""

from __future__ import annotations

LEASE_MS = 700
"""How long leave to send is good for: a stopped worker's leave has run out before a kill is promised to hold."""
LAG_MS = 400
"""How far the partition's clock may be behind the wall's when leave is given; the rest of a lease is for handing over."""
RATE = 100
"""Messages a second on a channel of which nothing else is said."""
MARKETING_SHARE = 0.8
"""Of a second; the rest is kept free, so that a transactional message never stands behind a campaign."""
WINDOW_MS = 1_000
"""In which a channel's rate is counted, wherever it begins."""
SLOT_MS = 200
"""A worker's waiting messages come back in slots of this length: leases come several times a second."""
SPARE_MS = 100
"""What must be left of a lease when a message gets leave by it: the commit comes before the hand-over."""
ASK_MS = 120
"""Between two questions of a worker."""
HEARTBEAT_MS = 500
"""Between two questions of a worker that wants nothing, so that it knows whether a governor is there."""
SILENT_MS = 2_000
"""Without an answer: then there is no governor, and that is said."""
SAY_MS = 1_000
"""The longest that a governor says nothing: one that was replaced learns of it by what it says."""
SHARING_MS = 400
"""How long a worker that has asked keeps its share, until it asks again."""
