"""Every bound of a profile's hot record and of one decision, with its unit."""

from __future__ import annotations

DAY_MS = 86_400_000
NUMBER_MAX = 2**53
"""Integers beyond this are not the same in every JSON reader."""
SUM_MAX_MICRO = 2**63 - 1
"""Where a sum stops growing, in millionths."""

DUPLICATES_KEPT = 256
"""Newest message ids of a profile that are still recognised."""
DUPLICATES_FOR_MS = 30 * DAY_MS
THINGS_KEPT = 4_096
"""Newest message ids of events about things that are recognised, in the whole file, for 30 days."""
ANNOUNCED_KEPT = 64
"""Broadcasts that a profile remembers, so that it hears none twice after a merge."""
STAGES_KEPT = 16
"""Stage entries in the hot record; the whole history is the journal."""
RECENT_KEPT = 64
"""Events a profile keeps for exits, goals and waits to look back at."""
RUNS_KEPT = 64
"""Runs of a profile, live or measured."""
KEYS_KEPT = 128
"""Keys of a campaign whose last entry a profile remembers."""
ANONYMOUS_IDS_KEPT = 32
LINK_HOLD_MS = 60_000
"""How long marketing waits for what an anonymous id, whose home is another partition's, has been sent."""
NUMBER_ZONES_KEPT = 65_536
"""Phone numbers whose time zones are remembered, in one process."""
SNOOZE_MAX_DAYS = 365
"""How long marketing may be snoozed."""
LINKS_KEPT = 32
"""Anonymous ids that a profile waits for; of more the oldest hold nothing any more."""
COUNTED_KEPT = 256
"""Messages that caps may count."""
JOINED_MAX = 32
"""Messages that one message joins; the next begins another."""
IN_DOUBT_KEPT = 16
"""Messages without a clear answer that a late one may still settle."""
RESENT_MAX = 1
"""How often a transactional message that nothing is heard of is sent again."""
SENT_KEPT = 16
"""Messages that have left and that a profile remembers: what providers say of older ones is journalled, and changes nothing."""
HEARD_KEPT = 12
"""What a profile has heard of one of them when it hears of no further link; a word comes once, and always counts."""
URL_CHARS = 1_000
"""Of a link that was clicked."""
DEPTH_MAX = 8
"""How many `emit` and `move_to` steps, and looks after a `set`, may follow from one input."""
STEPS_AN_INPUT = 500
"""Steps that one run may take at one instant."""
ROUNDS_AN_INPUT = 100
"""Rounds of messages that one input may plan."""
BUCKETS = 32
"""Buckets of a sliding window."""
SET_SIZE = 256
"""Elements of a `distinct` or `values` feature, and keys of an `open` one; the newest are kept."""
SLOT_SEARCH = 2_000
"""Steps of the search for an instant that caps and quiet hours both allow."""
AGAIN_MS = 3_600_000
"""When a timer or a hand-off that could not be decided is tried again."""
ANSWER_GRACE_MS = 60_000
"""After a permit has run out, how long an attempt waits for its outcome before it counts as in doubt."""
TASKS_KEPT = 32
"""Open tasks of a profile; one more is not opened."""
TASK_SHOWS_BYTES = 2_048
"""What a task shows of its event, as JSON."""
SAVED_BYTES = 4_096
"""An answer that a run keeps, as JSON."""
SAVED_DEPTH = 32
"""Objects and lists inside one another in such an answer."""
ASK_AGAIN_MS = 5_000
"""After how long a webhook without an answer is asked the second time; each wait is twice the one before."""
ALARM_PARTS = 24
"""Parts in which the span of an alarm is counted, so that it moves on smoothly."""
ALARM_PART_MS = 60_000
"""The shortest such part."""
ALARM_SPANS = 28
"""Spans before this one whose busiest says what is usual."""
ASK_AGAIN_MAX_MS = 300_000
