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
COUNTED_KEPT = 10_000
"""SMS under way, the newest, of which it is known for how many segments they were counted."""
BUCKETS_A_WINDOW = 24
"""Parts of an approval's window that are counted apart."""
BUCKET_MIN_MS = 60_000
"""The shortest such part."""
HELD_MS = 3_600_000
"""When a message asks again that a canary has stopped for good, until somebody lets it go on."""
HEARD_KEPT = 256
"""Workers, the newest, of which a campaign's account knows of how many that went badly they have told."""
BACK_MS = 3_000
"""How long leave that a worker has may still be given back: until then an account that is full may have room again."""
SHUT_MS = 1_000
"""The shortest that a worker waits before it asks again for a campaign that has no room."""
TRIED_MS = 60_000
"""In which a breaker looks at what became of attempts."""
TRIED_KEPT = 200
"""Attempts of that time that it looks at, the newest."""
FAILURES_MIN = 10
"""Attempts before a share of them says anything."""
FAILURES_SHARE = 0.5
"""Of them in doubt or unreachable: then the provider fails."""
OPEN_MS = 5_000
"""How long a breaker is open at first; each time that its probe fails twice as long."""
OPEN_SETTINGS_MS = 60_000
"""The same where the provider refuses our settings: only people mend that."""
OPEN_MAX_MS = 300_000
PROBE_MS = 30_000
"""How long a probe may take: longer than any channel's timeouts."""
WINDOW_MS = 1_000
"""In which a channel's rate is counted, wherever it begins."""
SLOT_MS = 200
"""A worker's waiting messages come back in slots of this length: leases come several times a second."""
LATE_A_SLOT = 100
"""Turns in a slot for messages that came too late for leave: more at once than a slow worker can ask for would be late again,
and again."""
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
ASKED_AGAIN = 1_000
"""Customers whose doubts are looked for again at a start, the newest."""
DEPARTURES_BYTES = 16_777_216
"""Of notes in one file, of two: half a million messages. More than leave until the attempts of the first are in doubt."""
UNSUBSCRIBE_CHARS = 950
"""Of `List-Unsubscribe` with its mailbox, whose subject repeats the link: a line of 998 bytes is the longest that there is."""
